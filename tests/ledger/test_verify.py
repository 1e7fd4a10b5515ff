"""Every difference is named: for each law, somebody breaks it and `verify` says so."""

import asyncio

import pytest

from tests.ledger.people import NOW, give, hold, hold_order, settle
from tests.ledger.shell import open_shell
from tests.support.stores import place
from tollbridge.gateway import ledger
from tollbridge.gateway.ledger import Ending, GrantOrder

FAILED = Ending("failed", None, NOW)


@pytest.fixture
async def shell(database, store, tmp_path):
    """A connection of somebody who has lifted every guard, to a ledger with a bit of everything."""
    await give(database, 5, "gift_1", priority=10)
    await give(database, 5, "gift_2")
    await give(database, 3, "expiring", expires_at=NOW + 100)
    await database.write(ledger.grant(GrantOrder("user_b", "standard", 4, "other"), NOW))
    settled = await hold(database, hold_order("settled"))
    await settle(database, settled)
    voided = await hold(database, hold_order("voided"))
    await database.write(ledger.void(voided, FAILED))
    reversed_call = await hold(database, hold_order("reversed", 4))
    await settle(database, reversed_call)
    await database.write(ledger.reverse(reversed_call, FAILED))
    await hold(database, hold_order("held", 6))
    await database.write(ledger.debit("user_b", "standard", 3, "correction", NOW))
    async with open_shell(store.kind, place(tmp_path)) as opened:
        await opened.lift_guards()
        yield opened


GIFT_2 = "(select grant_id from grants where source_key = 'gift_2')"
OTHER = "(select grant_id from grants where source_key = 'other')"
OF_A = "where user_id = 'user_a'"


async def test_a_sound_ledger_has_no_differences(shell):
    """Lifting the guards alone changes nothing."""
    assert await shell.read(ledger.verify()) == []


