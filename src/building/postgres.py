"""A PostgreSQL server of our own: for the tests and the benchmarks, never a service of the machine.

Standard library only. Its data lie in a folder of their own, it listens on a free port of the
loopback and on a Unix socket, lets everybody in there, and ends with the process that started it.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from building.child import CannotServe, Child, free_port, give_to_servant
from building.programs import PGBOUNCER, POSTGRES, find_postgres, find_program

USER = "tollbridge"
MAX_CONNECTIONS = 300  # two test runs and the workers of several gateways, each with its pools
STARTING_S = 60  # recovery after a crash included
LOOK_AGAIN_S = 0.01  # far below what a start takes
# Nothing survives a power cut, which no test needs; a commit still waits for its turn in the log.
# Nobody cleans up behind the tests either: plans and timings would depend on when that happens.
FOR_TESTS = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
STOP_SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
_PREFIX = "tollbridge-postgres-"


class PostgresServer:
    """A server that can be stopped, started again and paused.

    Attributes:
        folder: Holds `data`, the Unix socket and `log`.
        port: Where it listens on 127.0.0.1; stays the same.
        url: Its database `postgres` for the superuser, over TCP.
        socket_url: The same over the Unix socket.
        pid: The process id of its first process.
    """

    def __init__(self, programs: Path, folder: Path, settings: dict[str, str]) -> None:
        """Hold a server that does not run yet; `postgres_server` makes and starts one."""
        self.folder = folder
        self.port = free_port()
        self.url = f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"
        self.socket_url = f"postgresql://{USER}@/postgres?host={folder}&port={self.port}"
        self._programs = programs
        self._settings = settings
        self._child: Child | None = None
        self._paused: list[int] = []

    @property
    def pid(self) -> int:
        """The process id of the server's first process; it must run."""
        assert self._child is not None
        return self._child.pid

    def start(self) -> None:
        """Start it on its port and data, and wait until it lets connections in.

        Raises:
            CannotServe: It did not come up; the message ends with its log.
        """
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "max_connections": str(MAX_CONNECTIONS),
            **self._settings,
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        data = self.folder / "data"
        program = self._programs / "postgres"
        self._child = Child([program, "-D", data, "-p", str(self.port), *words], folder=self.folder)
        deadline = time.monotonic() + STARTING_S
        while not _is_ready(data / "postmaster.pid", self.pid):
            if not self._child.is_running or time.monotonic() > deadline:
                self.stop("immediate")
                raise CannotServe(f"PostgreSQL did not start:\n  {self._child.last_words()}")
            time.sleep(LOOK_AGAIN_S)

    def stop(self, mode: str = "fast") -> None:
        """Stop it; nothing happens where it does not run.

        Args:
            mode: "fast" breaks off what runs and writes all down; "immediate" is a crash, after
                which the next start recovers from the log.
        """
        if self._child is not None:
            self.resume()
            self._child.end(STOP_SIGNALS[mode])

    def pause(self) -> None:
        """Stop all its processes where they stand: connections stay, and nothing answers."""
        # The first one first, and then it starts no more of them.
        os.kill(self.pid, signal.SIGSTOP)
        self._paused = [self.pid]
        while _state_and_parent(self.pid)[0] != "T":
            time.sleep(LOOK_AGAIN_S)
        for path in Path("/proc").glob("[0-9]*"):
            if _state_and_parent(int(path.name))[1] == self.pid:
                self._paused.append(int(path.name))
                os.kill(self._paused[-1], signal.SIGSTOP)

    def resume(self) -> None:
        """Let the processes that `pause` stopped go on."""
        for pid in self._paused:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._paused = []


@contextlib.contextmanager
def postgres_server(
    folder: Path | None = None, *, durable: bool = False
) -> Iterator[PostgresServer]:
    """Run a server until the block ends.

    Args:
        folder: Where its data are kept, and found again; None: a temporary one. As root, all
            folders above it must let other users through.
        durable: Whether a commit survives a power cut, as an operator has it.

    Raises:
        CannotServe: There is no PostgreSQL here, or it does not come up.
    """
    programs = find_postgres()
    if programs is None:
        raise CannotServe(f"{POSTGRES.name} is not installed here.")
    with contextlib.ExitStack() as stack:
        kept = folder or stack.enter_context(_temporary_folder())
        kept.mkdir(parents=True, exist_ok=True)
        give_to_servant(kept)
        if not (kept / "data" / "PG_VERSION").exists():
            _initialize(programs, kept, durable=durable)
        server = PostgresServer(programs, kept, {} if durable else FOR_TESTS)
        stack.callback(server.stop)
        server.start()
        yield server


