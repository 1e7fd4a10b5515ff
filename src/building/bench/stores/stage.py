"""Where the stores are measured: a PostgreSQL server of our own, and places for databases."""

import contextlib
import json
import sys
from asyncio import to_thread
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncpg

from building.bench.machine import Cores, cpu_s
from building.bench.processes import run_to_end
from building.bench.stores.fill import Past
from building.bench.stores.plan import StoresPlan
from building.postgres import PostgresServer

# How figures call the two stores, in the order of a round.
STORES = ("sqlite", "postgres")
SQLITE_STORE, POSTGRES_STORE = STORES


@dataclass(frozen=True, slots=True)
class Stage:
    """What all groups share.

    Attributes:
        root: The repository.
        folder: For what is written; SQLite's files among it.
        plan: The extent of the run.
        cores: Gateways and what stands for them run on `server`, PostgreSQL and the load on `load`.
        server: PostgreSQL.
    """

    root: Path
    folder: Path
    plan: StoresPlan
    cores: Cores
    server: PostgresServer

    @contextlib.asynccontextmanager
    async def place(self, store: str, name: str) -> AsyncIterator[str]:
        """Give an address or a file for a database of that name, and remove it afterwards.

        Nothing is in the database; PostgreSQL's exists already.
        """
        if store == POSTGRES_STORE:
            await self.tell(f'create database "{name}"')
            try:
                yield self.address(name)
            finally:
                await self.tell(f'drop database "{name}" with (force)')
        else:
            path = self.folder / f"{name}.db"
            try:
                yield str(path)
            finally:
                for part in self.folder.glob(f"{path.name}*"):
                    part.unlink()

    @contextlib.asynccontextmanager
    async def filled(self, store: str, name: str, past: Past) -> AsyncIterator[str]:
        """Give a place as `place` does, with a past in it."""
        async with self.place(store, name) as place:
            await self.run("fill", place=place, **asdict(past))
            yield place

    async def run(self, program: str, **arguments: Any) -> Any:
        """Run one of `program.PROGRAMS` on the servers' core; return what it found.

        Raises:
            CannotMeasure: It failed; the message names its log.
        """
        words = ["-m", "building.bench.stores.program", program, json.dumps(arguments)]
        output = await to_thread(
            run_to_end,
            f"the stores' bench of {program}",
            [sys.executable, *words],
            core=self.cores.server,
            folder=self.folder,
        )
        return json.loads(output)

    def address(self, name: str) -> str:
        """Where a database of the server is."""
        return self.server.url.rpartition("/")[0] + f"/{name}"

    def server_cpu_s(self) -> float:
        """CPU-seconds of all of PostgreSQL's processes so far."""
        return cpu_s(self.server.pid)

    async def tell(self, statement: str) -> None:
        """Have the server do something that belongs to no database."""
        await ask(self.server.url, statement)

    async def wal_bytes(self) -> int:
        """How much the server has written into its log so far."""
        ((written,),) = await ask(
            self.server.url, "select (pg_current_wal_insert_lsn() - '0/0')::bigint"
        )
        return int(written)


async def ask(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Ask a database one thing, on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return [tuple(record) for record in await connection.fetch(statement)]
    finally:
        await connection.close()
