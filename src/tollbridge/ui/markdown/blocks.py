"""The blocks of a text, line by line while it grows. Pure.

`Blocks` is told complete lines, which stand for ever, and the beginning of the one that is still
coming, which is read as if it were complete and taken back before more is said. So the blocks are
the same however the text was cut on its way.
"""

from tollbridge.ui.markdown import lines

# How deep blocks are nested; an item of a list counts twice. More marks are text.
DEPTH_MAX = 12

DOCUMENT = "document"
QUOTE = "quote"
LIST = "list"
ITEM = "item"
PARAGRAPH = "paragraph"
HEADING = "heading"
CODE = "code"
RULE = "rule"
TABLE = "table"


class Block:
    """A block of the text.

    Attributes:
        kind: One of the words above.
        detail: Of a list its first number as text, "" without numbers; of a heading its level; of
            a code block its language; of a table how its columns are aligned, in words.
        children: The blocks inside, in order. Whoever has no more use for one that is closed may
            put None in its place.
        pieces: The lines of its own text. Of a table each row, the head first.
        is_closed: Whether nothing will change in it any more.
        mark: Of a list what its items begin with; of a code block what opened it.
        needs: Of an item, how far a line is moved in that belongs to it, in columns.
        width: Of an item, how far its own text is moved in.
    """

    __slots__ = ("children", "detail", "is_closed", "kind", "mark", "needs", "pieces", "width")

    def __init__(self, kind: str, detail: str = "", *, mark: str = "") -> None:
        """Begin a block."""
        self.kind = kind
        self.detail = detail
        self.mark = mark
        self.needs = self.width = 0
        self.children: list[Block | None] = []
        self.pieces: list[str] = []
        self.is_closed = False


