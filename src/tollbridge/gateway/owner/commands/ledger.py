"""`tollbridge ledger`: proof that the credits add up."""

import sys
from pathlib import Path

import click

from tollbridge.gateway.ledger import verify as verify_ledger
from tollbridge.gateway.owner.commands.printing import show
from tollbridge.gateway.owner.commands.running import Open, data_dir_option, json_option, run


@click.group()
def ledger() -> None:
    """The ledger of credits."""


@ledger.command()
@data_dir_option
@json_option
def verify(data_dir: Path | None, as_json: bool) -> None:
    """Compute every balance anew from the journal; exit code 1 if anything differs."""

    async def work(store: Open) -> list[str]:
        return await store.database.read(verify_ledger(), snapshot=True)

    differences = run(data_dir, work)
    ok = not differences
    lines = ["The ledger is sound: every balance follows from the journal."] if ok else differences
    show({"ok": ok, "differences": differences}, lines, as_json=as_json)
    if not ok:
        sys.exit(1)
