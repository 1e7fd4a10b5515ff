"""Runs of backticks, found once and asked for in order. Pure."""

TICKS_MAX = 16  # a longer run is text


class Ticks:
    """The runs of backticks in a text, by their length."""

    def __init__(self, text: str) -> None:
        """Find them all."""
        self._starts: dict[int, list[int]] = {}
        rest = text.split("`")
        at = length = 0
        for index in range(len(rest)):
            if index:
                at += 1
                length += 1
            if rest[index] or index == len(rest) - 1:
                if length:
                    self._starts.setdefault(length, []).append(at - length)
                at += len(rest[index])
                length = 0
        for starts in self._starts.values():
            starts.reverse()

    def next_run(self, length: int, start: int) -> int:
        """Return where the next run of exactly so many backticks begins, -1 for nowhere.

        `start` never gets smaller from one call to the next.
        """
        starts = self._starts.get(length, [])
        while starts and starts[-1] < start:
            starts.pop()
        return starts[-1] if starts else -1


def code_in(text: str) -> str:
    """Return the code that stands between two runs: in one line, without the blank at each end."""
    code = text.replace("\n", " ")
    if code[:1] == " " and code[-1:] == " " and code.strip(" "):
        return code[1:-1]
    return code
