"""SIGHUP to a gateway that is one process, and what `serve --workers` refuses."""

import os
import pty
import socket
import subprocess
import sys

import pytest

from tests.gateway.test_serve import refuse_to_start
from tests.support import stores
from tests.support.gateway_process import SERVE, gateway_process


@pytest.fixture
def folder(tmp_path):
    """Where a data folder will be."""
    return tmp_path / "var"


async def test_there_is_nothing_to_roll(folder):
    """SIGHUP does not end it: it says why nothing happens, and ends as ever."""
    async with gateway_process(folder) as gateway:
        gateway.hang_up()
        while "there is nothing to roll" not in gateway.log_file.read_text():
            assert gateway.worker_pids() == []
        gateway.terminate()
        assert await gateway.ended() == 0


def test_a_terminal_that_is_closed(folder):
    """It ends cleanly: whoever started it there can reach it no more."""
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", *SERVE, "--data-dir", str(folder), "--port", "0"]
    process = subprocess.Popen(
        words,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # A process without one takes the first terminal that it opens.
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),
        env={"PATH": os.environ["PATH"], **stores.environment(folder)},
    )
    os.close(theirs)
    assert process.stdout is not None
    assert b"serves on" in process.stdout.readline()
    os.close(ours)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, b"")


@pytest.mark.only_on("sqlite")
async def test_workers_need_postgresql(folder):
    """On the embedded store one process serves, however more are asked for."""
    for words, environment in ((("--workers", "2"), {}), ((), {"TOLLBRIDGE_WORKERS": "2"})):
        sentence = await refuse_to_start(folder, "--port", "0", *words, **environment)
        assert sentence.startswith("2 workers need PostgreSQL")
        assert "TOLLBRIDGE_DATABASE_URL" in sentence
    assert not folder.exists()


@pytest.mark.only_on("postgres")
async def test_workers_find_a_port_in_use(folder):
    """One sentence of the parent, before there are any workers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        sentence = await refuse_to_start(folder, "--port", port, "--workers", "2")
        assert f"port {port}" in sentence
        assert "choose another with --port" in sentence
        sentence = await refuse_to_start(
            folder, "--port", "0", "--workers", "2", TOLLBRIDGE_METRICS_PORT=port
        )
        assert "choose another with TOLLBRIDGE_METRICS_PORT" in sentence


@pytest.mark.only_on("postgres")
async def test_ports_for_the_figures_of_all_workers(folder):
    """Each takes one, from the one that is set on."""
    environment = {"TOLLBRIDGE_METRICS_PORT": "65535"}
    sentence = await refuse_to_start(folder, "--port", "0", "--workers", "2", **environment)
    assert "the last port is 65535" in sentence
