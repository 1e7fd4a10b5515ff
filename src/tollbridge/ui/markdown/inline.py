"""The text of one block: code, links, emphasis. Pure.

It is read while it grows. A `Reading` says up to where nothing that follows can change anything
more; who reads on begins there, so a text is never read from its beginning again. What is not yet
certain is shown as what it most likely is: a run of stars at the very end waits, and so does the
address of a link whose end has not come.
"""

from tollbridge.ui.markdown.addresses import ADDRESS_MAX, HTTPS, safe_address
from tollbridge.ui.markdown.emphasis import REACH, RUN_MAX, Delimiter, resolve
from tollbridge.ui.markdown.entities import ENTITY_MAX, character, is_punctuation
from tollbridge.ui.markdown.links import (
    UNDECIDED,
    angle_address,
    link_target,
    plain_text,
    url_end,
    without_links,
)
from tollbridge.ui.markdown.reading import Reading
from tollbridge.ui.markdown.ticks import TICKS_MAX, Ticks, code_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.ui.markdown.emphasis import Inline

# How much is read at once: enough for the longest link inside the longest emphasis, so that each
# reading gets somewhere, and little enough that looking things up in it costs next to nothing.
PIECE_MAX = 8192

_OPEN_MAX = 8  # open brackets; older ones are forgotten, as `REACH` forgets them


def read(text: str, *, before: str = "", whole: bool = True) -> Reading:
    """Read a piece of a block's text, lines separated by newlines.

    Args:
        text: The text from where the last reading was stable; at most `PIECE_MAX` characters, and
            as many as that unless it is all there is.
        before: What the last reading said, "" at the beginning of the block.
        whole: Whether nothing will follow, so that everything is certain.
    """
    return _Reader(text, before, whole).read()


class _Bracket:
    """A `[` or `![` that may begin a link."""

    __slots__ = ("at", "index", "is_active", "is_image")

    def __init__(self, at: int, index: int, is_image: bool) -> None:
        self.at = at
        self.index = index
        self.is_image = is_image
        self.is_active = True


