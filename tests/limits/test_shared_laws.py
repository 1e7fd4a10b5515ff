"""Call limits over several processes, whatever the processes and their callers do.

Nobody gets more than what may be, and nobody is refused whom one process that knew everything would
let in. Each exchanges once a second, as a gateway does, on a real database; one exchange in two may
fail, before or after the commit. So what a process does not know is at most five seconds old.
"""

import asyncio
import functools
import itertools
import math
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.limits.processes import Call, Process, Shared, open_process
from tests.support.postgres import fresh_database
from tollbridge.gateway.calls.shared_limits import EXCHANGE_S
from tollbridge.gateway.database import PostgresDatabase, StoreUnavailable
from tollbridge.gateway.errors import Refusal

# `--long` looks at some hundred examples.
pytestmark = pytest.mark.timeout(900)

SLACK_S = 5.0
# Ages are told in whole seconds, rounded up; and clocks are floats here.
EARLY_S = 1.001
MINUTE_S = 60.0
LIMITS = {
    "user_running": 3,
    "user_per_minute": 4,
    "user_free_per_minute": 3,
    "address_running": 4,
    "address_per_minute": 6,
}
PROCESSES = 3

processes = st.integers(0, PROCESSES - 1)
# Mostly the same ones, or limits would seldom be reached.
users = st.sampled_from(["one", "one", "one", "two"])
addresses = st.sampled_from(["198.51.100.1", "198.51.100.1", "198.51.100.2"])
# What makes everybody forget happens seldom, or there would seldom be anything to forget.
seldom = st.sampled_from([False, False, False, False, True])


