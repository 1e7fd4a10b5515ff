"""Calls of each subject that run, and those of the last minute: here, and as others told. Pure.

Subjects are users or addresses. What a process counts itself is exact; what it heard of the other
processes (`calls/shared_limits.py`) is added to it, and is empty where nothing is shared.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, repeat, takewhile

MINUTE_S = 60.0
# Each call adds one subject to a table at most; taking away two keeps it small for certain.
FORGOTTEN_AT_ONCE = 2


class Running:
    """How many calls of each subject run now."""

    __slots__ = ("_counts", "_elsewhere", "most")

    def __init__(self, most: int) -> None:
        """Allow `most` at once."""
        self.most = most
        self._counts: dict[str, int] = {}
        self._elsewhere: Mapping[str, int] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def is_full(self, subject: str) -> bool:
        """Return whether one more would be too many."""
        count = self._counts.get(subject, 0)
        if self._elsewhere:
            count += self._elsewhere.get(subject, 0)
        return count >= self.most

    def add(self, subject: str) -> None:
        """Count one more."""
        self._counts[subject] = self._counts.get(subject, 0) + 1

    def remove(self, subject: str) -> None:
        """Count one less; a subject without any is forgotten."""
        left = self._counts[subject] - 1
        if left:
            self._counts[subject] = left
        else:
            del self._counts[subject]

    def subjects(self) -> Iterable[str]:
        """Return who has calls that run here."""
        return self._counts

    def here(self, subject: str) -> int:
        """Return how many of a subject's calls run in this process."""
        return self._counts.get(subject, 0)

    def hear(self, elsewhere: Mapping[str, int]) -> None:
        """Take what runs in all other processes, in place of what was heard before."""
        self._elsewhere = elsewhere


class Elsewhere:
    """A subject's calls of the last minute in other processes, the oldest first.

    Attributes:
        count: How many there are, some of which may be a minute old by now.
    """

    __slots__ = ("_portions", "count")

    def __init__(self, portions: Iterable[tuple[float, int]]) -> None:
        """Keep portions: a moment, and how many calls are a minute old then."""
        self._portions = deque(sorted(portions))
        self.count = sum(count for _, count in self._portions)

    def forget_old(self, now: float) -> None:
        """Let go of those that are a minute old now; time only goes on."""
        while self._portions and self._portions[0][0] <= now:
            self.count -= self._portions.popleft()[1]

    def endings(self) -> Iterator[float]:
        """Return when each of them is a minute old."""
        return chain.from_iterable(repeat(over_at, count) for over_at, count in self._portions)


class Minute:
    """When each subject made its calls of the last minute, the subject that was idle longest first.

    A subject's moments are at most `most`: with so many, the first one decides.
    """

    __slots__ = ("_elsewhere", "_look_again_at", "_times", "most")

    def __init__(self, most: int) -> None:
        """Allow `most` in any minute."""
        self.most = most
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._look_again_at = 0.0
        self._elsewhere: Mapping[str, Elsewhere] = {}

    def __len__(self) -> int:
        return len(self._times)

    def is_full(self, subject: str, now: float) -> bool:
        """Return whether one more would be too many now."""
        times = self._times.get(subject)
        if self._elsewhere:
            elsewhere = self._elsewhere.get(subject)
            if elsewhere is not None:
                # Usually not even with what may be over by now.
                here = 0 if times is None else len(times)
                return elsewhere.count + here >= self.most and not self._fits(subject, now)
        return times is not None and len(times) == self.most and now - times[0] < MINUTE_S

    def wait_s(self, subject: str, now: float) -> float:
        """Return in how many seconds a full subject may make one more."""
        endings = [at + MINUTE_S for at in self.here(subject, now)]
        elsewhere = self._elsewhere.get(subject)
        if elsewhere is not None:
            elsewhere.forget_old(now)
            endings = sorted((*endings, *elsewhere.endings()))
        # So many must be over for one more to fit in.
        return endings[len(endings) - self.most] - now

    def add(self, subject: str, now: float) -> None:
        """Count one more, and forget subjects that have been idle for a minute."""
        times = self._times.get(subject)
        if times is None:
            self._times[subject] = deque((now,), self.most)
        else:
            times.append(now)  # of a full one, the first falls out: it is over
            self._times.move_to_end(subject)
        if now >= self._look_again_at:
            self._forget_idle(now)

    def subjects(self, now: float) -> Iterator[str]:
        """Return who has made calls here within a minute."""
        for subject, times in reversed(self._times.items()):
            if now - times[-1] >= MINUTE_S:
                return
            yield subject

    def here(self, subject: str, now: float) -> Iterator[float]:
        """Return when a subject made its calls of the last minute in this process."""
        return (at for at in self._times.get(subject, ()) if now - at < MINUTE_S)

    def hear(self, elsewhere: Mapping[str, Elsewhere]) -> None:
        """Take the calls of all other processes, in place of what was heard before."""
        self._elsewhere = elsewhere

    def _fits(self, subject: str, now: float) -> bool:
        elsewhere = self._elsewhere[subject]
        elsewhere.forget_old(now)
        times = self._times.get(subject, ())
        # From the newest on: more than the limit are never looked at.
        here = sum(1 for _ in takewhile(lambda at: now - at < MINUTE_S, reversed(times)))
        return elsewhere.count + here < self.most

    def _forget_idle(self, now: float) -> None:
        for _ in range(FORGOTTEN_AT_ONCE):
            subject, times = next(iter(self._times.items()))
            if now - times[-1] < MINUTE_S:
                self._look_again_at = times[-1] + MINUTE_S
                return
            del self._times[subject]
