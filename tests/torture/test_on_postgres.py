"""Several gateways on one PostgreSQL database, killed and frozen one at a time; and it restarts."""

import asyncio
import json

import pytest

from building.postgres import postgres_server
from tests.support.command_line import run_process
from tests.support.postgres import empty_database, fresh_database
from tollbridge.gateway.secret import Secret
from tollbridge.gateway.torture.options import Options
from tollbridge.gateway.torture.run import Run

SHORT = {"seconds": 5, "callers": 30, "credits": 1500, "kills": 1, "gateways": 2}
LONG = {"seconds": 120, "callers": 200, "credits": 50_000, "kills": 20, "gateways": 3}
# The restart comes in the middle of the calls.
CALLS_BEFORE = 40


@pytest.mark.timeout(180)
def test_the_command_with_two_gateways(tmp_path):
    """One is killed, one is frozen: nothing differs, and the folder is gone."""
    words = [f"--{name}={number}" for name, number in SHORT.items()]
    url = f"--database-url={empty_database()}"
    ended = run_process("torture", *words, url, "--seed=5", "--json", TMPDIR=str(tmp_path))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = json.loads(ended.stdout)
    assert (told["ok"], told["gateways"], told["kills"], told["kept"]) == (True, 2, 1, None)
    assert told["calls"] > SHORT["callers"]
    assert all(check["ok"] and check["looked_at"] for check in told["checks"])
    assert list(tmp_path.iterdir()) == []


async def torment(run, server, *, restarts):
    """Have a run go on while its database is killed and started again so many times."""
    running = asyncio.create_task(run.torment())
    try:
        for number in range(1, restarts + 1):
            await run.enough.acquire()
            assert not running.done(), f"it ended before restart {number}"
            await asyncio.to_thread(server.stop, "immediate" if number % 2 else "fast")
            await asyncio.to_thread(server.start)
    finally:
        await running


class Watched(Run):
    """A run that tells by a semaphore each time that so many more calls were made."""

    def __init__(self, options, folder):
        """Prepare it."""
        super().__init__(options, folder, tell=self._look)
        self.enough = asyncio.Semaphore(0)
        self._released = 0

    def _look(self, line):
        if len(self.history.calls) >= CALLS_BEFORE * (self._released + 1) ** 2:
            self._released += 1
            self.enough.release()


async def run_and_restart(folder, *, restarts, **options):
    """Run torture on a server of our own; return the report and what `ledger verify` says."""
    with postgres_server() as server:
        url = Secret(server.url)
        run = Watched(Options(seed=6, database_url=url, **options), folder)
        await torment(run, server, restarts=restarts)
        report = run.report(await run.read())
        verified = await asyncio.to_thread(
            run_process,
            *("ledger", "verify", "--json", "--data-dir", str(folder)),
            TOLLBRIDGE_DATABASE_URL=url.reveal(),
        )
        return report, json.loads(verified.stdout)


@pytest.mark.timeout(240)
async def test_the_database_is_killed_meanwhile(tmp_path):
    """What it had promised stands, the rest came to nothing; the books are in order."""
    options = {**SHORT, "kills": 0}
    report, verified = await run_and_restart(tmp_path, restarts=1, **options)
    assert report.examples() == []
    assert report.counts["refused_by_store"] > 0
    assert report.states["ok"] > 0
    assert verified == {"ok": True, "differences": []}


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_for_longer(tmp_path):
    """Three gateways, twenty kills, three restarts of the database."""
    report, verified = await run_and_restart(tmp_path, restarts=3, **LONG)
    assert report.examples() == []
    assert verified == {"ok": True, "differences": []}


def test_a_database_that_is_in_use(tmp_path):
    """It is left alone: one sentence."""
    url = fresh_database()
    made = run_process(
        *("paywall", "create", "pw_mine", "--data-dir", str(tmp_path / "var")),
        TOLLBRIDGE_DATABASE_URL=url,
    )
    assert made.returncode == 0, made.stderr
    ended = run_process("torture", TOLLBRIDGE_DATABASE_URL=url, TMPDIR=str(tmp_path))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "Error: the database is in use; give torture an empty one of its own\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--gateways=2"], "--gateways is 2; more than one need PostgreSQL, with --database-url"),
        (["--gateways=17"], "--gateways is 17; it must be from 1 to 16"),
        (["--gateways=0"], "--gateways is 0; it must be from 1 to 16"),
    ],
)
def test_gateways_that_cannot_be(tmp_path, words, sentence):
    """One sentence, and nothing was started."""
    ended = run_process("torture", *words, TMPDIR=str(tmp_path))
    assert (ended.returncode, ended.stderr) == (1, f"Error: {sentence}\n")
    assert list(tmp_path.iterdir()) == []
