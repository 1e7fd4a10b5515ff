"""Call limits over several processes on one database: what one counts, the others know."""

from pathlib import Path
from typing import Any

import pytest

from tests.limits.processes import Process, Shared, open_process
from tests.support.scripted_provider import Answer
from tests.support.stored import everything_stored
from tests.support.stores import Store
from tests.support.world import UNCOUNTED, World, open_world
from tollbridge.gateway.calls.limits import CallLimits, Slot
from tollbridge.gateway.calls.shared_limits import sharing
from tollbridge.gateway.database import PostgresDatabase, Script, Statement, StoreUnavailable
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.sealing import Sealer
from tollbridge.gateway.settings import Limits

pytestmark = pytest.mark.only_on("postgres")


class Two:
    """Two processes on one database, whose clocks read different things."""

    def __init__(self, database: PostgresDatabase, **limits: int) -> None:
        """Begin both."""
        self.clock = Shared()
        self.one = open_process(database, self.clock, **limits)
        self.other = open_process(database, self.clock, ahead_s=-1_799_990_000.0, **limits)

    def move(self, seconds: float) -> None:
        """Go on."""
        self.clock.now_s += seconds
        for process in (self.one, self.other):
            process.seconds.now_s += seconds

    async def exchange(self) -> None:
        """Have both tell and hear what there is."""
        for process in (self.one, self.other, self.one):
            await process.shared.exchange()


def enter(
    process: Process, count: int = 1, user: str = "user_1", address: str = "a", **how: Any
) -> list[Slot]:
    """Begin calls; return their slots."""
    how.setdefault("free", False)
    return [process.limits.enter(user, address, **how) for _ in range(count)]


def refused(
    process: Process, user: str = "user_1", address: str = "a", **how: Any
) -> tuple[str, int]:
    """Make a call that must be refused; return the limit's name and `Retry-After`."""
    with pytest.raises(Refusal) as caught:
        enter(process, 1, user, address, **how)
    assert caught.value.details is not None
    return caught.value.details["limit"], int(caught.value.headers["retry-after"])


def count(table: str) -> Script[int]:
    """Count rows."""
    rows = yield Statement(f"select count(*) from {table}")
    number: int = rows[0][0]
    return number


async def test_what_runs_in_one_process_counts_in_the_others(database: PostgresDatabase) -> None:
    """Of a user and of an address; what ends there makes room here."""
    two = Two(database, user_running=4, address_running=5)
    slots = enter(two.one, 3)
    enter(two.other)
    await two.exchange()
    for process in (two.one, two.other):
        assert refused(process) == ("USER_RUNNING", 1)
    enter(two.one, user="user_2")
    await two.exchange()
    assert refused(two.other, "user_2") == ("ADDRESS_RUNNING", 1)
    enter(two.other, user="user_2", address="b")
    slots[0].leave()
    await two.exchange()
    enter(two.other)
    assert refused(two.other) == ("USER_RUNNING", 1)


async def test_a_minute_is_one_minute_over_all_processes(database: PostgresDatabase) -> None:
    """It slides, each kind of call has its own, and `Retry-After` is true."""
    two = Two(database, user_per_minute=4, user_free_per_minute=2)
    enter(two.one, 2)
    enter(two.one, free=True)
    two.move(10)
    enter(two.other, 2)
    enter(two.other, free=True)
    await two.exchange()
    for process in (two.one, two.other):
        assert refused(process) == ("USER_PER_MINUTE", 50)
        assert refused(process, free=True) == ("USER_FREE_PER_MINUTE", 50)
    two.move(49)
    await two.exchange()
    assert refused(two.other) == ("USER_PER_MINUTE", 1)
    two.move(1)
    enter(two.other, 2)
    enter(two.other, free=True)
    assert refused(two.other) == ("USER_PER_MINUTE", 10)
    assert refused(two.other, free=True) == ("USER_FREE_PER_MINUTE", 10)
    await two.exchange()
    assert refused(two.one) == ("USER_PER_MINUTE", 10)


