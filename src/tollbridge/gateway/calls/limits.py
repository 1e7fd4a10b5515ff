"""How many calls one user and one address may run at once and begin in a minute. In memory.

What this process counts is exact: each subject has the moments of its last calls, at most as many
as its limit, and one that has made none for a minute is forgotten on the way, a few with each
call, never all in one. Where several processes serve, each tells the others what it counts
(`shared_limits.py`), and what they told is added here.
"""

import time
from collections.abc import Callable

from tollbridge.gateway.calls.groups import Group
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.limits import rate_limited
from tollbridge.gateway.settings import Limits

# An answer may end at any moment, and nobody can know when.
RUNNING_WAIT_S = 1.0


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
    """Counts the calls of users and addresses; for the event loop's thread only.

    Attributes:
        seconds: The clock that calls are counted by.
        users: What is counted of users.
        addresses: What is counted of addresses.
    """

    def __init__(
        self,
        limits: Limits,
        seconds: Callable[[], float] = time.monotonic,
        *,
        shared: bool = False,
    ) -> None:
        """Begin with nothing counted.

        Args:
            limits: What is allowed; None lifts a limit and then nothing is kept for it.
            seconds: A clock that never goes back, so that setting the machine's own one locks
                nobody out.
            shared: Whether to note who must be told about; somebody has to ask for it then.
        """
        self.seconds = seconds
        self.users = Group(limits.user_running, limits.user_per_minute, limits.user_free_per_minute)
        self.addresses = Group(limits.address_running, limits.address_per_minute)
        self._shared = shared

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
        now = self.seconds()
        users = self.users
        running, calls = users.running, users.free_calls if free else users.calls
        if (running is not None and running.is_full(user_id)) or (
            calls is not None and calls.is_full(user_id, now)
        ):
            raise self._refusal(user_id, address, free, now)
        if address is not None:
            addresses = self.addresses
            running_there, calls_there = addresses.running, addresses.calls
            if (running_there is not None and running_there.is_full(address)) or (
                calls_there is not None and calls_there.is_full(address, now)
            ):
                raise self._refusal(user_id, address, free, now)
            if running_there is not None:
                running_there.add(address)
            if calls_there is not None:
                calls_there.add(address, now)
        if running is not None:
            running.add(user_id)
        if calls is not None:
            calls.add(user_id, now)
        if self._shared:
            users.changed.add(user_id)
            if address is not None:
                self.addresses.changed.add(address)
        return Slot(self, user_id, address)

    def give_back(self, user_id: str, address: str | None) -> None:
        """Count a call as over; `Slot.leave` asks for it once."""
        if self.users.running is not None:
            self.users.running.remove(user_id)
        if self.addresses.running is not None and address is not None:
            self.addresses.running.remove(address)
        if self._shared:
            self.users.changed.add(user_id)
            if address is not None:
                self.addresses.changed.add(address)

    def subjects(self) -> int:
        """Return how many users and addresses are remembered, over all limits."""
        return len(self.users) + len(self.addresses)

    def _refusal(self, user_id: str, address: str | None, free: bool, now: float) -> Refusal:
        """Find out which limit says no for longest."""
        if self._shared:
            self.users.refuse(user_id, now)
            if address is not None:
                self.addresses.refuse(address, now)
        running, calls = self.users.running, self.users.free_calls if free else self.users.calls
        name = "USER_FREE_PER_MINUTE" if free else "USER_PER_MINUTE"
        reached: list[tuple[float, str, str]] = []
        if running is not None and running.is_full(user_id):
            words = f"You have too many calls running; the limit is {running.most}."
            reached.append((RUNNING_WAIT_S, "USER_RUNNING", words))
        if calls is not None and calls.is_full(user_id, now):
            words = f"You have made too many calls; the limit is {calls.most} within a minute."
            reached.append((calls.wait_s(user_id, now), name, words))
        if address is not None:
            reached += self._reached_by_address(address, now)
        wait_s, limit, message = max(reached, key=lambda entry: entry[0])
        return rate_limited(limit, message, wait_s=wait_s)

    def _reached_by_address(self, address: str, now: float) -> list[tuple[float, str, str]]:
        running, calls = self.addresses.running, self.addresses.calls
        reached: list[tuple[float, str, str]] = []
        if running is not None and running.is_full(address):
            words = f"Too many calls run from your address; the limit is {running.most}."
            reached.append((RUNNING_WAIT_S, "ADDRESS_RUNNING", words))
        if calls is not None and calls.is_full(address, now):
            words = (
                f"Too many calls came from your address; the limit is {calls.most} within a minute."
            )
            reached.append((calls.wait_s(address, now), "ADDRESS_PER_MINUTE", words))
        return reached
