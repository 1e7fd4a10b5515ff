"""Whom a shortcut serves, and whom it leaves to the script: one condition after the other."""

import asyncio
from dataclasses import replace

import pytest

from tests.ledger.people import NOW, end, give, hold, hold_order, hold_shortcut, rows, settle
from tollbridge.gateway import ledger
from tollbridge.gateway.ledger import Ending

pytestmark = pytest.mark.only_on("postgres")


def left_to_the_script():
    """What is run for who is not served."""
    return "script"
    yield


async def ask(database, shortcut):
    """Take a shortcut; return its answer, or `script`."""
    return await database.write(left_to_the_script(), shortcut)


async def states(database):
    """What has become of the calls."""
    return [state for (state,) in await database.read(rows("select state from calls"))]


async def test_a_hold_is_served_where_the_seated_grant_covers_it(database):
    """Up to the last credit of it, and not one beyond although another grant has more."""
    await give(database, 2, "seated")
    await give(database, 5, "next")
    assert await ask(database, hold_shortcut(hold_order("call_1", 3))) == "script"
    held = await ask(database, hold_shortcut(hold_order("call_2", 2)))
    assert (held.available, held.version) == (5, 3)
    assert await ask(database, hold_shortcut(hold_order("call_3", 1))) == "script"


async def test_a_hold_is_served_until_something_expires(database):
    """Also where that is another grant than the seated one."""
    await give(database, 2, "seated", priority=1)
    await give(database, 5, "soon", expires_at=NOW + 10)
    assert await ask(database, hold_shortcut(hold_order("call_1"), NOW + 10)) == "script"
    assert (await ask(database, hold_shortcut(hold_order("call_1"), NOW + 9))).available == 6


async def test_a_user_without_credits_is_not_served(database):
    """There is no gate, or it belongs to somebody else, or to another type."""
    await give(database, 5)
    for order in (hold_order("a", user_id="user_b"), hold_order("b", query_type="advanced")):
        assert await ask(database, hold_shortcut(order)) == "script"
    assert await states(database) == []


async def test_a_key_that_was_used_is_not_served(database):
    """Which attempt of which call it is, the script finds out."""
    await give(database, 5)
    order = replace(hold_order("call_1"), key_hash=b"key", fingerprint=b"print")
    assert (await ask(database, hold_shortcut(order))).available == 4
    again = replace(order, call_id="call_2")
    assert await ask(database, hold_shortcut(again)) == "script"
    assert (await ask(database, hold_shortcut(replace(again, key_hash=b"other")))).available == 3
    found = await database.read(rows("select key_hash, fingerprint from calls order by call_id"))
    assert found == [(b"key", b"print"), (b"other", b"print")]


@pytest.mark.parametrize(
    ("failures", "since", "until", "served"),
    [
        (2, 0, 20, True),
        (1, 0, 20, False),
        (1, 10, 20, True),
        (1, 0, 19, True),
        (0, 10, 20, False),
        (None, 0, 20, True),
    ],
)
async def test_failures_are_counted_in_their_window(database, failures, since, until, served):
    """More than so many, after the one moment and up to the other: the script says it."""
    await give(database, 5)
    for number, at in enumerate((10, 20, 20)):
        held = await hold(database, hold_order(f"failed_{number}"))
        ending = Ending("failed", 400, NOW + at, blamed=number < 2)
        await database.write(ledger.void(held, ending))
    order = hold_order("call_1")
    shortcut = ledger.hold_shortcut(
        order, NOW + 30, failures=failures, since=NOW + since, until=NOW + until
    )
    assert (await ask(database, shortcut) != "script") == served


async def test_a_settle_is_served_for_the_very_hold(database):
    """The same call, attempt, epoch and moment; anything else belongs to somebody else."""
    await give(database, 5)
    order = replace(hold_order("call_1"), held_at=NOW)
    held = await hold(database, order)
    for other in ({"epoch_id": "other"}, {"held_at": NOW + 1}, {"attempt": 2}, {"call_id": "x"}):
        stranger = replace(held, order=replace(order, **other))
        assert await ask(database, ledger.settle_shortcut(stranger)) == "script"
    assert await states(database) == ["held"]
    assert await ask(database, ledger.settle_shortcut(held)) == held
    assert await states(database) == ["settled"]
    assert await ask(database, ledger.settle_shortcut(held)) == "script"


async def test_a_settle_needs_no_moment(database):
    """Where nobody can have taken the attempt's number since."""
    await give(database, 5)
    held = await hold(database, hold_order("call_1"))
    assert await ask(database, ledger.settle_shortcut(held)) == held


async def test_an_ending_is_written_once_and_never_for_a_hold(database):
    """Everybody is served; a call that is held keeps no ending, another keeps its first."""
    await give(database, 5)
    held = await hold(database, hold_order("call_1"))
    endings = "select outcome, provider_status, ended_at from calls"
    for settled, ending, found in (
        (False, Ending("ok", 200, NOW), ("running", None, None)),
        (True, Ending("ok", 201, NOW + 1), ("ok", 201, NOW + 1)),
        (True, Ending("broken", 202, NOW + 2), ("ok", 201, NOW + 1)),
    ):
        if settled and await states(database) == ["held"]:
            await settle(database, held)
        assert await ask(database, ledger.end_shortcut(held, ending)) is None
        assert await database.read(rows(endings)) == [found]


async def test_calls_that_come_together_are_a_statement_for_each_step(database):
    """Sixty-four holds, then their settles, then their ends: three commits for all of them."""
    await give(database, 64)
    steps = []

    async def together(work):
        before = database.load()
        answers = await asyncio.gather(*work)
        after = database.load()
        steps.append((after.commits - before.commits, after.scripts - before.scripts))
        return answers

    held = await together(hold(database, hold_order(f"call_{number:02}")) for number in range(64))
    assert sorted(one.available for one in held) == list(range(64))
    await together(settle(database, one) for one in held)
    await together(end(database, one, Ending("ok", 200, NOW)) for one in held)
    assert steps == [(1, 64)] * 3
    assert await states(database) == ["settled"] * 64
    assert await database.read(ledger.verify(), snapshot=True) == []
