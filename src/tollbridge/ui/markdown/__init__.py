"""Markdown as nodes while it streams."""

from tollbridge.ui.markdown.view import MarkdownView

__all__ = ["MarkdownView"]