async def test_an_address_is_counted_and_not_written_down(
    database: PostgresDatabase, tmp_path: Path
) -> None:
    """What the store holds of it is an HMAC."""
    two = Two(database, address_per_minute=3)
    enter(two.one, 2, address="198.51.100.7")
    enter(two.other, address="198.51.100.7")
    await two.exchange()
    assert refused(two.other, address="198.51.100.7") == ("ADDRESS_PER_MINUTE", 60)
    assert b"198.51.100" not in everything_stored(tmp_path)


async def test_who_is_kept_out_by_others_alone_is_asked_for(database: PostgresDatabase) -> None:
    """With no call of their own left here, they are no strangers while they go on trying."""
    two = Two(database, user_running=2)
    enter(two.one, 2)
    (slot,) = enter(two.other)
    await two.exchange()
    assert refused(two.other) == ("USER_RUNNING", 1)
    slot.leave()
    for _ in range(130):
        two.move(1)
        await two.one.shared.exchange()
        await two.other.shared.exchange()
        assert refused(two.other) == ("USER_RUNNING", 1)


async def test_while_the_store_is_away_the_last_news_counts(database: PostgresDatabase) -> None:
    """Nobody waits for it; what runs elsewhere is believed in for a minute, and told later."""
    two = Two(database, user_running=4)
    enter(two.one, 2)
    enter(two.other)
    await two.exchange()
    two.other.line.fails = "before"
    enter(two.other)
    for _ in range(59):
        two.move(1)
        with pytest.raises(StoreUnavailable):
            await two.other.shared.exchange()
        assert refused(two.other) == ("USER_RUNNING", 1)
    two.move(1)
    with pytest.raises(StoreUnavailable):
        await two.other.shared.exchange()
    enter(two.other)
    with pytest.raises(StoreUnavailable):
        await two.other.shared.exchange()
    two.other.line.fails = ""
    await two.exchange()
    for process in (two.one, two.other):  # 2 there and 3 here
        assert refused(process) == ("USER_RUNNING", 1)


async def test_a_commit_that_nobody_knows_of_counts_once(database: PostgresDatabase) -> None:
    """The same is written again."""
    two = Two(database, user_running=4, user_per_minute=6)
    enter(two.other)[0].leave()
    slots: list[Slot] = []
    for _ in range(3):
        slots += enter(two.one)
        two.one.line.fails = "after"
        with pytest.raises(StoreUnavailable):
            await two.one.shared.exchange()
    slots[0].leave()
    two.one.line.fails = ""
    await two.exchange()
    enter(two.other, 2)
    assert refused(two.other) == ("USER_PER_MINUTE", 60)


async def test_a_process_that_was_stopped_counts_again(database: PostgresDatabase) -> None:
    """For 30 s or for so long that its rows are gone: nothing is lost, nothing counts twice."""
    two = Two(database, user_running=4)
    for stopped_s in (30, 300):
        slots = enter(two.one, 3)
        slots += enter(two.other)
        await two.exchange()
        assert refused(two.other) == ("USER_RUNNING", 1)
        for _ in range(stopped_s):
            two.move(1)
            await two.other.shared.exchange()
        slots += enter(two.other, 3)
        assert refused(two.other) == ("USER_RUNNING", 1)
        assert await database.read(count("counting_processes")) == (1 if stopped_s > 90 else 2)
        await two.exchange()
        assert refused(two.one) == ("USER_RUNNING", 1)
        for slot in slots[:-1]:
            slot.leave()
        await two.exchange()
        slots += enter(two.other, 3)
        assert refused(two.other) == ("USER_RUNNING", 1)
        for slot in slots:
            slot.leave()
        await two.exchange()


async def test_a_process_that_died_runs_nothing_but_did_what_it_did(
    database: PostgresDatabase,
) -> None:
    """What ran ends within five seconds, a minute ends after a minute; then its rows go."""
    two = Two(database, user_running=2, user_per_minute=3)
    enter(two.one, 2)
    (slot,) = enter(two.other, user="user_1")
    slot.leave()
    await two.exchange()
    for second in range(1, 61):
        two.move(1)
        await two.other.shared.exchange()
        expected = "USER_RUNNING" if second <= 3 else "USER_PER_MINUTE"
        if second < 60:
            assert expected in refused_by_any(two.other)
    enter(two.other, 2)
    for _ in range(61):
        two.move(1)
        await two.other.shared.exchange()
    assert await database.read(count("counting_processes")) == 1
    assert await database.read(count("counted_calls")) == 1