class SharedLimitLaws(RuleBasedStateMachine):
    """Three processes, two users, two addresses."""

    def __init__(self) -> None:
        """Begin without a process."""
        super().__init__()
        self.runner, self.database = _open()
        self.clock = Shared(next(_beginnings))
        self.processes: list[Process] = []
        self.dead: list[Process] = []

    @initialize(ahead=st.lists(st.integers(-9999, 9999), min_size=PROCESSES, max_size=PROCESSES))
    def begin(self, ahead: list[int]) -> None:
        """Each process has a clock of its own, which reads anything."""
        for seconds in ahead:
            self.processes.append(open_process(self.database, self.clock, seconds, **LIMITS))
            self.exchange(self.processes[-1])

    # What happens ------------------------------------------------------------------------------

    @rule(
        which=processes, user=users, address=addresses, free=st.booleans(), times=st.integers(1, 3)
    )
    def call(self, which: int, user: str, address: str, free: bool, times: int) -> None:
        """Somebody makes calls of one process, which does as it knows."""
        process = self.processes[which]
        if process.stopped_s is not None:
            return
        for _ in range(times):
            try:
                slot = process.limits.enter(user, address, free=free)
            except Refusal as refusal:
                self.check_refusal(process, refusal, user, address, free)
            else:
                self.check_admission(process, user, address, free)
                call = Call(user, address, free, self.clock.now_s, slot)
                process.calls.append(call)
            for name in (user, address):
                process.asked.setdefault(name, []).append(self.clock.now_s)

    @rule(which=processes, count=st.integers(1, 4))
    def leave(self, which: int, count: int) -> None:
        """The oldest calls of a process end."""
        process = self.processes[which]
        if process.stopped_s is None:
            for call in [call for call in process.calls if call.ended_s is None][:count]:
                call.slot.leave()
                call.ended_s = self.clock.now_s

    @rule(
        tenths=st.integers(1, 35),
        failing=st.sets(processes),
        how=st.sampled_from(["before", "after"]),
    )
    def wait(self, tenths: int, failing: set[int], how: str) -> None:
        """Time passes; every other exchange of some processes fails."""
        self.pass_time(tenths / 10, failing, how)

    @rule(seconds=st.integers(5, 70), happens=seldom)
    def wait_long(self, seconds: int, happens: bool) -> None:
        """Nobody does anything for a while."""
        if not happens:
            return
        self.move_to(self.clock.now_s + seconds - 2 * EXCHANGE_S)
        self.pass_time(2 * EXCHANGE_S, set(), "")

    @rule(which=processes, happens=seldom)
    def kill(self, which: int, happens: bool) -> None:
        """A process dies, and another takes its place."""
        if not happens:
            return
        process = self.processes[which]
        for call in process.calls:
            call.ended_s = call.ended_s or self.clock.now_s
        self.dead.append(process)
        self.processes[which] = open_process(self.database, self.clock, 77.0, **LIMITS)
        self.exchange(self.processes[which])

    @rule(which=processes, happens=seldom)
    def stop(self, which: int, happens: bool) -> None:
        """A process is stopped; what it lets in goes on."""
        process = self.processes[which]
        if happens and process.stopped_s is None:
            process.stopped_s = self.clock.now_s

    @precondition(lambda self: any(one.stopped_s is not None for one in self.processes))
    @rule()
    def go_on(self) -> None:
        """Those that were stopped go on; their timers are long due."""
        for process in self.processes:
            if process.stopped_s is not None:
                process.stopped_s, process.back_s = None, self.clock.now_s
                self.exchange(process)

    # Time --------------------------------------------------------------------------------------

    def move_to(self, moment_s: float) -> None:
        """Move all clocks on."""
        for process in self.processes:
            process.seconds.now_s += moment_s - self.clock.now_s
        self.clock.now_s = moment_s

    def pass_time(self, seconds: float, failing: set[int], how: str) -> None:
        """Let time pass, with all the exchanges that are due in it."""
        until = self.clock.now_s + seconds
        while True:
            working = [one for one in self.processes if one.stopped_s is None]
            due = min((one.tried_s + EXCHANGE_S for one in working), default=math.inf)
            if due > until:
                self.move_to(until)
                return
            self.move_to(max(due, self.clock.now_s))
            for number, process in enumerate(self.processes):
                if process.stopped_s is None and process.tried_s + EXCHANGE_S <= self.clock.now_s:
                    may_fail = number in failing and process.heard_s == process.tried_s
                    self.exchange(process, how if may_fail else "")

    def exchange(self, process: Process, fails: str = "") -> None:
        """Have a process exchange, and note what the others can know by then."""
        process.line.fails = fails
        process.tried_s = self.clock.now_s
        try:
            self.runner.run(process.shared.exchange())
        except StoreUnavailable:
            assert fails
        else:
            process.heard_s = self.clock.now_s
        if fails != "before":
            for call in process.calls:
                call.told_s = call.told_s or self.clock.now_s

    # What must be true --------------------------------------------------------------------------

    def counted(
        self, user: str, address: str, free: bool
    ) -> dict[str, tuple[str, Callable[[Call], bool]]]:
        """Return whom each limit is about, and which calls it counts."""
        return {
            "user_running": (user, lambda call: call.user_id == user),
            "user_free_per_minute" if free else "user_per_minute": (
                user,
                lambda call: call.user_id == user and call.free == free,
            ),
            "address_running": (address, lambda call: call.address == address),
            "address_per_minute": (address, lambda call: call.address == address),
        }

    def check_admission(self, process: Process, user: str, address: str, free: bool) -> None:
        """What the process had to know allows one more."""
        now_s = self.clock.now_s
        assert now_s - process.heard_s < 2 * EXCHANGE_S + 0.001
        for limit, (name, counts) in self.counted(user, address, free).items():
            known = self.known_here(process, limit, counts)
            if self.had_to_ask(process, name, counts):
                known += sum(
                    self.had_to_be_known(other, process, limit, counts)
                    for other in (*self.processes, *self.dead)
                    if other is not process
                )
            assert known < LIMITS[limit], f"{limit}: {known} were known of"

    def known_here(self, process: Process, limit: str, counts: Callable[[Call], bool]) -> int:
        """Return what the process itself counts."""
        if limit.endswith("running"):
            return process.running(counts, self.clock.now_s)
        since_s = self.clock.now_s - MINUTE_S
        return sum(counts(call) and call.began_s > since_s for call in process.calls)

    def had_to_ask(self, process: Process, name: str, counts: Callable[[Call], bool]) -> bool:
        """Return whether somebody was no stranger to the process when it last exchanged."""
        heard_s = process.heard_s
        return any(heard_s - MINUTE_S < at < heard_s for at in process.asked.get(name, ())) or any(
            counts(call) and call.began_s < heard_s and call.ran_at(heard_s)
            for call in process.calls
        )

    def had_to_be_known(
        self, other: Process, process: Process, limit: str, counts: Callable[[Call], bool]
    ) -> int:
        """Return the least that another process must have told by now."""
        now_s = self.clock.now_s
        if limit.endswith("running"):
            if other in self.dead or other.stopped_s is not None or other.heard_s < now_s - 3:
                return 0
            if other.back_s >= process.heard_s:  # what it has told since is not heard of yet
                return 0
            return sum(
                counts(call) and call.ran_at(now_s - SLACK_S) and call.ended_s is None
                for call in other.calls
            )
        return sum(
            counts(call)
            and call.told_s is not None
            and call.told_s < process.heard_s
            and call.began_s > now_s - MINUTE_S + EARLY_S
            for call in other.calls
        )

    def check_refusal(
        self, process: Process, refusal: Refusal, user: str, address: str, free: bool
    ) -> None:
        """One process that knew everything would refuse, or would have within the slack."""
        assert refusal.details is not None
        limit = refusal.details["limit"].lower()
        _, counts = self.counted(user, address, free)[limit]
        now_s, everyone = self.clock.now_s, (*self.processes, *self.dead)
        if limit.endswith("running"):
            most = process.running(counts, now_s) + sum(
                self.most_running(other, counts) for other in everyone if other is not process
            )
            assert most >= LIMITS[limit]
            return
        began = sorted(
            call.began_s
            for other in everyone
            for call in other.calls
            if counts(call) and call.began_s > now_s - MINUTE_S
        )
        assert len(began) >= LIMITS[limit]
        wait_s = began[-LIMITS[limit]] + MINUTE_S - now_s
        assert int(refusal.headers["retry-after"]) <= max(1, math.ceil(wait_s))

    def most_running(self, other: Process, counts: Callable[[Call], bool]) -> int:
        """Return the most of somebody's calls that ran in a process within the slack."""
        now_s = self.clock.now_s
        since_s = now_s - SLACK_S
        moments = {since_s, now_s} | {
            moment
            for call in other.calls
            for moment in (call.began_s, call.ended_s)
            if moment is not None and since_s <= moment <= now_s
        }
        return max(other.running(counts, moment) for moment in moments)


# Each example begins when nothing of those before it counts any more.
_beginnings = itertools.count(1_800_000_000.0, 100_000.0)


@functools.cache
def _open() -> tuple[asyncio.Runner, PostgresDatabase]:
    """Open the store for this file: rows of processes that are long gone are part of it."""
    runner = asyncio.Runner()
    return runner, runner.run(PostgresDatabase.open(fresh_database()))


def teardown_module() -> None:
    """Let go of the store."""
    runner, database = _open()
    runner.run(database.close())
    runner.close()


TestSharedLimitLaws = SharedLimitLaws.TestCase
# Each example makes some hundred exchanges, of five round trips each.
TestSharedLimitLaws.settings = settings(
    stateful_step_count=40, max_examples=settings.default.max_examples // 2
)
