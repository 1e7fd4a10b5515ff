"""Pairs that cover as many as possible: a maximum matching of two sides. No I/O."""

from collections.abc import Iterable, Sequence


def match(
    fitting: Sequence[Sequence[int]], count: int, *, first: Iterable[int] = ()
) -> list[int | None]:
    """Give each on the left a partner on the right, as far as that goes.

    Whoever has found a partner keeps one while others are served, so the ones in `first` are
    without only if there is no way to serve all of them.

    Args:
        fitting: For each on the left, who fits on the right.
        count: How many there are on the right.
        first: Who on the left is served first.

    Returns:
        The partner of each on the left, or None.
    """
    partner_of: list[int | None] = [None] * len(fitting)
    holder_of: list[int | None] = [None] * count
    for start in dict.fromkeys([*first, *range(len(fitting))]):
        came_by = _search(start, fitting, holder_of)
        while came_by:
            left, right = came_by.pop()
            partner_of[left], holder_of[right] = right, left
    return partner_of


def _search(
    start: int, fitting: Sequence[Sequence[int]], holder_of: Sequence[int | None]
) -> list[tuple[int, int]]:
    """Return the changes, last one first, that give `start` a partner and take nobody's."""
    way: dict[int, tuple[int, int | None]] = {}  # right: who asks for it, and what he held before
    waiting: list[tuple[int, int | None]] = [(start, None)]
    for left, held in waiting:
        for right in fitting[left]:
            if right in way:
                continue
            way[right] = (left, held)
            holder = holder_of[right]
            if holder is not None:
                waiting.append((holder, right))
                continue
            changes: list[tuple[int, int]] = []
            step: int | None = right
            while step is not None:
                asker, before = way[step]
                changes.append((asker, step))
                step = before
            return changes
    return []
