"""A server under test as a process of its own: bound to a core, watched, ended."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from building.bench.figures import CannotMeasure
from building.bench.machine import cpu_s, family, rss_bytes

# A server that has not ended by then hangs, and would disturb whatever is measured next.
ENDING_S = 40
# Between two looks at whether a server has said that it serves; far below what a start takes.
LOOK_AGAIN_S = 0.002


class Process:
    """A program that runs on one core.

    Attributes:
        name: How messages call it.
        pid: Its process id.
        log_file: Where its output and its error output go.
    """

    def __init__(self, name: str, popen: "subprocess.Popen[str]", log_file: Path) -> None:
        """Hold a process; `started` starts one."""
        self.name = name
        self.pid = popen.pid
        self.log_file = log_file
        self._popen = popen

    def cpu_s(self) -> float:
        """CPU-seconds used so far, descendants included."""
        self.need_alive()
        return cpu_s(self.pid)

    def rss_bytes(self) -> int:
        """Resident memory now, descendants included."""
        self.need_alive()
        return rss_bytes(self.pid)

    def need_alive(self) -> None:
        """Make sure that it still runs.

        Raises:
            CannotMeasure: It has ended; the message names its log.
        """
        if self._popen.poll() is not None:
            raise CannotMeasure(
                f"{self.name} ended with status {self._popen.returncode}; see {self.log_file}"
            )

    def wait_for_line(self, beginning: str, *, within_s: float) -> str:
        """Wait until it has printed a line that begins so; return the line.

        Raises:
            CannotMeasure: It ended before, or did not print it in time.
        """
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            *lines, _ = self.log_file.read_text(errors="replace").split("\n")
            for line in lines:
                if line.startswith(beginning):
                    return line
            self.need_alive()
            time.sleep(LOOK_AGAIN_S)
        raise CannotMeasure(f"{self.name} did not start in {within_s:g} s; see {self.log_file}")

    def pause(self) -> None:
        """Stop it where it is, so that it takes no time from what is measured meanwhile."""
        self._signal_all(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        self._signal_all(signal.SIGCONT)

    def end(self) -> None:
        """Ask it to end and insist after a while; what it leaves behind is ended with it."""
        if self._popen.poll() is not None:
            return
        self.go_on()
        members = family(self.pid)
        self._popen.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(ENDING_S)
        for member in members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        self._popen.wait()

    def _signal_all(self, number: signal.Signals) -> None:
        for member in family(self.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, number)


@contextlib.contextmanager
def started(
    name: str,
    command: Sequence[str | Path],
    *,
    core: int,
    log_file: Path,
    env: Mapping[str, str],
) -> Iterator[Process]:
    """Run a program on one core until the block ends.

    Args:
        name: How messages call it.
        command: The program and its arguments.
        core: Where it and its descendants run.
        log_file: What it writes goes here, and nothing else is kept there.
        env: All of its environment but PATH and HOME.
    """
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    with log_file.open("wb") as log:
        popen = subprocess.Popen(
            [str(word) for word in command],
            env={**kept, **env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            text=True,
            # Between fork and exec, so that no instruction of it runs elsewhere.
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
    process = Process(name, popen, log_file)
    try:
        yield process
    finally:
        process.end()


def free_port() -> int:
    """A port of the loopback that is free now; the server that is told of it comes soon."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run_to_end(name: str, command: Sequence[str | Path], *, core: int, folder: Path) -> str:
    """Run a program of our own on one core until it ends; return what it printed.

    Raises:
        CannotMeasure: It failed; the message names its log.
    """
    log_file = folder / "program.log"
    with log_file.open("ab") as log:
        done = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            check=False,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
    if done.returncode:
        raise CannotMeasure(f"{name} ended with status {done.returncode}; see {log_file}")
    return done.stdout
