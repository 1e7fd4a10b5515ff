"""Plain SQL on the file cannot rewrite what happened."""

import apsw
import pytest

from tests.ledger.people import NOW, give, hold_order
from tollbridge.gateway import ledger
from tollbridge.gateway.database.connection import connect
from tollbridge.gateway.ledger import Ending


@pytest.fixture
async def shell(database, tmp_path):
    """A second connection, where a grant, a voided, a reversed and a running call stand."""
    await give(database, 5, "gift_1", priority=10)
    await give(database, 5, "gift_2")
    ending = Ending("failed", None, NOW)
    voided = await database.write(ledger.hold(hold_order("voided"), NOW))
    await database.write(ledger.void(voided, ending))
    reversed_call = await database.write(ledger.hold(hold_order("reversed"), NOW))
    await database.write(ledger.settle(reversed_call))
    await database.write(ledger.reverse(reversed_call, ending))
    settled = await database.write(ledger.hold(hold_order("settled"), NOW))
    await database.write(ledger.settle(settled))
    await database.write(ledger.hold(hold_order("held", 7), NOW))
    connection = connect(tmp_path / "tollbridge.db")
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("update journal set amount = 9 where kind = 'grant'", "append-only"),
        ("delete from journal where kind = 'void'", "append-only"),
        ("replace into journal select * from journal where kind = 'void'", "append-only"),
        ("delete from calls where call_id = 'voided'", "calls are kept"),
        ("replace into calls select * from calls where call_id = 'held'", "calls are kept"),
        ("delete from call_takes", "calls are kept"),
        ("update call_takes set amount = 1", "does not change"),
    ],
)
def test_what_is_written_stays(shell, sql, said):
    """Neither the journal nor the calls can be changed, removed or replaced."""
    with pytest.raises(apsw.ConstraintError, match=said):
        shell.execute(sql)


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
def test_a_call_only_moves_forward(shell, before, after):
    """Held to settled or voided, settled to reversed: there is no other move."""
    with pytest.raises(apsw.ConstraintError, match="only moves forward"):
        shell.execute("update calls set state = ? where call_id = ?", (after, before))


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
def test_what_a_call_is_never_changes(shell, change):
    """Whose it is, what it cost and where the credits came from stand as they were written."""
    with pytest.raises(apsw.ConstraintError, match="only moves forward"):
        shell.execute(f"update calls set {change} where call_id = 'settled'")


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
def test_what_cannot_be_true_cannot_be_written(shell, sql):
    """Negative balances, credits in no grant, entries that no command writes."""
    with pytest.raises(apsw.ConstraintError, match="CHECK constraint failed"):
        shell.execute(sql)
