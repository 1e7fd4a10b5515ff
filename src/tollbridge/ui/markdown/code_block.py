"""A block of code on the page: its language, a button that copies it, and a box that scrolls."""

import asyncio

from tollbridge.ui import dom
from tollbridge.ui.markdown.reading import Growth
from tollbridge.ui.strings.prose import CODE, COPIED, COPY_BY_HAND, COPY_CODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.ui.markdown.blocks import Block
    from tollbridge.ui.tasks import Tasks

# For how long the button says that it has copied.
COPIED_S = 2


class CodeBlock:
    """Shows a block of code, which grows line by line.

    Attributes:
        node: What holds it.
    """

    def __init__(self, block: "Block", *, tasks: "Tasks") -> None:
        """Make the nodes, still without code. `tasks` runs the copying."""
        self._block = block
        self._tasks = tasks
        self._growth = Growth()
        language = block.detail
        self.node: Any = dom.create("div", "code-block")
        head = dom.add(self.node, "div", "code-head")
        dom.add(head, "span", "code-language", language or CODE)
        self._button = dom.add(head, "button", "button quiet small", COPY_CODE)
        dom.set_attribute(self._button, "type", "button")
        box = dom.add(self.node, "pre", "code-box")
        dom.set_attribute(box, "tabindex", "0")  # or no keyboard could scroll it
        dom.set_attribute(box, "role", "group")
        dom.set_attribute(box, "aria-label", language or CODE)
        dom.set_attribute(box, "dir", "ltr")
        self._code = dom.add(box, "code", f"language-{language}" if language else "")
        self._text = self._new_text()
        self._undo = dom.on_press(self._button, lambda: tasks.start(self._copy()))

    def show(self, block: "Block") -> None:
        """Make it say what `block` says now."""
        self._block = block
        added = self._growth.take(block.pieces)
        if added is None:
            dom.clear(self._code)
            self._text = self._new_text()
            added = self._growth.take(block.pieces)
        if added:
            dom.extend(self._text, added)

    def close(self) -> None:
        """Let go of the button. Calling it twice is harmless."""
        self._undo()

    def _new_text(self) -> "Any":
        text = dom.create_text("")
        dom.append(self._code, text)
        return text

    async def _copy(self) -> None:
        copied = await dom.copy_text("\n".join(self._block.pieces), self._code)
        dom.set_text(self._button, COPIED if copied else COPY_BY_HAND)
        await asyncio.sleep(COPIED_S)
        dom.set_text(self._button, COPY_CODE)
