"""A paywall with users in it: what the ledger's rows refer to, in a real store."""

from pathlib import Path
from typing import Any

from tests.support.stores import AnyDatabase, open_store
from tollbridge.gateway import ledger
from tollbridge.gateway.database import Script, Shortcut, Statement
from tollbridge.gateway.ledger import Ending, GrantOrder, Hold, HoldOrder, NotEnough

NOW = 1_800_000_000_000
USERS = ("user_a", "user_b")


async def open_ledger(folder: Path) -> AnyDatabase:
    """Open the store that a folder stands for; its users may have credits."""
    database = await open_store(folder)
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


# As the gateway does them: where the store has round trips, many callers' in one statement.


async def hold(database: AnyDatabase, order: HoldOrder, now: int = NOW) -> Hold | NotEnough:
    """Hold, by the shortcut where it may be taken."""
    return await database.write(ledger.hold(order, now), hold_shortcut(order, now))


async def settle(database: AnyDatabase, held: Hold) -> None:
    """Settle, by the shortcut."""
    await database.write(ledger.settle(held), ledger.settle_shortcut(held))


async def end(database: AnyDatabase, held: Hold, ending: Ending) -> None:
    """Write an ending, by the shortcut."""
    await database.write(ledger.end(held, ending), ledger.end_shortcut(held, ending))


def hold_shortcut(order: HoldOrder, now: int = NOW) -> Shortcut[Any] | None:
    """Return the shortcut of a hold that counts no failures; None where there is none."""
    if not order.amount or order.attempt != 1:
        return None
    return ledger.hold_shortcut(order, now, failures=None, since=0, until=0)


async def give(database: AnyDatabase, amount: int, source_key: str = "gift", **how: Any) -> str:
    """Grant credits to the first user and return the grant's id."""
    order = GrantOrder("user_a", "standard", amount, source_key, **how)
    return (await database.write(ledger.grant(order, NOW))).grant_id


def rows(sql: str, *parameters: Any) -> Script[list[tuple[Any, ...]]]:
    """Run one statement and return its rows."""
    return (yield Statement(sql, parameters))
