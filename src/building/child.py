"""A server that runs beside us for a while and never outlives us, with as few rights as it needs.

Standard library only. Linux ends the server even when we are killed; elsewhere that is left out.
"""

import contextlib
import os
import pwd
import queue
import random
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

# Ports below those that Linux and macOS hand out by themselves: while a server is stopped, no
# connection of somebody else's takes its port away.
PORTS = range(20_000, 30_000)
# A server that has not ended by then hangs; PostgreSQL's last checkpoint takes far less.
ENDING_S = 60
LOG_LINES = 8  # of a log, in a message


class CannotServe(Exception):
    """A server is missing or does not come up; the text says what a person can do or read."""


class Child:
    """A running program, its output in a log, ended with the process that started it.

    Attributes:
        pid: Its process id.
    """

    def __init__(self, command: Sequence[object], *, folder: Path) -> None:
        """Start a program in a folder, where it writes `log`; as root, with a servant's rights.

        Args:
            command: The program and its arguments, as texts or what turns into them.
            folder: Its working directory; when we are root, it belongs to the servant.

        Raises:
            CannotServe: There is no such program.
        """
        self.log_file = folder / "log"
        self._command = [*_ended_with_us(), *map(str, command)]
        started: queue.SimpleQueue[subprocess.Popen[bytes] | OSError] = queue.SimpleQueue()
        # What ends the program with us is sent when the thread that started it ends. So a thread
        # of its own starts it, and waits for it.
        self._waiting = threading.Thread(target=self._tend, args=(folder, started), daemon=True)
        self._waiting.start()
        popen = started.get()
        if isinstance(popen, OSError):
            raise CannotServe(f"{command[0]} cannot be started: {popen.strerror}")
        self._popen: subprocess.Popen[bytes] = popen
        self.pid = popen.pid

    def _tend(
        self, folder: Path, started: "queue.SimpleQueue[subprocess.Popen[bytes] | OSError]"
    ) -> None:
        servant = _servant()
        try:
            with self.log_file.open("ab") as log:
                popen = subprocess.Popen(
                    self._command,
                    cwd=folder,
                    env={"PATH": os.environ.get("PATH", os.defpath)},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    # Out of reach of a terminal's Ctrl-C: what uses it ends first.
                    start_new_session=True,
                    user=servant.pw_uid if servant else None,
                    group=servant.pw_gid if servant else None,
                    extra_groups=[] if servant else None,
                )
        except OSError as reason:
            started.put(reason)
            return
        started.put(popen)
        popen.wait()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet; a program that is paused runs."""
        return self._waiting.is_alive()

    def end(self, number: signal.Signals) -> None:
        """Send a signal that ends it, and wait; what does not end in time is killed."""
        with contextlib.suppress(ProcessLookupError):
            if self.is_running:
                os.kill(self.pid, number)
        self._waiting.join(ENDING_S)
        if self.is_running:
            self._popen.kill()
            self._waiting.join()

    def wait(self) -> int:
        """Wait until it has ended by itself; return its exit code."""
        self._waiting.join()
        return self._popen.wait()

    def last_words(self) -> str:
        """The end of its log, for a message."""
        lines = self.log_file.read_text("utf-8", errors="replace").splitlines()
        return "\n  ".join(lines[-LOG_LINES:])


def give_to_servant(folder: Path) -> None:
    """Make a folder belong to whom the servers run as."""
    if servant := _servant():
        os.chown(folder, servant.pw_uid, servant.pw_gid)


def free_port() -> int:
    """A port of 127.0.0.1 that is free now and that no system hands out by itself.

    Raises:
        CannotServe: All are taken.
    """
    # Any to begin with, so that two that look at the same time do not meet.
    first = random.choice(PORTS)
    for port in chain(range(first, PORTS.stop), range(PORTS.start, first)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise CannotServe(f"No port from {PORTS.start} to {PORTS.stop - 1} is free.")


def _servant() -> pwd.struct_passwd | None:
    """Whom servers run as in place of root, whose rights they refuse; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _ended_with_us() -> list[str]:
    # SIGQUIT: at once, but PostgreSQL's own processes and shared memory go, too.
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "QUIT", "--"] if setpriv else []
