"""A gateway under torture, and the proof that its credits came out right."""

from tollbridge.gateway.torture.options import Options
from tollbridge.gateway.torture.report import Report
from tollbridge.gateway.torture.run import torture

__all__ = ["Options", "Report", "torture"]
