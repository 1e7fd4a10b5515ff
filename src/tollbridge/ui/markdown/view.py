"""An answer on the page: Markdown that is shown while it comes.

What a model writes is not trusted. It becomes text and a fixed set of elements; the only attributes
that it has a say in are a checked address, the number that a list begins with, and a language.
"""

from tollbridge.ui import dom
from tollbridge.ui.markdown import blocks
from tollbridge.ui.markdown.code_block import CodeBlock
from tollbridge.ui.markdown.prose import Prose
from tollbridge.ui.markdown.table import Table
from tollbridge.ui.tasks import Tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from tollbridge.ui.markdown.blocks import Block

    class BlockView(Protocol):
        """A block on the page.

        Attributes:
            node: Its element.
        """

        node: Any

        def show(self, block: Block) -> None:
            """Make it say what `block` says now, and write nothing else."""

        def close(self) -> None:
            """Let go of what listens inside."""


# So much is read in one go, and so long a frame goes on doing so: a hostile text of some hundred
# thousand blocks then costs many short frames and not one that holds the page for a minute.
PART_CHARS = 1_500
FRAME_MS = 10

# A page has its own headings above the answer, so an answer's begin at the third level.
_HEADING_TAGS = ("h3", "h4", "h5", "h6", "h6", "h6")


class MarkdownView:
    """Shows a text in Markdown inside a node, while the text grows.

    Only what changes is written: a block that is complete is never touched again, and of the one
    that grows only its end. The page is the same however the text was cut on its way.
    """

    def __init__(
        self,
        node: "Any",
        *,
        tasks: "Tasks | None" = None,
        grew: "Callable[[], None] | None" = None,
    ) -> None:
        """Take an empty node.

        Args:
            node: Its content is this view's alone.
            tasks: Runs the copying.
            grew: Called after a frame has shown more. With it, what takes longer than `FRAME_MS`
                is spread over the frames that follow; without it all is shown at once.
        """
        self._node = node
        self._grew = grew
        self._ends = False  # the text is whole; what waits of it is shown frame by frame
        self._is_due = False
        self._is_closed = False
        self._tasks = tasks or Tasks()
        self._codes: list[CodeBlock] = []
        self._came: list[str] = []
        self._waiting: list[str] = []
        self._is_finished = False
        self._begin()

    @property
    def text(self) -> str:
        """The whole text so far, as it was written."""
        return "".join(self._came)

    def add(self, text: str) -> None:
        """Take the next words; `flush` shows them."""
        for start in range(0, len(text), PART_CHARS):
            part = text[start : start + PART_CHARS]
            self._came.append(part)
            self._waiting.append(part)

    def flush(self) -> None:
        """Show what was added; nothing happens if nothing was.

        Of the line that is still coming, what cannot be told yet is not shown: a fence without its
        end, a number that may begin a list.
        """
        if self._waiting and not self._is_due:
            self._show_more()

    def finish(self) -> None:
        """Show everything as it is at the end of the text. Calling it twice is harmless.

        If something is added after all, the text is shown anew, once.
        """
        self._ends = True
        if not self._is_due:
            self._show_more()

    def _show_more(self) -> None:
        """Show as much as a frame has time for, and the rest in the next ones."""
        if self._waiting and self._is_finished:
            self._begin()
            self._waiting = self._came[:]
        began_ms = dom.now_ms() if self._grew else 0.0
        while self._waiting:
            self._read()
            self._blocks.glimpse(self._line)
            self._page.show(self._blocks.document)
            if self._grew is not None and dom.now_ms() - began_ms > FRAME_MS:
                break
        if self._waiting:
            self._is_due = True
            dom.next_frame(self._next_frame)
        elif self._ends:
            self._end()

    def _next_frame(self) -> None:
        self._is_due = False
        if not self._is_closed and self._grew is not None:
            self._show_more()
            self._grew()

    def _end(self) -> None:
        self._ends = False
        if not self._is_finished:
            self._is_finished = True
            if self._line:
                self._blocks.add_line(self._line)
            self._blocks.close()
            self._page.show(self._blocks.document)

    def set(self, text: str) -> None:
        """Show another text, a whole one."""
        self._begin()
        self._came = []
        self._waiting = []
        self.add(text)
        self.finish()

    def close(self) -> None:
        """Let go of every button. What is on the page stays, and the view is used no more."""
        self._is_closed = True
        for code in self._codes:
            code.close()

    def _begin(self) -> None:
        for code in self._codes:
            code.close()
        self._codes = []
        dom.clear(self._node)
        self._blocks = blocks.Blocks()
        self._page = _Container(self._node, self._made)
        self._line = ""  # the one that is still coming
        self._is_finished = False

    def _read(self) -> None:
        """Read the next part of what waits."""
        count, chars = 0, 0
        while count < len(self._waiting) and (self._grew is None or chars < PART_CHARS):
            chars += len(self._waiting[count])
            count += 1
        lines = (self._line + "".join(self._waiting[:count])).split("\n")
        del self._waiting[:count]
        for line in lines[:-1]:
            self._blocks.add_line(line)
        self._line = lines[-1]

    def _made(self, block: "Block") -> "BlockView":
        """Make the view of a block, which shows nothing yet."""
        if block.kind == blocks.CODE:
            code = CodeBlock(block, tasks=self._tasks)
            self._codes.append(code)
            return code
        if block.kind == blocks.TABLE:
            return Table(block)
        if block.kind == blocks.RULE:
            return _Rule()
        if block.kind == blocks.PARAGRAPH:
            return _Words("p")
        if block.kind == blocks.HEADING:
            return _Words(_HEADING_TAGS[int(block.detail) - 1])
        return _Container(_container_node(block), self._made)