class Blocks:
    """Reads a text into blocks.

    Attributes:
        document: The block that holds all others.
    """

    def __init__(self) -> None:
        """Start with no text."""
        self.document = Block(DOCUMENT)
        self._open = [self.document]  # from the outermost to the innermost
        self._leaf: Block | None = None  # what the next line may go on with
        self._before: list[tuple[Block, int, int]] = []
        self._open_before: list[Block] = []
        self._leaf_before: Block | None = None
        self._is_glimpse = False

    def add_line(self, line: str) -> None:
        """Take the next line, without its newline."""
        self._take_back()
        self._add(line.rstrip("\r"))

    def glimpse(self, line: str) -> None:
        """Take the beginning of the next line, in place of what was glimpsed before; "" for none.

        No block is closed by it, and none becomes another one.
        """
        self._take_back()
        line = line.rstrip("\r")
        if not line or lines.is_undecided(line):
            return
        self._is_glimpse = True
        self._open_before = self._open[:]
        self._leaf_before = self._leaf
        watched = self._open + ([self._leaf] if self._leaf else [])
        self._before = [(block, len(block.children), len(block.pieces)) for block in watched]
        self._add(line)

    def close(self) -> None:
        """End the text; every block is closed."""
        self._take_back()
        self._leave(1)
        self.document.is_closed = True

    def _take_back(self) -> None:
        if not self._is_glimpse:
            return
        self._is_glimpse = False
        for block, children, pieces in self._before:
            del block.children[children:]
            del block.pieces[pieces:]
        self._open = self._open_before
        self._leaf = self._leaf_before

    def _add(self, line: str) -> None:
        depth, rest = self._still_open(line)
        if self._leaf is not None and self._leaf.kind == CODE:
            if depth == len(self._open):
                self._add_code(self._leaf, rest)
                return
            self._leave(depth)
        while not lines.is_blank(rest):
            bare = rest.lstrip(" \t")
            item = lines.item(bare)
            if bare[0] == ">" and depth < DEPTH_MAX:
                self._enter(depth, Block(QUOTE))
                depth, rest = len(self._open), lines.moved_out(bare[1:], 1)
            elif self._begin_leaf(depth, rest, bare):
                return
            elif item is not None and self._may_begin_item(depth, bare, item):
                rest = self._begin_item(depth, rest, bare, item)
                depth = len(self._open)
            else:
                self._add_text(depth, rest)
                return
        # Nothing is left of it: an item or a quote whose text is yet to come, or a blank line.
        self._leave(depth)

    def _still_open(self, line: str) -> tuple[int, str]:
        """How many of the open blocks the line stands in, and what is left of it inside them."""
        depth = 1
        while depth < len(self._open):
            block = self._open[depth]
            if block.kind == QUOTE:
                bare = line.lstrip(" \t")
                if bare[:1] != ">":
                    break
                line = lines.moved_out(bare[1:], 1)
            elif block.kind == ITEM and not lines.is_blank(line):
                if lines.columns_of(line) < block.needs:
                    break
                line = lines.moved_out(line, block.width)
            depth += 1
        return depth, line

    def _leave(self, depth: int) -> None:
        """Close every open block but the outermost `depth` ones."""
        left = self._open[depth:] + ([self._leaf] if self._leaf else [])
        if not self._is_glimpse:
            for block in left:
                block.is_closed = True
        self._open = self._open[:depth]
        self._leaf = None

    def _put(self, depth: int, block: Block) -> None:
        """Put a new block into the open block at `depth`, whose others are left."""
        self._leave(depth)
        if self._open[-1].kind == LIST and block.kind != ITEM:
            self._leave(depth - 1)
        self._open[-1].children.append(block)

    def _enter(self, depth: int, block: Block) -> None:
        self._put(depth, block)
        self._open = self._open + [block]

    def _begin_leaf(self, depth: int, rest: str, bare: str) -> bool:
        """Begin a heading, a rule or a code block, if this line is one."""
        heading = lines.heading(bare)
        fence = lines.fence(bare)
        if heading is not None:
            block = Block(HEADING, str(heading[0]))
            block.pieces.append(heading[1])
        elif lines.is_rule(bare):
            block = Block(RULE)
        elif fence is not None:
            block = Block(CODE, fence[1], mark=fence[0])
            block.width = lines.columns_of(rest)
        else:
            return False
        self._put(depth, block)
        if fence is not None:
            self._leaf = block
        elif not self._is_glimpse:
            block.is_closed = True
        return True

    def _may_begin_item(self, depth: int, bare: str, item: tuple[str, int, int]) -> bool:
        is_in_list = self._open[depth - 1].kind == LIST
        if depth + 2 - is_in_list > DEPTH_MAX:
            return False
        if self._leaf is None or self._leaf.kind != PARAGRAPH or is_in_list:
            return True
        # Inside a paragraph a number at the beginning of a line is rarely an item's.
        return item[1] in (-1, 1) and not lines.is_blank(bare[item[2] :])

    def _begin_item(self, depth: int, rest: str, bare: str, item: tuple[str, int, int]) -> str:
        """Begin an item, in a list of its own if need be; returns its first line."""
        mark, number, width = item
        parent = self._open[depth - 1]
        if parent.kind != LIST or parent.mark != mark:
            self._enter(depth, Block(LIST, "" if number < 0 else str(number), mark=mark))
            depth = len(self._open)
        block = Block(ITEM)
        after = bare[width:]
        padding = lines.columns_of(after)
        if not 1 <= padding <= lines.TAB or lines.is_blank(after):
            padding = 1
        moved_in = lines.columns_of(rest)
        block.width = moved_in + width + padding
        block.needs = moved_in + 2  # as `-` needs; models seldom move more in below a number
        self._enter(depth, block)
        return lines.task(lines.moved_out(after, padding))

    def _add_code(self, code: Block, line: str) -> None:
        if lines.closes_fence(line, code.mark):
            self._leave(len(self._open))
        else:
            code.pieces.append(lines.moved_out(line, code.width))

    def _add_text(self, depth: int, line: str) -> None:
        leaf = self._leaf
        is_inside = depth == len(self._open)
        if leaf is not None and leaf.kind == PARAGRAPH:
            # It may go on without the marks of the blocks around it.
            if not (is_inside and not self._is_glimpse and self._becomes_table(leaf, line)):
                leaf.pieces.append(line.lstrip(" \t"))
            return
        if leaf is not None and leaf.kind == TABLE and is_inside and "|" in line:
            leaf.pieces.append(line)
            return
        block = Block(PARAGRAPH)
        block.pieces.append(line.lstrip(" \t"))
        self._put(depth, block)
        self._leaf = block

    def _becomes_table(self, paragraph: Block, line: str) -> bool:
        """Make the last line of a paragraph the head of a table, if `line` stands under one."""
        aligned = lines.alignments(line)
        head = paragraph.pieces[-1]
        if aligned is None or "|" not in head or len(lines.cells(head)) != len(aligned):
            return False
        paragraph.pieces.pop()
        if not paragraph.pieces:
            self._open[-1].children.pop()
        table = Block(TABLE, " ".join(aligned))
        table.pieces.append(head)
        self._put(len(self._open), table)
        self._leaf = table
        return True
