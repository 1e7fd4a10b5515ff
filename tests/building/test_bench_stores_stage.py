"""Where the stores are measured: databases that come and go, programs on a core of their own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from building.bench.figures import CannotMeasure
from building.bench.machine import pick_cores
from building.bench.stores.history import measure_upkeep
from building.bench.stores.plan import StoresPlan
from building.bench.stores.stage import STORES, Stage, ask
from building.postgres import postgres_server
from tests.tidy.tree import ROOT


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A stage with a server of its own; what is measured on it is tiny."""
    with postgres_server() as server:
        yield Stage(ROOT, tmp_path, StoresPlan(upkeep_calls=1_000), pick_cores(), server)


async def test_both_stores_are_verified_and_saved_and_leave_nothing(
    stage: Stage, tmp_path: Path
) -> None:
    """A whole group runs, through the real command line; its databases are gone afterwards."""
    told = {found.name: found.value for found in await measure_upkeep(stage)}
    assert told.keys() == {
        f"upkeep.{store}_{what}"
        for store in STORES
        for what in ("verify_s", "backup_mb_per_s", "backup_bytes")
    }
    assert all(value > 0 for value in told.values())
    names = await ask(stage.server.url, "select datname from pg_database where not datistemplate")
    assert names == [("postgres",)]
    assert not [name for name in os.listdir(tmp_path) if ".db" in name]
    assert stage.server_cpu_s() > 0
    assert await stage.wal_bytes() > 0


async def test_a_program_that_fails_is_named(stage: Stage) -> None:
    """What it could not measure is no figure."""
    with pytest.raises(CannotMeasure, match="the stores' bench of verify ended with status 1"):
        await stage.run("verify", place=stage.address("nowhere"))
