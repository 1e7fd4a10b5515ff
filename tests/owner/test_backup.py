"""`tollbridge backup` and `restore`: a store as one file, while gateways run, and back."""

import asyncio
import base64
import shutil
import stat
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.support.command_line import CommandLine
from tests.support.postgres import empty_database
from tests.support.process_world import process_world
from tests.support.scripted_provider import Answer, Wait
from tests.support.stores import POSTGRES, SQLITE, Store
from tests.support.world import TRIAL_CREDITS, open_world

CALLERS = 8
BACKUPS = 2


def new_place(store: Store, folder: Path) -> CommandLine:
    """Return the command line on a folder that stands for a store that is yet to be made."""
    if store.kind == POSTGRES:
        store.put(folder, empty_database())
    return CommandLine(folder)


@pytest.mark.timeout(110)
async def test_a_backup_under_load_is_whole(store: Store, tmp_path: Path) -> None:
    """Calls go on meanwhile; each backup is of one moment, with a sound ledger, later ones more."""
    folder, begun, enough = tmp_path / "var", asyncio.Event(), asyncio.Event()
    async with process_world(folder) as world:
        world.provider.always(Answer.json({"ok": True}))

        async def call() -> int:
            made = 0
            while not enough.is_set():
                async with world.call() as answer:
                    await answer.read()
                    made += answer.status == 200
                begun.set()
            return made

        callers = [asyncio.create_task(call()) for _ in range(CALLERS)]
        await begun.wait()
        for number in range(BACKUPS):
            await asyncio.to_thread(CommandLine(folder).make, "backup", str(tmp_path / f"{number}"))
        enough.set()
        assert min(await asyncio.gather(*callers)) > 0
    counts = []
    for number in range(BACKUPS):
        line = new_place(store, tmp_path / f"restored_{number}")
        made = await asyncio.to_thread(line.make, "restore", str(tmp_path / f"{number}"))
        assert (made["ok"], made["differences"]) == (True, [])
        found = await asyncio.to_thread(line.make, "ledger", "verify")
        assert found == {"ok": True, "differences": []}
        calls = await asyncio.to_thread(line.make, "call", "list", "--limit", "1000")
        counts.append(len(calls["calls"]))
    assert counts == sorted(counts)
    assert counts[-1] > 0


async def test_calls_of_that_moment_come_back(store: Store, tmp_path: Path) -> None:
    """What was held then is given back by whoever starts on the restored store.

    And who was signed in is, since the keys are the same.
    """
    go_on = asyncio.Event()
    async with open_world(tmp_path / "var") as world:
        visitor = await world.sign_in()
        world.provider.answers(Answer.json({"ok": True}))
        async with world.call(visitor) as answer:
            assert answer.status == 200
        ended = answer.headers["X-Call-Id"]
        world.provider.answers(Answer(before=[Wait(go_on)]))
        running = asyncio.create_task(_read(world.call(visitor)))
        while len(world.provider.requests) < 2:
            await world.provider.next_request()
        line = CommandLine(tmp_path / "var")
        await asyncio.to_thread(line.make, "backup", str(tmp_path / "backup"))
        go_on.set()
        assert await running == 200
    restored = new_place(store, tmp_path / "again")
    await asyncio.to_thread(restored.make, "restore", str(tmp_path / "backup"))
    restored.folder.mkdir(exist_ok=True)
    shutil.copy(tmp_path / "var" / "master.key", restored.folder)
    async with open_world(restored.folder, beat_s=1, silent_s=4) as world:
        while await world.balance(visitor) != TRIAL_CREDITS - 1:
            pass  # on PostgreSQL it takes until the silence is noticed
        assert (await world.receipt(visitor, ended))["credits_charged"] == 1
        assert (await world.newest_receipt(visitor))["state"] == "swept"
        assert await world.verify() == []


async def _read(call: Any) -> int:
    async with call as answer:
        await answer.read()
        return int(answer.status)


async def test_a_backup_is_one_file_without_the_master_key(store: Store, tmp_path: Path) -> None:
    """Only its owner may read it, and nothing else is left beside it."""
    async with open_world(tmp_path / "var") as world:
        await world.sign_in()
        line, folder = CommandLine(tmp_path / "var"), tmp_path / "backups"
        folder.mkdir()
        said = await asyncio.to_thread(line.run, "backup", str(folder / "backup"))
    assert said.exit_code == 0, said.output
    assert "The master key is not in it" in said.stdout
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = (tmp_path / "var" / "master.key").read_bytes().strip()
    assert key not in file.read_bytes()
    assert base64.b64decode(key) not in file.read_bytes()


@pytest.mark.only_on("sqlite")
def test_a_file_is_a_database_by_itself(owner: CommandLine, tmp_path: Path) -> None:
    """It can be read where nothing may be written: it has no log beside it."""
    owner.make("backup", str(tmp_path / "backup"))
    connection = apsw.Connection(
        f"file:{tmp_path / 'backup'}?immutable=1",
        flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
    )
    assert connection.execute("pragma journal_mode").get == "delete"
    assert connection.execute("select paywall_id from paywalls").get == "pw_one"
    connection.close()


def test_what_is_restored_is_the_same_again(
    store: Store, owner: CommandLine, tmp_path: Path
) -> None:
    """Twice there and back: the second backup makes the same store as the first."""
    user = owner.make("user", "create", "--paywall", "pw_one")["id"]
    named = ("--paywall", "pw_one", "--user", user)
    owner.make("user", "grant", *named, "--type", "standard", "--amount", "5")
    line = owner
    for number in range(2):
        file = tmp_path / f"backup_{number}"
        made = line.make("backup", str(file))
        assert made["store"] == ("SQLite" if store.kind == SQLITE else "PostgreSQL")
        assert made["bytes"] == file.stat().st_size
        line = new_place(store, tmp_path / f"restored_{number}")
        assert line.make("restore", str(file))["ok"] is True
    (balance,) = line.make("user", "show", *named)["balances"]
    assert (balance["type"], balance["count"]) == ("standard", 5)
    assert line.make("db", "check", "--ledger")["problems"] == []