def _container_node(block: "Block") -> "Any":
    if block.kind == blocks.LIST:
        node = dom.create("ol" if block.detail else "ul")
        if block.detail not in ("", "1"):
            dom.set_attribute(node, "start", block.detail)
    else:
        node = dom.create({blocks.QUOTE: "blockquote", blocks.ITEM: "li"}[block.kind])
    if block.kind != blocks.ITEM:
        dom.set_attribute(node, "dir", "auto")
    return node


class _Container:
    """A block that holds blocks. Those that are complete are forgotten, the page has them."""

    def __init__(self, node: "Any", made: "Callable[[Block], BlockView]") -> None:
        self.node = node
        self._made = made
        self._settled = 0  # children that are complete
        self._live: list[
            tuple[str, str, BlockView]
        ] = []  # the views of the others, with their kinds

    def show(self, block: "Block") -> None:
        children = block.children
        place = 0
        for child in children[self._settled :]:
            assert child is not None
            if place == len(self._live) or self._live[place][:2] != (child.kind, child.detail):
                self._drop(place)
                view = self._made(child)
                dom.append(self.node, view.node)
                self._live.append((child.kind, child.detail, view))
            self._live[place][2].show(child)
            place += 1
        self._drop(place)
        while self._settled < len(children):
            child = children[self._settled]
            if child is None or not child.is_closed:
                break
            children[self._settled] = None
            self._settled += 1
            del self._live[0]

    def close(self) -> None:
        self._drop(0)

    def _drop(self, place: int) -> None:
        """Take the views from `place` on off the page."""
        for _, _, view in self._live[place:]:
            view.close()
            dom.remove(view.node)
        del self._live[place:]


class _Words:
    """A paragraph or a heading."""

    def __init__(self, tag: str) -> None:
        self.node: Any = dom.create(tag)
        dom.set_attribute(self.node, "dir", "auto")
        self._prose = Prose(self.node)

    def show(self, block: "Block") -> None:
        self._prose.show(block.pieces, whole=block.is_closed)

    def close(self) -> None:
        pass


class _Rule:
    """A line across."""

    def __init__(self) -> None:
        self.node: Any = dom.create("hr")

    def show(self, block: "Block") -> None:
        pass

    def close(self) -> None:
        pass
