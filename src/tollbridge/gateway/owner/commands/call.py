"""`tollbridge call`: what became of calls."""

from pathlib import Path
from typing import Any

import click

from tollbridge.gateway.calls.receipts import find_call, list_calls
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.owner.commands.printing import columns, show
from tollbridge.gateway.owner.commands.running import Open, data_dir_option, json_option, run

# A screen or two; the table keeps all of them.
LISTED_DEFAULT = 50
LISTED_MAX = 10_000


@click.group()
def call() -> None:
    """Calls: their receipts."""


@call.command("list")
@click.option("--paywall", "paywall_id", metavar="ID", help="Only this paywall's.")
@click.option("--user", "user_id", metavar="ID", help="Only this user's.")
@click.option(
    "--limit", type=click.IntRange(1, LISTED_MAX), default=LISTED_DEFAULT, show_default=True
)
@data_dir_option
@json_option
def list_(
    paywall_id: str | None,
    user_id: str | None,
    limit: int,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """List the newest calls, newest first."""

    async def work(store: Open) -> list[dict[str, Any]]:
        return await store.database.read(list_calls(paywall_id, user_id, limit))

    found = run(data_dir, work)
    names = ("call_id", "created_at", "user_id", "provider_id", "query_type", "credits_charged")
    headings = ("call", "created", "user", "provider", "type", "credits", "state")
    rows = [[row[name] for name in (*names, "state")] for row in found]
    show(
        {"calls": found},
        columns(headings, rows) if rows else ["No calls."],
        as_json=as_json,
    )


@call.command("show")
@click.argument("call_id", metavar="ID")
@data_dir_option
@json_option
def show_(call_id: str, data_dir: Path | None, as_json: bool) -> None:
    """Show one call."""

    async def work(store: Open) -> dict[str, Any] | None:
        return await store.database.read(find_call(call_id))

    found = run(data_dir, work)
    if found is None:
        raise Refusal("call_not_found", f"There is no call {call_id}.")
    show(found, columns(("", ""), found.items())[1:], as_json=as_json)
