"""How every command runs: its settings, the open database, and the one place for its errors."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from tollbridge.gateway.clock import Clock, SystemClock
from tollbridge.gateway.data_folder import open_database
from tollbridge.gateway.database import Database, StoreUnavailable
from tollbridge.gateway.errors import Refusal, StartError
from tollbridge.gateway.identity.queries import list_signing_keys
from tollbridge.gateway.sealing import Sealer, load_master_key
from tollbridge.gateway.settings import Settings, read_settings
from tollbridge.gateway.store import check_master_key

T = TypeVar("T")

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the database and the master key; default TOLLBRIDGE_DATA_DIR, else var/.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class CommandGroup(click.Group):
    """Says each expected failure in one sentence, with exit code 1 and no traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except StoreUnavailable as error:
            raise click.ClickException(f"the database did not take it: {error}") from error
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            raise click.ClickException(f"{error.strerror or error}{where}") from error
        except (StartError, Refusal, ValueError) as error:
            raise click.ClickException(str(error)) from error


@dataclass(frozen=True, slots=True)
class Open:
    """What a command works with while the database is open."""

    settings: Settings
    database: Database
    clock: Clock

    @property
    def now(self) -> int:
        """Milliseconds since 1970."""
        return self.clock.now_ms()


def find_settings(data_dir: Path | None, **given: Any) -> Settings:
    """Read the settings; options that were given win over the environment.

    Raises:
        StartError: A setting is unknown or malformed.
    """
    options = {"data_dir": data_dir, **given}
    return replace(
        read_settings(os.environ),
        **{name: value for name, value in options.items() if value is not None},
    )


def run(data_dir: Path | None, work: Callable[[Open], Awaitable[T]], *, make: bool = False) -> T:
    """Open the database, do the work, close it.

    It is a second connection beside a running gateway's; each waits up to 5 s for its turn.

    Raises:
        StartError: There is no database in the folder, unless `make`.
        StoreUnavailable: The database could not be opened, read or written.
    """
    settings = find_settings(data_dir)

    async def run_open() -> T:
        database = await open_database(settings, make=make)
        try:
            return await work(Open(settings, database, SystemClock()))
        finally:
            await database.close()

    return asyncio.run(run_open())


async def open_sealer(store: Open) -> Sealer:
    """Return what seals and opens the secrets in this database.

    A master key is made only where no gateway has run on the folder yet: afterwards there is one,
    and a second one would open nothing.

    Raises:
        StartError: There is no master key, or not the one of this database.
    """
    is_new = not await store.database.read(list_signing_keys())
    sealer = Sealer(load_master_key(store.settings, make=is_new))
    await store.database.write(check_master_key(sealer))
    return sealer
