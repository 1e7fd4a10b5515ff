"""Emphasis: which runs of `*`, `_` and `~~` open, which close, and what they hold. Pure.

The rules are CommonMark's, so `2 * 3` and `snake_case` stay as they are, with two bounds of ours:
an opener is forgotten after `REACH` characters, and when `OPEN_MAX` newer ones are open. So what
stands further back can never change again, however long the paragraph grows, and nothing nests
deeper than the smallest interpreter can follow.
"""

from tollbridge.ui.markdown.entities import is_punctuation

TYPE_CHECKING = False
if TYPE_CHECKING:
    # A text, or (kind, what is inside, an address or "").
    Inline = str | tuple[str, tuple["Inline", ...], str]

REACH = 1500  # characters between an opener and what closes it
OPEN_MAX = 8
RUN_MAX = 3  # a longer run is text

_BLANKS = " \t\n\u00a0\u2002\u2003\u2009\u202f\u3000"
_QUOTES = "“”\u2018\u2019«»\u2039\u203a\u2013—…¿¡"


class Delimiter:
    """A run of one of the letters `*_~` that may open or close emphasis.

    Attributes:
        letter: The letter that it is made of.
        length: How many of them.
        at: Where it begins, in characters.
        opens: Whether it can open.
        closes: Whether it can close.
    """

    __slots__ = ("at", "closes", "length", "letter", "opens")

    def __init__(self, letter: str, length: int, at: int, before: str, after: str) -> None:
        """Judge a run between the characters `before` and `after`; "" at an end of the text."""
        self.letter = letter
        self.length = length
        self.at = at
        blank_after = after == "" or after in _BLANKS
        blank_before = before == "" or before in _BLANKS
        mark_after = is_punctuation(after) or (after != "" and after in _QUOTES)
        mark_before = is_punctuation(before) or (before != "" and before in _QUOTES)
        left = not blank_after and (not mark_after or blank_before or mark_before)
        right = not blank_before and (not mark_before or blank_after or mark_after)
        self.opens = left
        self.closes = right
        if letter == "_":
            self.opens = left and (not right or mark_before)
            self.closes = right and (not left or mark_after)
        if length > RUN_MAX or (letter == "~" and length != 2):
            self.opens = self.closes = False

    def matches(self, closer: "Delimiter") -> bool:
        """Return whether `closer` closes what this opened."""
        if self.letter != closer.letter or closer.at - self.at > REACH:
            return False
        if (self.closes or closer.opens) and (self.length + closer.length) % 3 == 0:
            return self.length % 3 == 0 and closer.length % 3 == 0
        return True


class _Open:
    """An opener, how much of it is left, and what followed it so far.

    The other part of it may have closed something; then `since` is where that began.
    """

    __slots__ = ("delimiter", "inside", "left", "since")

    def __init__(self, delimiter: Delimiter, left: int, since: int) -> None:
        self.delimiter = delimiter
        self.left = left
        self.since = since
        self.inside: list[Inline] = []

    def as_text(self) -> "list[Inline]":
        """What it is if nothing ever closes it."""
        opener: list[Inline] = [self.delimiter.letter * self.left]
        return opener + self.inside


def resolve(parts: "list[Inline | Delimiter]", end: int = 0) -> "tuple[list[Inline], int]":
    """Find the emphasis in `parts`.

    Returns:
        What they are, neighbouring texts joined, and where that begins which something from `end`
        on could still change: at the first opener that it may close. `end` where there is none.
    """
    done: list[Inline] = []
    opened: list[_Open] = []
    for part in parts:
        inside = opened[-1].inside if opened else done
        if not isinstance(part, Delimiter):
            inside.append(part)
            continue
        left, since = _close(part, opened, done)
        if left and part.opens:
            opened.append(_Open(part, left, since))
            if len(opened) > OPEN_MAX:
                oldest = opened.pop(0)
                done.extend(oldest.as_text())
        elif left:
            inside = opened[-1].inside if opened else done
            inside.append(part.letter * left)
    first = end
    for entry in opened:
        done.extend(entry.as_text())
        if first == end and end - entry.delimiter.at <= REACH:
            first = entry.since
    return joined(done), first


def joined(nodes: "list[Inline]") -> "list[Inline]":
    """Return `nodes` with neighbouring texts as one, and without empty ones."""
    whole: list[Inline] = []
    texts: list[str] = []
    for node in nodes:
        if isinstance(node, str):
            texts.append(node)
            continue
        text = "".join(texts)
        texts = []
        if text:
            whole.append(text)
        whole.append(node)
    text = "".join(texts)
    if text:
        whole.append(text)
    return whole


def _close(closer: Delimiter, opened: list[_Open], done: "list[Inline]") -> tuple[int, int]:
    """Close what `closer` can; returns how much of it is left, and where what it closed began."""
    left, since = closer.length, closer.at
    while left and closer.closes:
        index = len(opened) - 1
        while index >= 0 and not opened[index].delimiter.matches(closer):
            index -= 1
        if index < 0:
            break
        entry = opened[index]
        since = entry.since
        for between in opened[index + 1 :]:
            entry.inside.extend(between.as_text())
        del opened[index + 1 :]
        used = 2 if left >= 2 and entry.left >= 2 else 1
        kind = "del" if closer.letter == "~" else ("em", "strong")[used - 1]
        entry.inside = [(kind, tuple(joined(entry.inside)), "")]
        entry.left -= used
        left -= used
        if not entry.left:
            opened.pop()
            (opened[-1].inside if opened else done).extend(entry.inside)
    return left, since
