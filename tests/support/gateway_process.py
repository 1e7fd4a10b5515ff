"""A gateway in a process of its own, started as an operator starts it; it can be killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import tollbridge

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

    def kill(self) -> None:
        """Kill it in the middle of whatever it does."""
        self._process.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.send_signal(signal.SIGTERM)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    async def ended(self) -> int:
        """Wait until it has ended; return its exit code."""
        return await self._process.wait()


async def start(folder: Path, *words: str, **environment: str) -> asyncio.subprocess.Process:
    """Start `tollbridge serve` on a data folder, with nothing else in its environment."""
    source = str(Path(tollbridge.__file__).parents[1])
    with folder.with_suffix(".log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tollbridge.gateway.owner.cli", "serve", "--data-dir", str(folder), *words),
            env={"PYTHONPATH": source, "PATH": os.environ["PATH"], **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )


@asynccontextmanager
async def gateway_process(
    folder: Path, *words: str, **environment: str
) -> AsyncIterator[GatewayProcess]:
    """Run a gateway until the block ends, at which it is killed if it still lives."""
    process = await start(folder, "--port", "0", *words, **environment)
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
