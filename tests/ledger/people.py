"""A paywall with users in it: what the ledger's rows refer to, on a real file."""

from pathlib import Path
from typing import Any

from tollbridge.gateway.database import Script, SqliteDatabase, Statement
from tollbridge.gateway.ledger import GrantOrder, HoldOrder, grant

NOW = 1_800_000_000_000
USERS = ("user_a", "user_b")


async def open_ledger(path: Path) -> SqliteDatabase:
    """Open a store whose users may have credits."""
    database = SqliteDatabase(path)
    await database.write(add_people())
    return database


def add_people() -> Script[None]:
    """Write a paywall and its users, if they are not there yet."""
    yield Statement(
        "insert into paywalls (paywall_id, name, origins, tokenization, created_at)"
        " values ('pw_test', 'Test', '[]', 1, $1) on conflict do nothing",
        (NOW,),
    )
    for user_id in USERS:
        yield Statement(
            "insert into users (user_id, paywall_id, anonymous, created_at)"
            " values ($1, 'pw_test', 1, $2) on conflict do nothing",
            (user_id, NOW),
        )


def hold_order(
    call_id: str,
    amount: int = 1,
    *,
    attempt: int = 1,
    user_id: str = "user_a",
    query_type: str = "standard",
    epoch_id: str = "epoch_1",
) -> HoldOrder:
    """Ask for a hold."""
    return HoldOrder(
        call_id, attempt, epoch_id, "pw_test", user_id, "prov_test", query_type, amount
    )


async def give(database: SqliteDatabase, amount: int, source_key: str = "gift", **how: Any) -> str:
    """Grant credits to the first user and return the grant's id."""
    order = GrantOrder("user_a", "standard", amount, source_key, **how)
    return (await database.write(grant(order, NOW))).grant_id


def rows(sql: str, *parameters: Any) -> Script[list[tuple[Any, ...]]]:
    """Run one statement and return its rows."""
    return (yield Statement(sql, parameters))
