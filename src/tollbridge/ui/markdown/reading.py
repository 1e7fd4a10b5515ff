"""What a piece of text says, and up to where that is certain; and a text that grows. Pure."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.ui.markdown.emphasis import Inline


class Reading:
    """What a piece of text says.

    Attributes:
        settled: What its first `stable` characters are; nothing that follows changes it.
        stable: How many characters those are.
        before: What the next reading takes as the character before it.
        tail: What the rest looks like for now.
    """

    __slots__ = ("before", "settled", "stable", "tail")

    def __init__(
        self, settled: "list[Inline]", stable: int, before: str, tail: "list[Inline]"
    ) -> None:
        """Keep what was read."""
        self.settled = settled
        self.stable = stable
        self.before = before
        self.tail = tail


class Growth:
    """Follows the lines of a block and tells what was added to them.

    The last line may be one that is still coming, and may even be taken back.
    """

    def __init__(self) -> None:
        """Start before the first line."""
        self._seen = 0  # lines that were there, the last one perhaps in part
        self._last = ""

    def take(self, pieces: list[str]) -> str | None:
        """Return what has come since the last call, lines separated by newlines.

        None where something that was there has changed; what is taken then begins anew.
        """
        if self._seen == 0:
            added = pieces[:]
        elif len(pieces) < self._seen or not pieces[self._seen - 1].startswith(self._last):
            self._seen = 0
            return None
        else:
            added = pieces[self._seen - 1 :]
            added[0] = added[0][len(self._last) :]
        self._seen = len(pieces)
        self._last = pieces[-1] if pieces else ""
        return "\n".join(added)
