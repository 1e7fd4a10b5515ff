"""`tollbridge user`: users and their credits."""

from pathlib import Path
from typing import Any

import click

from tollbridge.gateway import ledger
from tollbridge.gateway.clock import parse_rfc3339, rfc3339
from tollbridge.gateway.database import Script
from tollbridge.gateway.identity import list_balances
from tollbridge.gateway.identity.queries import User, find_user, insert_user
from tollbridge.gateway.identity.refusals import no_identity
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.owner.changes import AMOUNT_MAX
from tollbridge.gateway.owner.commands.printing import columns, credits, show
from tollbridge.gateway.owner.commands.running import Open, data_dir_option, json_option, run
from tollbridge.gateway.owner.grants import Gift, give
from tollbridge.gateway.owner.once import KEY_CHARS_MAX
from tollbridge.gateway.paywalls import need_paywall

paywall_option = click.option("--paywall", "paywall_id", required=True, metavar="ID")
user_option = click.option("--user", "user_id", required=True, metavar="ID")


@click.group()
def user() -> None:
    """Users of a paywall."""


@user.command()
@paywall_option
@data_dir_option
@json_option
def create(paywall_id: str, data_dir: Path | None, as_json: bool) -> None:
    """Make a user, without credits: trial credits come with a first sign-in."""
    made = User(new_id("user"), paywall_id, None, anonymous=False)

    def make(now: int) -> Script[None]:
        yield from need_paywall(paywall_id)
        yield from insert_user(made, now)

    async def work(store: Open) -> None:
        await store.database.write(make(store.now))

    run(data_dir, work)
    show({"id": made.user_id}, [f"User {made.user_id} is made."], as_json=as_json)


@user.command("show")
@paywall_option
@user_option
@data_dir_option
@json_option
def show_(paywall_id: str, user_id: str, data_dir: Path | None, as_json: bool) -> None:
    """Show a user: balances, and what running calls hold."""

    async def work(store: Open) -> dict[str, Any]:
        return await store.database.write(describe(paywall_id, user_id, store.now))

    found = run(data_dir, work)
    held = {row["type"]: row["count"] for row in found["held"]}
    rows = [
        (row["type"], row["count"], row["granted"], held.get(row["type"], 0))
        for row in found["balances"]
    ]
    kind = "anonymous" if found["anonymous"] else "not anonymous"
    show(
        found,
        [f"User {user_id} of {paywall_id}, {kind}", *columns(("type", "left", "of", "held"), rows)],
        as_json=as_json,
    )


@user.command()
@paywall_option
@user_option
@click.option(
    "--type", "query_type", required=True, metavar="TYPE", help="A query type of the paywall."
)
@click.option("--amount", type=click.IntRange(1, AMOUNT_MAX), required=True)
@click.option(
    "--key",
    metavar="KEY",
    callback=lambda ctx, parameter, value: read_grant_key(value),
    help="Names this grant: running the same command again grants nothing more.",
)
@click.option(
    "--expires",
    metavar="TIME",
    callback=lambda ctx, parameter, value: read_time(value),
    help="When what is left of it ends, such as 2027-01-31T00:00:00Z.",
)
@data_dir_option
@json_option
def grant(
    paywall_id: str,
    user_id: str,
    query_type: str,
    amount: int,
    key: str | None,
    expires: int | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Give a user credits."""
    gift = Gift(paywall_id, user_id, query_type, amount, expires)

    async def work(store: Open) -> tuple[dict[str, Any], bool]:
        return await store.database.write(give(gift, key, store.now))

    answer, repeated = run(data_dir, work)
    until = f", until {rfc3339(expires)}" if expires else ""
    said = f"{credits(amount)} of {query_type} granted{until}; {answer['count']} left."
    if repeated:
        said = f"This key was used before, nothing more is granted. The answer then: {said}"
    show(answer, [said], as_json=as_json)


def describe(paywall_id: str, user_id: str, now: int) -> Script[dict[str, Any]]:
    """Return a user as JSON shows them."""
    paywall = yield from need_paywall(paywall_id)
    found = yield from find_user(paywall_id, user_id)
    if found is None:
        raise no_identity()
    balances = yield from list_balances(paywall, user_id, now)
    held = yield from ledger.held(user_id)
    return {
        "id": user_id,
        "anonymous": found.anonymous,
        "balances": [row.to_json() for row in balances],
        "held": [{"type": row.type, "count": held.get(row.type, 0)} for row in balances],
    }


def read_grant_key(text: str | None) -> str | None:
    """Read `--key` as it is."""
    if text is not None and not (0 < len(text) <= KEY_CHARS_MAX and text.isprintable()):
        raise click.BadParameter(f"a key is one line of 1 to {KEY_CHARS_MAX} characters")
    return text


def read_time(text: str | None) -> int | None:
    """Read `--expires` as milliseconds since 1970."""
    try:
        return None if text is None else parse_rfc3339(text)
    except ValueError as error:
        raise click.BadParameter(f"{error} (write it as 2027-01-31T00:00:00Z)") from None