@pytest.mark.parametrize(
    ("sql", "sentences"),
    [
        pytest.param(
            f"update balances set available = available + 1 {OF_A}",
            ["balance user_a/standard: available is 7, its grants hold 6"],
            id="more is available",
        ),
        pytest.param(
            f"update balances set available = available + 1, seated_left = seated_left + 1 {OF_A}",
            ["credits remain, the journal and the calls say"],
            id="more is available at the gate",
        ),
        pytest.param(
            f"update grants set remaining = 4 where grant_id = {GIFT_2}",
            [
                ": 4 credits remain, the journal and the calls say 5",
                "balance user_a/standard: available is 6, its grants hold 5",
            ],
            id="less remains of a grant",
        ),
        pytest.param(
            f"update balances set granted = 14 {OF_A}",
            ["balance user_a/standard: granted is 14, its live grants sum up to 13"],
            id="more was granted",
        ),
        pytest.param(
            f"update grants set ended_at = 1 where grant_id = {GIFT_2}",
            ["balance user_a/standard: granted is 13, its live grants sum up to 8"],
            id="a live grant has ended",
        ),
        pytest.param(
            f"update balances set debt = 2 {OF_A}",
            [
                "balance user_a/standard: the debt is 2, the journal says 0",
                "balance user_a/standard: 6 credits are available beside a debt of 2",
            ],
            id="a debt that nobody made",
        ),
        pytest.param(
            f"update balances set expires_at = null {OF_A}",
            [
                f"balance user_a/standard: something expires at None, its grants say {NOW + 100}",
            ],
            id="a gate that forgets an expiry",
        ),
        pytest.param(
            "delete from balances where user_id = 'user_b'",
            [
                "grants of user_b/standard have no balance row",
                ": 0 credits remain, the journal and the calls say 1",
            ],
            id="no gate",
        ),
        pytest.param(
            f"update grants set amount = 6 where grant_id = {GIFT_2}",
            [
                "its first journal entry is missing or says another amount than 6",
                "its live grants sum up to 14",
            ],
            id="a larger grant",
        ),
        pytest.param(
            "update calls set amount = 0 where call_id = 'held'",
            ["call held attempt 1 (held): it took 6 credits, its row says 0"],
            id="a cheaper call",
        ),
        pytest.param(
            "delete from call_takes where call_id = 'held'",
            ["it took 0 credits, its row says 6", "the journal and the calls say"],
            id="a call that took nothing",
        ),
        pytest.param(
            "delete from calls where call_id = 'settled'",
            ["the journal and the calls say"],
            id="a charge that never was",
        ),
        pytest.param(
            "delete from journal where kind = 'grant' and grant_id = " + GIFT_2,
            ["is missing or says another amount than 5", "the journal and the calls say 0"],
            id="no entry of a grant",
        ),
        pytest.param(
            "delete from journal where kind = 'debit'",
            ["the journal and the calls say 4"],
            id="no entry of a debit",
        ),
        pytest.param(
            "delete from journal where kind = 'void'",
            ["call voided attempt 1: 0 credits came back to grant", "the journal and the calls"],
            id="a void that gave nothing back",
        ),
        pytest.param(
            "insert into journal select 'again', kind, user_id, query_type, grant_id, amount, debt,"
            " call_id, attempt, at from journal where kind = 'void'",
            ["call voided attempt 1: 2 credits came back to grant", "the journal and the calls"],
            id="a double void",
        ),
        pytest.param(
            "update calls set state = 'voided' where call_id = 'settled'",
            ["call settled attempt 1: 0 credits came back to grant", ", 1 should have"],
            id="a void without its entry",
        ),
        pytest.param(
            "update calls set state = 'settled' where call_id = 'voided'",
            ["call voided attempt 1: 1 credits came back to grant", ", 0 should have"],
            id="a charge that was given back",
        ),
        pytest.param(
            f"update journal set grant_id = {GIFT_2} where kind = 'void'",
            ["call voided attempt 1: 1 credits came back to grant", ", 0 should have"],
            id="a void to another grant",
        ),
        pytest.param(
            "insert into calls select call_id, 2, paywall_id, user_id, provider_id, query_type,"
            " epoch_id, 0, null, held_at, state, outcome, provider_status, ended_at, null, null, 0"
            " from calls where call_id = 'reversed'",
            ["call reversed was reversed 2 times"],
            id="a double reversal",
        ),
        pytest.param(
            f"update journal set grant_id = {OTHER} where kind = 'void'",
            ["journal entry void:voided:1:0 of user_a/standard names grant", "not theirs"],
            id="a void to another user's grant",
        ),
        pytest.param(
            f"update calls set grant_id = {OTHER} where call_id = 'settled'",
            ["call settled of user_a/standard names grant", "not theirs"],
            id="a call at another user's cost",
        ),
        pytest.param(
            f"update balances set seated_grant = {OTHER} {OF_A}",
            ["balance of user_a/standard names grant", "the journal and the calls say"],
            id="another user's grant at the gate",
        ),
        pytest.param(
            f"delete from grants where grant_id = {GIFT_2}",
            ["of user_a/standard names grant", "its grants hold 1"],
            id="a grant that is gone",
        ),
    ],
)
async def test_each_kind_of_tampering_is_named(shell, sql, sentences):
    """The sentence says where it is, what stands there, and what should."""
    assert await shell.execute(sql) > 0
    said = "\n".join(await shell.read(ledger.verify()))
    for sentence in sentences:
        assert sentence in said


async def test_it_reads_one_moment_while_the_gateway_writes(database):
    """Run again and again beside thirty busy callers, it never sees half a command."""
    await give(database, 50)
    await give(database, 50, "gift_2")
    done = asyncio.Event()

    async def call(number: int) -> None:
        attempt = 0
        while not done.is_set():
            attempt += 1
            order = hold_order(f"call_{number}", number % 4, attempt=attempt)
            held = await hold(database, order)
            if isinstance(held, ledger.Hold):
                await database.write(ledger.void(held, FAILED))

    callers = [asyncio.create_task(call(number)) for number in range(30)]
    versions = set()
    while len(versions) < 20:
        assert await database.read(ledger.verify(), snapshot=True) == []
        versions.add((await database.write(ledger.balances("user_a", NOW)))[0].version)
    done.set()
    await asyncio.gather(*callers)
    assert await database.read(ledger.verify(), snapshot=True) == []
