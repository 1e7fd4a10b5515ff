"""The bar's menu and the page's keys: a new conversation, export, shortcuts, what it has cost."""

from tollbridge.ui import dom
from tollbridge.ui.export import to_json, to_markdown
from tollbridge.ui.strings.chat import spent_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.ui.chat import Chat
    from tollbridge.ui.transcript import Transcript

# Buttons that ask what they say.
SUGGESTIONS = ("suggestion-1", "suggestion-2", "suggestion-3")


class Menu:
    """Joins the buttons around a chat, and the keys that work anywhere, to it."""

    def __init__(self, chat: "Chat") -> None:
        """Listen to the painted buttons."""
        self._chat = chat
        self._menu = dom.by_id("menu")
        self._sheet = dom.by_id("shortcuts")
        self._spent = dom.by_id("spent")
        self._undo = [
            dom.on_press(dom.by_id("new"), chat.clear),
            dom.on_press(dom.by_id("export-markdown"), self._export_markdown),
            dom.on_press(dom.by_id("export-json"), self._export_json),
            dom.on_press(dom.by_id("keys"), self._open_sheet),
            dom.on_press(dom.part(self._sheet, "close"), self._close_sheet),
            dom.on_dismiss(self._sheet, self._close_sheet),
            dom.on_press(dom.by_id("more"), self._show_spent),
            dom.on_page_sign("/", chat.composer.focus),
            dom.on_page_sign("?", self._open_sheet),
        ]
        for name in SUGGESTIONS:
            self._undo.append(self._follow(dom.by_id(name)))

    def close(self) -> None:
        """Let go of the page."""
        self._close_sheet()
        for off in self._undo:
            off()

    def _follow(self, button: "Any") -> "Callable[[], None]":
        return dom.on_press(button, lambda: self._chat.send(dom.text_of(button)))

    def _export_markdown(self) -> None:
        self._export(to_markdown, "conversation.md", "text/markdown")

    def _export_json(self) -> None:
        self._export(to_json, "conversation.json", "application/json")

    def _export(self, write: "Callable[[Transcript], str]", name: str, media_type: str) -> None:
        dom.hide_menu(self._menu)
        dom.download(write(self._chat.conversation.transcript), name=name, media_type=media_type)

    def _open_sheet(self) -> None:
        dom.hide_menu(self._menu)
        if not dom.has_modal():
            dom.open_modal(self._sheet)
            dom.focus(dom.by_id("shortcuts-title"))

    def _close_sheet(self) -> None:
        dom.close_modal(self._sheet)

    def _show_spent(self) -> None:
        spent = self._chat.conversation.transcript.spent
        dom.set_text(self._spent, spent_text(spent))
        dom.show(self._spent)
