"""Plain SQL past the gateway cannot rewrite what happened."""

import pytest

from tests.ledger.people import NOW, give, hold, hold_order, settle
from tests.ledger.shell import REFUSALS, open_shell
from tests.support.stores import place
from tollbridge.gateway import ledger
from tollbridge.gateway.ledger import Ending


@pytest.fixture
async def shell(database, store, tmp_path):
    """A second connection, where a grant, a voided, a reversed and a running call stand."""
    await give(database, 5, "gift_1", priority=10)
    await give(database, 5, "gift_2")
    ending = Ending("failed", None, NOW)
    voided = await hold(database, hold_order("voided"))
    await database.write(ledger.void(voided, ending))
    reversed_call = await hold(database, hold_order("reversed"))
    await settle(database, reversed_call)
    await database.write(ledger.reverse(reversed_call, ending))
    settled = await hold(database, hold_order("settled"))
    await settle(database, settled)
    await hold(database, hold_order("held", 7))
    async with open_shell(store.kind, place(tmp_path)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("update journal set amount = 9 where kind = 'grant'", "append-only"),
        ("delete from journal where kind = 'void'", "append-only"),
        ("delete from calls where call_id = 'voided'", "calls are kept"),
        ("delete from call_takes", "calls are kept|does not change"),
        ("update call_takes set amount = 1", "does not change"),
    ],
)
async def test_what_is_written_stays(shell, sql, said):
    """Neither the journal nor the calls can be changed or removed."""
    with pytest.raises(REFUSALS, match=said):
        await shell.execute(sql)


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("replace into journal select * from journal where kind = 'void'", "append-only"),
        ("replace into calls select * from calls where call_id = 'held'", "calls are kept"),
    ],
)
async def test_nothing_is_replaced(shell, sql, said):
    """SQLite's own way to delete a row by writing another."""
    with pytest.raises(REFUSALS, match=said):
        await shell.execute(sql)


@pytest.mark.only_on("postgres")
@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("journal", "append-only"),
        ("calls", "calls are kept"),
        ("call_takes", "does not change"),
    ],
)
async def test_nothing_is_emptied(shell, table, said):
    """PostgreSQL's own way to delete all rows, which no row's trigger sees."""
    with pytest.raises(REFUSALS, match=said):
        await shell.execute(f"truncate {table} cascade")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("held", "reversed"),
        ("held", "refused"),
        ("settled", "held"),
        ("settled", "voided"),
        ("settled", "refused"),
        ("voided", "held"),
        ("voided", "settled"),
        ("voided", "reversed"),
        ("reversed", "settled"),
        ("reversed", "held"),
    ],
)
async def test_a_call_only_moves_forward(shell, before, after):
    """Held to settled or voided, settled to reversed: there is no other move."""
    with pytest.raises(REFUSALS, match="only moves forward"):
        await shell.execute(f"update calls set state = '{after}' where call_id = '{before}'")


@pytest.mark.parametrize(
    "change",
    [
        "call_id = 'x'",
        "attempt = 9",
        "paywall_id = 'x'",
        "user_id = 'x'",
        "provider_id = 'x'",
        "query_type = 'x'",
        "epoch_id = 'x'",
        "amount = 0",
        "grant_id = 'x'",
        "grant_id = null",
        "held_at = 1",
    ],
)
async def test_what_a_call_is_never_changes(shell, change):
    """Whose it is, what it cost and where the credits came from stand as they were written."""
    with pytest.raises(REFUSALS, match="only moves forward"):
        await shell.execute(f"update calls set {change} where call_id = 'settled'")


@pytest.mark.parametrize(
    "sql",
    [
        "update balances set available = -1",
        "update balances set debt = 1",
        "update balances set seated_grant = null",
        "update balances set seated_left = available + 1",
        "update grants set remaining = -1",
        "update grants set remaining = amount + 1",
        "update calls set ended_at = 1 where state = 'held'",
        "insert into journal values ('x', 'void', 'user_a', 'standard', 'g', 1, 0, null, null, 1)",
        "insert into journal values ('x', 'grant', 'user_a', 'standard', 'g', 1, 1, null, null, 1)",
        "insert into journal values ('x', 'debit', 'user_a', 'standard', 'g', 1, 0, null, null, 1)",
        "insert into journal values ('x', 'debt', 'user_a', 'standard', 'g', 0, 1, null, null, 1)",
        "insert into journal values ('x', 'gift', 'user_a', 'standard', 'g', 1, 0, null, null, 1)",
    ],
)
async def test_what_cannot_be_true_cannot_be_written(shell, sql):
    """Negative balances, credits in no grant, entries that no command writes."""
    with pytest.raises(REFUSALS, match=r"(?i)check constraint"):
        await shell.execute(sql)
