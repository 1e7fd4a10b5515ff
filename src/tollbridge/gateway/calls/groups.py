"""All users, or all addresses: what is counted of them here, and what others told. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tollbridge.gateway.calls.counters import MINUTE_S, Elsewhere, Minute, Running


@dataclass(slots=True)
class Counted:
    """What a process counts of one user or address.

    Attributes:
        running: Calls that run.
        calls: When each call of the last minute began: of a user those that cost something, of an
            address all.
        free_calls: The other calls of a user; an address has none.
    """

    running: int = 0
    calls: list[float] = field(default_factory=list)
    free_calls: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Told:
    """What all other processes count of one user or address, as far as they have told.

    Attributes:
        running: Calls that run.
        calls: Portions of the last minute's: a moment of our clock, and how many are over then.
        free_calls: Likewise.
    """

    running: int = 0
    calls: list[tuple[float, int]] = field(default_factory=list)
    free_calls: list[tuple[float, int]] = field(default_factory=list)


class Group:
    """The counters of all users or all addresses; a counter is None where its limit is lifted.

    Attributes:
        changed: Whose numbers have changed since they were told to others; used where they are.
        counts: Whether anything is counted at all.
    """

    def __init__(
        self, running: int | None, calls: int | None, free_calls: int | None = None
    ) -> None:
        """Begin with nothing counted; the arguments are how many are allowed."""
        self.running = None if running is None else Running(running)
        self.calls = None if calls is None else Minute(calls)
        self.free_calls = None if free_calls is None else Minute(free_calls)
        self.changed: set[str] = set()
        self.counts = any(most is not None for most in (running, calls, free_calls))
        self._refused: dict[str, float] = {}

    def __len__(self) -> int:
        """Return how many subjects are remembered, over all counters."""
        counters = (self.running, self.calls, self.free_calls)
        return sum(len(counter) for counter in counters if counter is not None)

    def refuse(self, name: str, now: float) -> None:
        """Note that somebody was refused.

        Perhaps by the others' numbers alone: what the others count of them must still be asked
        for, or they would be let in as a stranger.
        """
        self._refused[name] = now

    def active(self, now: float) -> set[str]:
        """Return who has calls here that run, or made or wanted to make some within a minute."""
        self._refused = {name: at for name, at in self._refused.items() if now - at < MINUTE_S}
        found = set(self._refused)
        if self.running is not None:
            found.update(self.running.subjects())
        for minute in (self.calls, self.free_calls):
            if minute is not None:
                found.update(minute.subjects(now))
        return found

    def counted(self, name: str, now: float) -> Counted:
        """Return what this process counts of somebody now."""
        return Counted(
            0 if self.running is None else self.running.here(name),
            [] if self.calls is None else list(self.calls.here(name, now)),
            [] if self.free_calls is None else list(self.free_calls.here(name, now)),
        )

    def hear(self, told: Mapping[str, Told]) -> None:
        """Count on what the other processes told, in place of what they told before."""
        if self.running is not None:
            self.running.hear({name: each.running for name, each in told.items() if each.running})
        if self.calls is not None:
            self.calls.hear(
                {name: Elsewhere(each.calls) for name, each in told.items() if each.calls}
            )
        if self.free_calls is not None:
            self.free_calls.hear(
                {name: Elsewhere(each.free_calls) for name, each in told.items() if each.free_calls}
            )
