"""A gateway in a process of its own, started as an operator starts it; it can be killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import tollbridge
from tests.support import stores

SERVE = ("tollbridge.gateway.owner.cli", "serve")
_SAYS_WHERE = "Tollbridge serves on "


class GatewayProcess:
    """`tollbridge serve` on a free port.

    Attributes:
        url: Where it serves.
        log_file: What it writes to stderr.
    """

    def __init__(self, process: asyncio.subprocess.Process, url: str, log_file: Path) -> None:
        """Hold a process that serves; `gateway_process` starts one."""
        self._process = process
        self.url = url
        self.log_file = log_file

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def kill(self) -> None:
        """Kill it in the middle of whatever it does."""
        self._process.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.send_signal(signal.SIGTERM)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def hang_up(self) -> None:
        """Ask it to replace its workers."""
        self._process.send_signal(signal.SIGHUP)

    def worker_pids(self) -> list[int]:
        """Its workers, those that start or drain too, in the order that they were started."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def freeze(self) -> None:
        """Stop it where it stands, as a laptop that is closed does."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    async def ended(self) -> int:
        """Wait until it has ended; return its exit code."""
        return await self._process.wait()


async def start(
    folder: Path, *words: str, program: Sequence[str] = SERVE, **environment: str
) -> asyncio.subprocess.Process:
    """Start `tollbridge serve` on a data folder, with nothing else in its environment.

    `program` is a module and first words that take the same ones and do the same otherwise.
    """
    source = str(Path(tollbridge.__file__).parents[1])
    with folder.with_suffix(".log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", *program, "--data-dir", str(folder), *words),
            env={"PYTHONPATH": source, "PATH": os.environ["PATH"], **stores.environment(folder)}
            | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )


@asynccontextmanager
async def gateway_process(
    folder: Path, *words: str, program: Sequence[str] = SERVE, **environment: str
) -> AsyncIterator[GatewayProcess]:
    """Run a gateway until the block ends, at which it is killed if it still lives."""
    process = await start(folder, "--port", "0", *words, program=program, **environment)
    log_file = folder.with_suffix(".log")
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        assert line.startswith(_SAYS_WHERE), line + log_file.read_text()
        url = line.removeprefix(_SAYS_WHERE).strip().replace("localhost", "127.0.0.1")
        yield GatewayProcess(process, url, log_file)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
