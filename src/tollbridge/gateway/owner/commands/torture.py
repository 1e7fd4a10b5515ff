"""`tollbridge torture`: proof on one's own machine that no credit is lost, and none taken twice."""

import asyncio
import os
import secrets
import sys
from typing import Any

import click

from tollbridge.gateway.owner.commands.printing import columns, show
from tollbridge.gateway.owner.commands.running import json_option
from tollbridge.gateway.secret import Secret
from tollbridge.gateway.settings import PREFIX, read_settings
from tollbridge.gateway.torture.options import MODES, Options
from tollbridge.gateway.torture.report import Report

_DEFAULTS = Options()


@click.command()
@click.option(
    "--seconds",
    type=int,
    default=_DEFAULTS.seconds,
    show_default=True,
    help="How long calls are made.",
)
@click.option(
    "--callers", type=int, default=_DEFAULTS.callers, show_default=True, help="How many at once."
)
@click.option(
    "--credits", type=int, default=_DEFAULTS.credits, show_default=True, help="Granted in all."
)
@click.option(
    "--kills", type=int, default=_DEFAULTS.kills, show_default=True, help="Times of `kill -9`."
)
@click.option("--seed", type=int, help="Repeats the choices of an earlier run.")
@click.option(
    "--charge-on",
    "modes",
    multiple=True,
    type=click.Choice(MODES),
    help="Only providers that charge then; repeat it for more.",
)
@click.option(
    "--gateways",
    type=int,
    default=_DEFAULTS.gateways,
    show_default=True,
    help="How many at once; more than one need PostgreSQL.",
)
@click.option(
    "--database-url",
    help="An empty PostgreSQL database; default TOLLBRIDGE_DATABASE_URL, else SQLite.",
)
@json_option
def torture(
    seed: int | None,
    modes: tuple[str, ...],
    database_url: str | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Torment a gateway of its own with callers, faults and kills; exit code 1 if credits differ.

    Runs in a temporary folder, on the loopback, with a provider of its own. Where anything
    differs, the folder is kept. A PostgreSQL database must be empty, and keeps what was done.
    """
    # Only this command needs it; the others start faster without.
    from tollbridge.gateway.torture.run import torture as run

    options = Options(
        seed=secrets.randbelow(10**6) if seed is None else seed,
        modes=modes or MODES,
        database_url=_find_database(database_url),
        **chosen,
    )
    report = asyncio.run(run(options, _tell_on_terminal))
    _tell_on_terminal("")
    conclude(report, as_json=as_json)


def _find_database(given: str | None) -> Secret | None:
    """Return the database of the option, else that of the environment, or None.

    Raises:
        StartError: It is not an address of PostgreSQL.
    """
    name = f"{PREFIX}DATABASE_URL"
    told = os.environ.get(name) if given is None else given
    return read_settings({} if told is None else {name: told}).database_url


def conclude(report: Report, *, as_json: bool) -> None:
    """Print a report; exit with code 1 if anything differs."""
    show(report.as_json(), _lines(report), as_json=as_json)
    if not report.ok:
        sys.exit(1)


def _tell_on_terminal(line: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{line}", nl=False, err=True)


def _lines(report: Report) -> list[str]:
    lines = [
        f"Seed {report.seed}, charged on {', '.join(report.modes)}.",
        f"Done: {_listed(report.counts)}.",
        f"Attempts: {_listed(report.states)}.",
        "",
        *columns(("check", "looked at", "differ", "result"), report.table()),
    ]
    if report.ok:
        return [*lines, "", "Delivered and charged agree."]
    kept = [] if report.kept is None else [f"Everything is kept in {report.kept}."]
    return [*lines, "", *report.examples(), "", *kept]


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())
