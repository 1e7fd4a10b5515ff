"""How many calls one user and one address may run at once and begin in a minute. In memory.

One process serves one SQLite store, so what this process knows is all there is. A minute is exact:
each subject has the moments of its last calls, at most as many as its limit, and one that has made
none for a minute is forgotten on the way, a few with each call, never all in one.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.limits import rate_limited
from tollbridge.gateway.settings import Limits

MINUTE_S = 60.0
# An answer may end at any moment, and nobody can know when.
RUNNING_WAIT_S = 1.0
# Each call adds one subject to a table at most; taking away two keeps it small for certain.
FORGOTTEN_AT_ONCE = 2


class Slot:
    """A call's place among those that run."""

    __slots__ = ("_address", "_limits", "_user_id")

    def __init__(self, limits: "CallLimits", user_id: str, address: str | None) -> None:
        """Hold a place that `CallLimits.enter` has counted."""
        self._limits: CallLimits | None = limits
        self._user_id = user_id
        self._address = address

    def leave(self) -> None:
        """Give the place back; once is enough, more often is harmless."""
        limits, self._limits = self._limits, None
        if limits is not None:
            limits.give_back(self._user_id, self._address)


class CallLimits:
    """Counts the calls of users and addresses; for the event loop's thread only."""

    def __init__(self, limits: Limits, seconds: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing counted.

        Args:
            limits: What is allowed; None lifts a limit and then nothing is kept for it.
            seconds: A clock that never goes back, so that setting the machine's own one locks
                nobody out.
        """
        self._seconds = seconds
        self._users = _running(limits.user_running)
        self._addresses = _running(limits.address_running)
        self._user_calls = _minute(limits.user_per_minute)
        self._user_free_calls = _minute(limits.user_free_per_minute)
        self._address_calls = _minute(limits.address_per_minute)

    def enter(self, user_id: str, address: str | None, *, free: bool) -> Slot:
        """Count a call; `leave` the slot when it is over, however it ended.

        Args:
            user_id: Whose call it is.
            address: The subject that `address.Addresses` names; None has no limits of its own.
            free: Whether it costs nothing; such calls have a minute of their own.

        Raises:
            Refusal: `rate_limited`; where several limits are reached, the one that lasts longest.
                The call is counted nowhere.
        """
        now = self._seconds()
        users, calls = self._users, self._user_free_calls if free else self._user_calls
        if (users is not None and users.is_full(user_id)) or (
            calls is not None and calls.is_full(user_id, now)
        ):
            raise self._refusal(user_id, address, free, now)
        if address is not None:
            addresses, address_calls = self._addresses, self._address_calls
            if (addresses is not None and addresses.is_full(address)) or (
                address_calls is not None and address_calls.is_full(address, now)
            ):
                raise self._refusal(user_id, address, free, now)
            if addresses is not None:
                addresses.add(address)
            if address_calls is not None:
                address_calls.add(address, now)
        if users is not None:
            users.add(user_id)
        if calls is not None:
            calls.add(user_id, now)
        return Slot(self, user_id, address)

    def give_back(self, user_id: str, address: str | None) -> None:
        """Count a call as over; `Slot.leave` asks for it once."""
        if self._users is not None:
            self._users.remove(user_id)
        if self._addresses is not None and address is not None:
            self._addresses.remove(address)

    def subjects(self) -> int:
        """Return how many users and addresses are remembered, over all limits."""
        counters = (self._users, self._addresses)
        minutes = (self._user_calls, self._user_free_calls, self._address_calls)
        return sum(len(table) for table in (*counters, *minutes) if table is not None)

    def _refusal(self, user_id: str, address: str | None, free: bool, now: float) -> Refusal:
        """Find out which limit says no for longest."""
        calls = self._user_free_calls if free else self._user_calls
        name = "USER_FREE_PER_MINUTE" if free else "USER_PER_MINUTE"
        reached: list[tuple[float, str, str]] = []
        if self._users is not None and self._users.is_full(user_id):
            words = f"You have too many calls running; the limit is {self._users.most}."
            reached.append((RUNNING_WAIT_S, "USER_RUNNING", words))
        if calls is not None and calls.is_full(user_id, now):
            words = f"You have made too many calls; the limit is {calls.most} within a minute."
            reached.append((calls.wait_s(user_id, now), name, words))
        if address is not None:
            if self._addresses is not None and self._addresses.is_full(address):
                words = (
                    f"Too many calls run from your address; the limit is {self._addresses.most}."
                )
                reached.append((RUNNING_WAIT_S, "ADDRESS_RUNNING", words))
            if self._address_calls is not None and self._address_calls.is_full(address, now):
                words = (
                    "Too many calls came from your address; the limit is "
                    f"{self._address_calls.most} within a minute."
                )
                wait_s = self._address_calls.wait_s(address, now)
                reached.append((wait_s, "ADDRESS_PER_MINUTE", words))
        wait_s, limit, message = max(reached, key=lambda entry: entry[0])
        return rate_limited(limit, message, wait_s=wait_s)


class Running:
    """How many calls of each subject run now."""

    __slots__ = ("_counts", "most")

    def __init__(self, most: int) -> None:
        """Allow `most` at once."""
        self.most = most
        self._counts: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def is_full(self, subject: str) -> bool:
        """Return whether one more would be too many."""
        return self._counts.get(subject, 0) >= self.most

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


class Minute:
    """When each subject made its calls of the last minute, the subject that was idle longest first.

    A subject's moments are at most `most`: with so many, the first one decides.
    """

    __slots__ = ("_look_again_at", "_times", "most")

    def __init__(self, most: int) -> None:
        """Allow `most` in any minute."""
        self.most = most
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._look_again_at = 0.0

    def __len__(self) -> int:
        return len(self._times)

    def is_full(self, subject: str, now: float) -> bool:
        """Return whether one more would be too many now."""
        times = self._times.get(subject)
        return times is not None and len(times) == self.most and now - times[0] < MINUTE_S

    def wait_s(self, subject: str, now: float) -> float:
        """Return in how many seconds a full subject may make one more."""
        return self._times[subject][0] + MINUTE_S - now

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

    def _forget_idle(self, now: float) -> None:
        for _ in range(FORGOTTEN_AT_ONCE):
            subject, times = next(iter(self._times.items()))
            if now - times[-1] < MINUTE_S:
                self._look_again_at = times[-1] + MINUTE_S
                return
            del self._times[subject]


def _running(most: int | None) -> Running | None:
    return None if most is None else Running(most)


def _minute(most: int | None) -> Minute | None:
    return None if most is None else Minute(most)
