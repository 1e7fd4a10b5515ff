"""The whole of it: real gateways, killed and frozen; and a falsified store is found out."""

import asyncio
import json
import shutil
import sqlite3
from dataclasses import replace

import pytest

from tests.support.command_line import run_process
from tollbridge.gateway.owner.commands.torture import conclude
from tollbridge.gateway.settings import Settings
from tollbridge.gateway.torture.options import Options
from tollbridge.gateway.torture.run import Run, read_store

SHORT = Options(seconds=7, callers=100, credits=2500, kills=2, seed=1)
LONG = Options(seconds=120, callers=400, credits=100_000, kills=20)

# Each falsifies one thing in the store; the triggers that forbid it are dropped before.
FALSIFIED = {
    "attempts are what the table says": "update calls set outcome = 'swept' where outcome = 'ok'",
    "whole answers are charged once": "update calls set state = 'voided' where outcome = 'ok'",
    "attempts that somebody made": "insert into calls select 'call_x', 1, paywall_id, 'user_x',"
    " provider_id, query_type, epoch_id, amount, grant_id, held_at, state, outcome,"
    " provider_status, ended_at, null, null, 0 from calls limit 1",
    "held before the provider is asked": "delete from calls where outcome = 'failed'",
    "the journal equals the balances": "update balances set available = available + 1",
    "granted = left + expired + charged": "update calls set amount = 2"
    " where state = 'settled' and amount = 1",
    "no hold is left, no call runs": "update calls set ended_at = null where outcome = 'ok'",
    "a process is an epoch": "delete from epochs"
    " where epoch_id = (select max(epoch_id) from epochs)",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One short run, for all tests here."""
    made = Run(SHORT, tmp_path_factory.mktemp("torture"))
    asyncio.run(made.torment())
    return made


@pytest.mark.timeout(120)
def test_delivered_and_charged_agree(run):
    """Nothing differs, and all that can happen to a call has happened."""
    report = run.report(asyncio.run(run.read()))
    assert report.examples() == []
    assert report.ok
    assert report.counts["kills"] == 2
    # Callers who leave may all come too late on a slow machine; the rest is the provider's doing.
    assert {"ok", "failed", "broken", "swept"} <= set(report.states)
    assert sum(bool(life.frozen) for life in run.history.lives) == 1
    assert report.counts["credits_granted"] == SHORT.credits
    assert any(send.replayed for call in run.history.calls for send in call.sends)
    assert all(check.looked_at for check in report.checks)


@pytest.mark.parametrize("name", FALSIFIED)
def test_a_falsified_store_is_found_out(run, tmp_path, capsys, name):
    """One thing changed behind the gateway's back: the check for it differs, exit code 1."""
    folder = tmp_path / "var"
    shutil.copytree(run.settings.data_dir, folder)
    falsify(folder / "tollbridge.db", FALSIFIED[name])
    report = run.report(asyncio.run(read_store(Settings(data_dir=folder), run.users())))
    assert name in {check.name for check in report.checks if not check.ok}
    with pytest.raises(SystemExit) as ended:
        conclude(replace(report, kept=folder), as_json=False)
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert "DIFFERS" in said
    assert f"Everything is kept in {folder}." in said


def falsify(path, statement):
    """Change a store as nobody may."""
    database = sqlite3.connect(path)
    try:
        for (trigger,) in database.execute(
            "select name from sqlite_master where type = 'trigger'"
        ).fetchall():
            database.execute(f"drop trigger {trigger}")
        assert database.execute(statement).rowcount > 0
        database.commit()
    finally:
        database.close()


@pytest.mark.timeout(120)
def test_the_command(tmp_path):
    """`tollbridge torture --json` says what it did, exits with 0 and leaves nothing behind."""
    words = ("--seconds", "3", "--callers", "20", "--kills", "0", "--seed", "11", "--json")
    ended = run_process("torture", *words, "--charge-on", "first_byte", TMPDIR=str(tmp_path))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = json.loads(ended.stdout)
    assert (told["ok"], told["seed"], told["charge_on"]) == (True, 11, ["first_byte"])
    assert (told["kills"], told["kept"]) == (0, None)
    assert told["calls"] > 20
    assert all(check["ok"] and not check["differences"] for check in told["checks"])
    assert list(tmp_path.iterdir()) == []


def test_an_option_that_cannot_be(tmp_path):
    """One sentence, and nothing was started."""
    ended = run_process("torture", "--seconds", "1", TMPDIR=str(tmp_path))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "Error: --seconds is 1; it must be from 3 to 3600\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [21, 22])
def test_for_longer(tmp_path, seed):
    """The same with 400 callers and 20 kills."""
    made = Run(replace(LONG, seed=seed), tmp_path)
    asyncio.run(made.torment())
    assert made.report(asyncio.run(made.read())).examples() == []