def refused_by_any(process: Process) -> set[str]:
    """Return which limits of a user are reached."""
    running, calls = process.limits.users.running, process.limits.users.calls
    assert running is not None
    assert calls is not None
    found = {"USER_RUNNING"} if running.is_full("user_1") else set()
    return found | ({"USER_PER_MINUTE"} if calls.is_full("user_1", process.seconds()) else set())


async def test_a_server_that_forgot_everything_is_told_again(database: PostgresDatabase) -> None:
    """What is not logged is gone after a crash of the server."""
    two = Two(database, user_running=4, user_per_minute=8)
    enter(two.one, 3)
    enter(two.other)
    await two.exchange()

    def forget() -> Script[None]:
        yield Statement("truncate counting_processes, counted_calls")

    await database.write(forget())
    await two.exchange()
    assert refused(two.other) == ("USER_RUNNING", 1)


async def test_a_clock_of_the_server_that_is_set_is_noticed(database: PostgresDatabase) -> None:
    """Back or on: ages stay what they are."""
    two = Two(database, user_per_minute=3)
    enter(two.one, 2)
    enter(two.other)
    await two.exchange()
    for step_s in (-7200, 3600, 3600):
        two.clock.now_s += step_s
        two.move(1)
        await two.exchange()
        assert refused(two.other)[0] == "USER_PER_MINUTE"
    two.move(57)
    await two.exchange()
    enter(two.other)


async def test_what_a_process_did_last_is_told_when_it_ends(database: PostgresDatabase) -> None:
    """A rolling restart begins no new minute."""
    limits = Limits(user_per_minute=3, user_running=2)
    ending = CallLimits(limits, shared=True)
    async with sharing(ending, database, Sealer(bytes(32))):
        slots = [ending.enter("user_1", "a", free=False) for _ in range(2)]
        for slot in slots:
            slot.leave()
    successor = CallLimits(limits, shared=True)
    async with sharing(successor, database, Sealer(bytes(32))):
        successor.enter("user_1", "a", free=False)
    with pytest.raises(Refusal) as caught:  # it has heard when it ended itself
        successor.enter("user_1", "a", free=False)
    assert caught.value.details == {"limit": "USER_PER_MINUTE"}


async def test_a_store_that_is_closed_ends_nothing_else(
    database: PostgresDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    """Sharing ends with a sentence."""
    limits = CallLimits(Limits(), shared=True)
    async with sharing(limits, database, Sealer(bytes(32))):
        limits.enter("user_1", "a", free=False)
        await database.close()
    assert "call limits begin anew" in caplog.text


async def beats(database: Any) -> dict[str, int]:
    """Return when each process exchanged last."""

    def read() -> Script[dict[str, int]]:
        rows = yield Statement("select process_id, beat_at from counting_processes")
        return dict(rows)

    found: dict[str, int] = await database.read(read())
    return found


async def exchanged(world: World, times: int) -> None:
    """Wait until two gateways have exchanged so often."""
    for _ in range(times):
        before = await beats(world.gateway.database)
        while True:
            now = await beats(world.gateway.database)
            if len(now) == 2 and all(at > before.get(name, 0) for name, at in now.items()):
                break


async def test_two_gateways_limit_together(tmp_path: Path, store: Store) -> None:
    """As they run: each tells the other once a second, without being asked."""
    limits = Limits(**{**UNCOUNTED, "user_per_minute": 6})
    async with (
        open_world(tmp_path, limits=limits) as one,
        open_world(tmp_path, limits=limits) as other,
    ):
        for world in (one, other):
            world.provider.always(Answer.json({}))
        visitor = await one.sign_in()
        for world in (one, one, one, other, other, other):
            async with world.call(visitor) as answer:
                assert answer.status == 200
        await exchanged(one, 2)
        for world in (one, other):
            async with world.call(visitor) as answer:
                body = await answer.json()
                assert (answer.status, body["details"]["limit"]) == (429, "USER_PER_MINUTE")
                assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert await one.verify() == []