@contextlib.contextmanager
def running_postgres(folder: Path | None = None, *, durable: bool = False) -> Iterator[str]:
    """Run a server as `postgres_server` does; gives the URL of its database `postgres`."""
    with postgres_server(folder, durable=durable) as server:
        yield server.url


@contextlib.contextmanager
def running_pgbouncer(
    server_url: str, *, mode: str = "transaction", connections: int = 20
) -> Iterator[str]:
    """Run a PgBouncer before a server until the block ends.

    Args:
        server_url: A database of the server, with the user to log in as.
        mode: How long a client keeps its connection to the server: "session", "transaction" or
            "statement".
        connections: To the server, at most, for each database.

    Yields:
        The same database through PgBouncer; any other of that server is there under its name.

    Raises:
        CannotServe: There is no PgBouncer here, or it does not come up.
    """
    program = find_program("pgbouncer")
    if program is None:
        raise CannotServe(f"{PGBOUNCER.name} is not installed here.")
    with _temporary_folder() as folder:
        give_to_servant(folder)
        port = free_port()
        settings = folder / "settings"
        settings.touch(0o600)
        give_to_servant(settings)
        text = _bouncer_settings(urlsplit(server_url), port, mode, connections)
        settings.write_text(text, "utf-8")
        child = Child([program, settings], folder=folder)
        try:
            _wait_for_port(port, child)
            address = urlsplit(server_url)._replace(netloc=f"{USER}@127.0.0.1:{port}", query="")
            yield address.geturl()
        finally:
            child.end(signal.SIGTERM)


def _bouncer_settings(server: SplitResult, port: int, mode: str, connections: int) -> str:
    """The settings of a PgBouncer that lets everybody in as the user of `server`."""
    password = f" password={unquote(server.password)}" if server.password else ""
    place = f"host={server.hostname} port={server.port or 5432}"
    return f"""
[databases]
* = {place} user={unquote(server.username or USER)}{password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {connections}
max_client_conn = {MAX_CONNECTIONS}
"""


def _wait_for_port(port: int, child: Child) -> None:
    deadline = time.monotonic() + STARTING_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if not child.is_running or time.monotonic() > deadline:
            raise CannotServe(f"PgBouncer did not start:\n  {child.last_words()}")
        time.sleep(LOOK_AGAIN_S)


def _initialize(programs: Path, folder: Path, *, durable: bool) -> None:
    """Make the data folder of a new server."""
    words = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-instructions"]
    words += [] if durable else ["--no-sync"]
    command = [programs / "initdb", "-D", folder / "data", "-U", USER, *words]
    child = Child(command, folder=folder)
    if child.wait():
        raise CannotServe(f"initdb failed:\n  {child.last_words()}")


@contextlib.contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A new folder, removed at the end; so are those of runs that were killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        _remove_if_left(left)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        # Locked before it has its name, so that nobody finds it without the lock.
        with (folder / "new").open("w") as owner:
            fcntl.flock(owner, fcntl.LOCK_EX)
            (folder / "new").rename(folder / "owner")
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_if_left(folder: Path) -> None:
    # Who made a folder holds a lock in it until its end, however that comes.
    with contextlib.suppress(OSError), (folder / "owner").open("r") as owner:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)


def _is_ready(status: Path, pid: int) -> bool:
    """Whether the server's own status file says that it lets connections in."""
    try:
        lines = status.read_text("utf-8").splitlines()
    except OSError:
        return False
    # The first line is the process id, the eighth the state; one left by a crash has another's id.
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _state_and_parent(pid: int) -> tuple[str, int]:
    """A process's state letter and its parent, of Linux's own account; ("", 0) when it is gone."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return "", 0
    return words[0], int(words[1])
