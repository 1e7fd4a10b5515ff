"""`tollbridge voucher`: codes that are worth credits."""

from pathlib import Path
from typing import Any

import click

from tollbridge.gateway.clock import rfc3339
from tollbridge.gateway.commerce import USES_MAX, VoucherOrder
from tollbridge.gateway.commerce.codes import new_code
from tollbridge.gateway.commerce.queries import Voucher, list_vouchers
from tollbridge.gateway.owner.changes import AMOUNT_MAX
from tollbridge.gateway.owner.commands.printing import columns, credits, show
from tollbridge.gateway.owner.commands.running import Open, data_dir_option, json_option, run
from tollbridge.gateway.owner.commands.user import read_time
from tollbridge.gateway.owner.vouchers import issue

# A screen or two; the table keeps all of them.
LISTED_DEFAULT = 50
LISTED_MAX = 10_000


@click.group()
def voucher() -> None:
    """Vouchers: a user redeems a code for credits."""


@voucher.command()
@click.option("--paywall", "paywall_id", required=True, metavar="ID")
@click.option(
    "--type", "query_type", required=True, metavar="TYPE", help="A query type of the paywall."
)
@click.option(
    "--amount",
    type=click.IntRange(1, AMOUNT_MAX),
    required=True,
    help="Credits for each user who redeems it.",
)
@click.option(
    "--uses",
    type=click.IntRange(1, USES_MAX),
    default=1,
    show_default=True,
    help="How many users may redeem it, each once.",
)
@click.option(
    "--expires",
    metavar="TIME",
    callback=lambda ctx, parameter, value: read_time(value),
    help="When the code ends, such as 2027-01-31T00:00:00Z; credits that it gave stay.",
)
@data_dir_option
@json_option
def create(
    paywall_id: str,
    query_type: str,
    amount: int,
    uses: int,
    expires: int | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Make a voucher; its code is shown once."""
    order, code = VoucherOrder(paywall_id, query_type, amount, uses, expires), new_code()

    async def work(store: Open) -> Voucher:
        return await store.database.write(issue(order, code, store.now))

    made = run(data_dir, work)
    users = "one user" if uses == 1 else f"each of {uses} users"
    until = f", until {rfc3339(expires)}" if expires else ""
    show(
        {"id": made.voucher_id, "code": code.reveal()},
        [
            f"Voucher {made.voucher_id} gives {users} {credits(amount)} of {query_type}{until}.",
            "Its code is shown only now:",
            "",
            f"  {code.reveal()}",
        ],
        as_json=as_json,
    )


@voucher.command("list")
@click.option("--paywall", "paywall_id", metavar="ID", help="Only this paywall's.")
@click.option(
    "--limit", type=click.IntRange(1, LISTED_MAX), default=LISTED_DEFAULT, show_default=True
)
@data_dir_option
@json_option
def list_(paywall_id: str | None, limit: int, data_dir: Path | None, as_json: bool) -> None:
    """List the newest vouchers, newest first; their codes are not kept."""

    async def work(store: Open) -> list[Voucher]:
        return await store.database.read(list_vouchers(paywall_id, limit))

    found = [_describe(row) for row in run(data_dir, work)]
    headings = ("voucher", "paywall", "type", "credits", "used", "of", "created", "expires")
    rows = [list(row.values()) for row in found]
    show(
        {"vouchers": found},
        columns(headings, rows) if rows else ["No vouchers."],
        as_json=as_json,
    )


def _describe(row: Voucher) -> dict[str, Any]:
    """Return a voucher as JSON shows it, in the order of the columns."""
    return {
        "id": row.voucher_id,
        "paywall_id": row.paywall_id,
        "type": row.query_type,
        "amount": row.amount,
        "uses": row.uses,
        "uses_max": row.uses_max,
        "created_at": rfc3339(row.created_at),
        "expires_at": rfc3339(row.expires_at),
    }
