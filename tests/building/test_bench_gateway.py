"""The gateway as the benchmarks set it up, and how they watch a process."""

import json
import os
import select
import sys
from pathlib import Path

import pytest

from building.bench import client, commits
from building.bench.figures import CannotMeasure
from building.bench.gateway import PAYWALL, TRIAL_CREDITS, make_folder, running
from building.bench.machine import family
from building.bench.mock import open_stream_mock
from building.bench.payloads import STREAM_QUESTION, events
from building.bench.processes import run_to_end, started
from tests.tidy.tree import ROOT
from tollbridge.gateway.data_folder import DATABASE_FILE

CORE = min(os.sched_getaffinity(0))


async def test_the_gateway_is_metered_and_passes_the_mock_on(tmp_path: Path) -> None:
    """One call costs one credit and brings the mock's bytes; its token outlives a restart."""
    async with open_stream_mock() as mock:
        folder = make_folder(ROOT, tmp_path / "gateway", {"stream": mock.port})
        with running(folder, core=CORE) as gateway:
            user = await gateway.sign_in()
            target = gateway.target("stream", user, body=STREAM_QUESTION)
            await client.wait_for_200(target, within_s=30)
            assert (await client.call(target)).body == b"".join(events())
            assert await gateway.credits(user) == TRIAL_CREDITS - mock.asked == TRIAL_CREDITS - 2
            assert gateway.process.cpu_s() > 0
            assert gateway.process.rss_bytes() > 10_000_000
        with running(folder, core=CORE) as gateway:
            await client.wait_for_200(gateway.target("stream", user), within_s=30)
            assert await gateway.credits(user) == TRIAL_CREDITS - 3


async def test_the_ledgers_bench_counts_every_way(tmp_path: Path) -> None:
    """Each of the three ways is counted by many and by one, and leaves a sound ledger."""
    folder = make_folder(ROOT, tmp_path / "gateway", {})
    user = json.loads(folder.run("user", "create", "--paywall", PAYWALL, "--json"))["id"]
    rows = await commits.count(folder.path / DATABASE_FILE, user, commits.CALLERS * 2)
    names = [name for name, _, _ in rows]
    assert {f"{way}_cpu_us" for way in commits.WAYS} < set(names)
    assert {f"{way}_alone_ms" for way in commits.WAYS} < set(names)
    assert all(value > 0 for name, value, _ in rows if not name.startswith("second_"))
    assert json.loads(folder.run("ledger", "verify", "--json"))["ok"]


def test_a_command_that_fails_is_named(tmp_path: Path) -> None:
    """A gateway that could not be set up is not measured."""
    folder = make_folder(ROOT, tmp_path / "gateway", {})
    with pytest.raises(CannotMeasure, match="`tollbridge user create` failed"):
        folder.run("user", "create", "--paywall", "pw_other")


def test_a_server_that_ended_is_named_with_its_log(tmp_path: Path) -> None:
    """A server that fell over must not be measured as one that uses nothing."""
    program = [sys.executable, "-c", "import sys; sys.exit('it broke')"]
    log_file = tmp_path / "log"
    with started("it", program, core=CORE, log_file=log_file, env={}) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(CannotMeasure, match=f"it ended with status 1; see {log_file}"):
            process.cpu_s()
    assert log_file.read_text() == "it broke\n"


def test_a_server_runs_on_its_core_and_can_be_paused(tmp_path: Path) -> None:
    """It and its children are bound, stopped, and ended together; a paused one ends, too."""
    program = [
        *(sys.executable, "-c"),
        "import os, signal\nif os.fork():\n print('ready', flush=True)\nsignal.pause()",
    ]
    log_file = tmp_path / "log"
    with started("it", program, core=CORE, log_file=log_file, env={}) as process:
        assert process.wait_for_line("rea", within_s=30) == "ready"
        members = family(process.pid)
        assert len(members) == 2
        assert all(os.sched_getaffinity(member) == {CORE} for member in members)
        process.pause()
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        child = os.pidfd_open(members[1])
    with os.fdopen(child):
        assert select.select([child], [], [], 10)[0]  # readable once the process has ended


def test_a_program_of_ours_that_fails_is_named(tmp_path: Path) -> None:
    """What it printed counts only if it ended well."""
    said = run_to_end("it", [sys.executable, "-c", "print(7)"], core=CORE, folder=tmp_path)
    assert said == "7\n"
    with pytest.raises(CannotMeasure, match="it ended with status 3"):
        run_to_end("it", [sys.executable, "-c", "raise SystemExit(3)"], core=CORE, folder=tmp_path)
