"""`tollbridge request`: look into the request log."""

from pathlib import Path
from typing import Any

import click

from tollbridge.gateway.clock import parse_rfc3339, rfc3339
from tollbridge.gateway.observing.queries import LoggedRequest, list_requests
from tollbridge.gateway.owner.commands.printing import columns, show
from tollbridge.gateway.owner.commands.running import Open, data_dir_option, json_option, run

# A screen or two; the table keeps those of TOLLBRIDGE_REQUEST_LOG_DAYS.
LISTED_DEFAULT = 50
LISTED_MAX = 10_000


@click.group()
def request() -> None:
    """Requests: the log of the last days."""


@request.command("list")
@click.option("--since", metavar="TIME", help="Only from then on, such as 2027-01-31T00:00:00Z.")
@click.option("--id", "request_id", metavar="ID", help="Only the one that an answer named.")
@click.option("--paywall", "paywall_id", metavar="ID", help="Only this paywall's.")
@click.option("--user", "user_id", metavar="ID", help="Only this user's.")
@click.option("--status", type=click.IntRange(0, 599), help="Only with this HTTP status.")
@click.option(
    "--limit", type=click.IntRange(1, LISTED_MAX), default=LISTED_DEFAULT, show_default=True
)
@data_dir_option
@json_option
def list_(
    since: str | None,
    request_id: str | None,
    paywall_id: str | None,
    user_id: str | None,
    status: int | None,
    limit: int,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """List the newest requests, newest first."""
    script = list_requests(
        since=parse_rfc3339(since) if since else 0,
        request_id=request_id,
        paywall_id=paywall_id,
        user_id=user_id,
        status=status,
        limit=limit,
    )

    async def work(store: Open) -> list[LoggedRequest]:
        return await store.database.read(script)

    found = [_shown(row) for row in run(data_dir, work)]
    names = ("at", "request_id", "method", "route", "status", "error", "duration_ms", "user_id")
    headings = ("at", "request", "method", "route", "status", "error", "ms", "user")
    rows = [[row[name] for name in names] for row in found]
    show(
        {"requests": found},
        columns(headings, rows) if rows else ["No requests."],
        as_json=as_json,
    )


def _shown(row: LoggedRequest) -> dict[str, Any]:
    return {**row._asdict(), "at": rfc3339(row.at)}
