"""Other people's SDKs over ours. Each function imports what it is for when it is called."""

from tollbridge.adapters.options import anthropic_options, openai_options
from tollbridge.adapters.synchronous import requests_session, urllib_opener

__all__ = ["anthropic_options", "openai_options", "requests_session", "urllib_opener"]