class _Reader:
    """Goes over a text once, from left to right. Each step returns where the next one begins."""

    def __init__(self, text: str, before: str, whole: bool) -> None:
        self._text = text
        self._letters = list(text)  # in MicroPython a string is slow to index
        self._size = len(self._letters)
        self._before = before
        self._whole = whole
        self._parts: list[Inline | Delimiter] = []
        self._starts: list[int] = []  # where each part begins
        self._brackets: list[_Bracket] = []
        self._escapes: set[int] = set()  # where they end
        self._doubt = self._size  # from here on, what follows may change everything
        self._shown = self._size  # from here on nothing is shown yet
        self._ticks: Ticks | None = None
        self._next_url = self._find_url(0)

    def read(self) -> Reading:
        """Read it all."""
        at = 0
        while at < self._shown:
            if self._next_url < at:
                self._next_url = self._find_url(at)
            if at == self._next_url:
                at = self._url(at)
            else:
                at = _STEPS.get(self._letters[at], _Reader._plain)(self, at)
        if self._whole:
            return Reading(resolve(self._parts)[0], self._size, "", [])
        doubt = min(self._doubt, self._shown)
        for bracket in self._brackets:
            if bracket.is_active and self._size - bracket.at <= REACH:
                doubt = min(doubt, bracket.at)
        stable = resolve(self._parts[: self._part_at(doubt)], doubt)[1]
        cut = self._part_at(stable)
        before = self._letter_before(stable)
        if stable in self._escapes:
            before = "."  # any mark will do that opens nothing
        settled = resolve(self._parts[:cut])[0]
        return Reading(settled, stable, before, resolve(self._parts[cut:])[0])

    def _find_url(self, at: int) -> int:
        found = self._text.find(HTTPS, at)
        return self._size if found < 0 else found

    def _part_at(self, at: int) -> int:
        """Which part begins at `at`, where a part does begin or the last one ends."""
        index = len(self._starts)
        while index and self._starts[index - 1] >= at:
            index -= 1
        return index

    def _letter_before(self, at: int) -> str:
        return self._letters[at - 1] if at else self._before

    def _add(self, part: "Inline | Delimiter", at: int, end: int) -> int:
        self._parts.append(part)
        self._starts.append(at)
        return end

    def _doubts(self, at: int) -> None:
        self._doubt = min(self._doubt, at)

    def _hide(self, at: int) -> int:
        """Show nothing from here on: what it is depends on what follows. Ends the reading."""
        self._shown = at
        return at

    def _plain(self, at: int) -> int:
        letters, size, url = self._letters, self._size, self._next_url
        end = at + 1
        while end < size and end != url and letters[end] not in _STEPS:
            end += 1
        if end == size and not self._whole:
            text = self._text[max(at, end - len(HTTPS)) : end]
            for length in range(len(text), 0, -1):
                # Two blanks may become a hard break, and the beginning of an address one.
                if text[-length:] in ("  ", " ", HTTPS[:length]):
                    self._doubts(end - length)
                    if at < end - length:
                        at = self._add(self._text[at : end - length], at, end - length)
                    break
        return self._add(self._text[at:end], at, end)

    def _run(self, at: int) -> int:
        letter = self._letters[at]
        end = self._end_of_run(at)
        before = self._letter_before(at)
        if (at == 0 and before == letter) or end - at > RUN_MAX:
            return self._add(self._text[at:end], at, end)
        if end == self._size and not self._whole:
            return self._hide(at)
        after = self._letters[end] if end < self._size else ""
        return self._add(Delimiter(letter, end - at, at, before, after), at, end)

    def _end_of_run(self, at: int) -> int:
        end = at + 1
        while end < self._size and self._letters[end] == self._letters[at]:
            end += 1
        return end

    def _code(self, at: int) -> int:
        start = self._end_of_run(at)
        length = start - at
        if length > TICKS_MAX or (at == 0 and self._before == "`"):
            return self._add(self._text[at:start], at, start)
        if start == self._size and not self._whole:
            return self._hide(at)
        self._ticks = self._ticks or Ticks(self._text)
        close = self._ticks.next_run(length, start)
        is_over = close >= 0 and (self._whole or close + length < self._size)
        if is_over and close - at <= REACH:
            code = code_in(self._text[start:close])
            return self._add(("code", (code,), ""), at, close + length)
        if not self._whole and self._size - at <= REACH + TICKS_MAX + 1:
            self._doubts(at)
        return self._add(self._text[at:start], at, start)

    def _open(self, at: int, is_image: bool = False) -> int:
        self._brackets.append(_Bracket(at, len(self._parts), is_image))
        if len(self._brackets) > _OPEN_MAX:
            self._forget(0, at)
        end = at + 1 + is_image
        return self._add(self._text[at:end], at, end)

    def _forget(self, index: int, at: int) -> _Bracket:
        """Take a bracket off the list. If that is in doubt, so is everything from it on."""
        bracket = self._brackets.pop(index)
        if self._doubt < self._size and at - bracket.at <= REACH:
            self._doubts(bracket.at)
        return bracket

    def _close(self, at: int) -> int:
        as_text = "]", at, at + 1
        if not self._brackets:
            return self._add(*as_text)
        bracket = self._forget(-1, at)
        if not bracket.is_active or at - bracket.at > REACH:
            return self._add(*as_text)
        if at + 1 == self._size and not self._whole:
            self._doubts(bracket.at)
        if self._text[at + 1 : at + 2] != "(":
            return self._add(*as_text)
        address, end = link_target(self._text, self._letters, at + 2, self._whole)
        if address == UNDECIDED:
            self._doubts(bracket.at)
            self._parts[bracket.index] = ""
            return self._hide(at)
        if not address:
            return self._add(*as_text)
        inside = resolve(self._parts[bracket.index + 1 :])[0]
        del self._parts[bracket.index :]
        del self._starts[bracket.index :]
        if bracket.is_image:
            return self._add(("image", (plain_text(inside),), address), bracket.at, end)
        for outer in self._brackets:
            if self._doubt < self._size and outer.is_active and at - outer.at <= REACH:
                self._doubts(outer.at)
            outer.is_active = outer.is_image and outer.is_active
        return self._add(("link", tuple(without_links(inside)), address), bracket.at, end)

    def _exclamation(self, at: int) -> int:
        if at + 1 == self._size and not self._whole:
            return self._hide(at)
        if self._text[at + 1 : at + 2] == "[":
            return self._open(at, True)
        return self._add("!", at, at + 1)

    def _angle(self, at: int) -> int:
        address, end = angle_address(self._text, at, self._whole)
        if address == UNDECIDED:
            self._doubts(at)
        elif address:
            return self._add(("link", (self._text[at + 1 : end - 1],), address), at, end)
        return self._add("<", at, at + 1)

    def _url(self, at: int) -> int:
        before = self._letter_before(at).lower()
        if "a" <= before <= "z" or "0" <= before <= "9":
            return self._add(HTTPS, at, at + len(HTTPS))
        end = url_end(self._letters, at)
        if end == self._size and not self._whole and end - at <= ADDRESS_MAX:
            self._doubts(at)
            return self._add(self._text[at:end], at, end)
        while self._letters[end - 1] in "?!.,:;_~'":
            end -= 1
        text = self._text[at:end]
        address = safe_address(text)
        return self._add(("link", (text,), address) if address else text, at, end)

    def _entity(self, at: int) -> int:
        end = self._text.find(";", at, at + ENTITY_MAX)
        if end < 0 and not self._whole and self._size - at < ENTITY_MAX:
            for letter in self._text[at + 1 :].lower():
                if not ("a" <= letter <= "z" or "0" <= letter <= "9" or letter == "#"):
                    return self._add("&", at, at + 1)
            return self._hide(at)
        known = character(self._text[at + 1 : end]) if end > 0 else ""
        return self._add(known or "&", at, end + 1 if known else at + 1)

    def _escape(self, at: int) -> int:
        following = self._text[at + 1 : at + 2]
        if not following and not self._whole:
            return self._hide(at)
        if following == "\n":
            return self._add(("br", (), ""), at, at + 2)
        if is_punctuation(following):
            self._escapes.add(at + 2)
            return self._add(following, at, at + 2)
        return self._add("\\", at, at + 1)

    def _newline(self, at: int) -> int:
        is_hard = at >= 2 and self._letters[at - 1] == " " == self._letters[at - 2]
        return self._add(("br", (), "") if is_hard else "\n", at, at + 1)


_STEPS = {
    "*": _Reader._run,
    "_": _Reader._run,
    "~": _Reader._run,
    "`": _Reader._code,
    "[": _Reader._open,
    "]": _Reader._close,
    "!": _Reader._exclamation,
    "<": _Reader._angle,
    "&": _Reader._entity,
    "\\": _Reader._escape,
    "\n": _Reader._newline,
}
