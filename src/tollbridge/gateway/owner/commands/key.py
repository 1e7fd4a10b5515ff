"""`tollbridge key`: keys for an owner's own servers."""

from pathlib import Path

import click

from tollbridge.gateway.owner.commands.printing import show
from tollbridge.gateway.owner.commands.running import Open, data_dir_option, json_option, run
from tollbridge.gateway.owner.keys import create_key, new_key
from tollbridge.gateway.owner.queries import revoke_key


@click.group()
def key() -> None:
    """Owner keys: an owner's server sends one as X-Api-Key. Never put one into a page."""


@key.command()
@click.option("--paywall", "paywall_id", required=True, metavar="ID")
@data_dir_option
@json_option
def create(paywall_id: str, data_dir: Path | None, as_json: bool) -> None:
    """Make a key for a paywall; it is shown once."""
    made = new_key()

    async def work(store: Open) -> str:
        return await store.database.write(create_key(paywall_id, made, store.now))

    key_id = run(data_dir, work)
    show(
        {"id": key_id, "key": made.reveal()},
        [
            f"Key {key_id} of paywall {paywall_id}; it is shown only now:",
            "",
            f"  {made.reveal()}",
        ],
        as_json=as_json,
    )


@key.command()
@click.argument("key_id", metavar="ID")
@data_dir_option
@json_option
def revoke(key_id: str, data_dir: Path | None, as_json: bool) -> None:
    """End a key for good; a running gateway refuses it within 2 s."""

    async def work(store: Open) -> bool:
        return await store.database.write(revoke_key(key_id, store.now))

    if not run(data_dir, work):
        raise click.ClickException(f"There is no key {key_id}.")
    show({"id": key_id, "revoked": True}, [f"Key {key_id} is revoked."], as_json=as_json)
