"""A conversation in a panel on somebody else's page: less than the chat, and as many as wanted."""

from tollbridge.ui.panel.panel import Panel
from tollbridge.ui.panel.settings import Settings

__all__ = ["Panel", "Settings"]
