"""The gateway processes: started as an operator starts one, killed, frozen, ended."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import tollbridge
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.secret import Secret
from tollbridge.gateway.settings import PREFIX, Settings
from tollbridge.gateway.torture.history import Life

# Short, so that a silent provider holds a caller for seconds and not for minutes; but longer than
# this machine, which runs callers and provider in one process, is late under load.
FIRST_BYTE_S = 3
IDLE_S = 2
# Several gateways on a database take another for dead after so long, which comes to an end within
# the shortest run, and is longer than one is ever frozen or late.
BEAT_S = 1
SILENT_S = 6
# Early leaves given back to a user where they are limited; the hot user is soon beyond it.
EARLY_LEAVES = 5

_SAYS_WHERE = "Tollbridge serves on "
# A loaded machine takes a few seconds for what is usually one.
_START_S = 60.0
_STOP_S = 60.0


class GatewayProcess:
    """One `tollbridge serve`, and what is known of its life."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, life: Life) -> None:
        """Hold a process that serves; `start` makes one."""
        self._process = process
        self.port = port
        self.life = life

    @property
    def running(self) -> bool:
        """It has not ended."""
        return self._process.returncode is None

    async def kill(self) -> None:
        """Kill it in the middle of whatever it does."""
        self.look()
        if not self.running:  # by itself, which nobody asked of it
            self.life.exit_code = self._process.returncode
            return
        self.life.killed_at = time.time()
        self._process.kill()
        await self._process.wait()

    async def freeze(self, seconds: float) -> None:
        """Stop it where it stands for so long, as a laptop that is closed does."""
        if not self.running:
            await asyncio.sleep(seconds)
            return
        began = time.time()
        self._process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            if self.running:
                self._process.send_signal(signal.SIGCONT)
            self.life.frozen.append((began, time.time()))

    async def stop(self) -> None:
        """Ask it to end; if it does not, kill it, which its exit code tells."""
        self.look()
        if self.running:
            self._process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_S):
                await self._process.wait()
        await self.end()
        self.life.exit_code = self._process.returncode

    async def end(self) -> None:
        """Have it ended, in whatever way."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def look(self) -> None:
        """Note what it takes of the machine, where the system tells."""
        folder = Path("/proc") / str(self._process.pid)
        with suppress(OSError, StopIteration):
            status = (folder / "status").read_text().splitlines()
            line = next(line for line in status if line.startswith("VmRSS:"))
            self.life.memory_mb = max(self.life.memory_mb, int(line.split()[1]) // 1024)
            self.life.files = max(self.life.files, len(list((folder / "fd").iterdir())))


async def start(
    settings: Settings, *, number: int, early_leaves: int | None, environment: Mapping[str, str]
) -> GatewayProcess:
    """Start a gateway on a data folder, or on a database beside others; wait until it serves.

    Raises:
        StartError: It did not; the message says where its log is.
    """
    life = Life(number, early_leaves, time.time())
    folder = settings.data_dir
    log_file = folder.with_suffix(".log")
    with log_file.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tollbridge.gateway.owner.cli", "serve"),
            *("--host", "127.0.0.1", "--port", "0", "--data-dir", str(folder)),
            env=_environment(environment, early_leaves, settings.database_url),
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_START_S):
            line = (await process.stdout.readline()).decode()
        if not line.startswith(_SAYS_WHERE):
            raise StartError(f"the gateway did not start; what it said is in {log_file}")
        port = int(line.strip().rpartition(":")[2])
    except BaseException:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    return GatewayProcess(process, port, life)


def _environment(
    outer: Mapping[str, str], early_leaves: int | None, database_url: Secret | None
) -> dict[str, str]:
    """Return the caller's environment with our settings in place of theirs."""
    shared = {} if database_url is None else _shared(database_url)
    settings = {
        **shared,
        "LIMIT_USER_EARLY_LEAVES": "off" if early_leaves is None else str(early_leaves),
        "LIMIT_FIRST_BYTE_S": str(FIRST_BYTE_S),
        "LIMIT_IDLE_S": str(IDLE_S),
        **{
            f"LIMIT_{name}": "off"
            for name in (
                "USER_RUNNING",
                "USER_PER_MINUTE",
                "USER_FREE_PER_MINUTE",
                "USER_FAILURES",
                "ADDRESS_RUNNING",
                "ADDRESS_PER_MINUTE",
                "ADDRESS_SIGN_INS",
                "ADDRESS_TRIALS",
                "PAYWALL_TRIAL_CREDITS",
                "ORIGIN_TRIAL_CREDITS",
            )
        },
    }
    kept = {name: value for name, value in outer.items() if not name.startswith(PREFIX)}
    source = str(Path(tollbridge.__file__).parents[1])
    path = os.pathsep.join(filter(None, (source, kept.get("PYTHONPATH"))))
    return {**kept, "PYTHONPATH": path, **{PREFIX + name: v for name, v in settings.items()}}


def _shared(database_url: Secret) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url.reveal(),
        "BEAT_S": str(BEAT_S),
        "SILENT_S": str(SILENT_S),
    }
