"""One worker as its parent sees it: a process, and a line between the two.

Over the line the worker says once that it serves, or in a sentence why it cannot. As long as the
parent lives the line is open; a worker that sees its end drains and ends (`Line`).
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tollbridge

_READY = b"ready"
# Sentences are short; what is longer is no sentence of ours.
_SENTENCE_BYTES_MAX = 2000


@dataclass(frozen=True, slots=True)
class Program:
    """What a worker runs.

    Attributes:
        words: A module and what it is told; last it is told the descriptor of its line.
        descriptors: Open files that it inherits under the same numbers.
        environment: Beside that of the parent.
    """

    words: Sequence[str]
    descriptors: Collection[int] = ()
    environment: Mapping[str, str] | None = None


class WorkerFailed(Exception):
    """A worker ended, or was ended, before it served; the message says why."""


class WorkerProcess:
    """A worker process; `start` makes one.

    Attributes:
        number: Its place among the workers, from 0.
    """

    def __init__(
        self,
        number: int,
        process: asyncio.subprocess.Process,
        line: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Hold a process and the parent's end of its line."""
        self.number = number
        self._process = process
        self._reader, self._writer = line
        self._ready_s: float | None = None

    @classmethod
    async def start(cls, number: int, program: Program) -> "WorkerProcess":
        """Start a process of its own session, so that Ctrl-C at a terminal is the parent's alone.

        Raises:
            WorkerFailed: The system refuses to start one.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                # The package that the parent runs, and nothing from the folder it stands in.
                paths = [str(Path(tollbridge.__file__).parents[1]), os.environ.get("PYTHONPATH")]
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *("-P", "-m", *program.words, str(theirs.fileno())),
                    stdin=asyncio.subprocess.DEVNULL,
                    env={
                        **os.environ,
                        **(program.environment or {}),
                        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
                    },
                    pass_fds=(theirs.fileno(), *program.descriptors),
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                raise WorkerFailed(f"it cannot be started: {error.strerror}") from error
        line = await asyncio.open_connection(sock=ours, limit=_SENTENCE_BYTES_MAX)
        return cls(number, process, line)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def served_s(self) -> float:
        """Seconds since it began to serve; 0 where it has not."""
        return 0.0 if self._ready_s is None else time.monotonic() - self._ready_s

    async def serves(self, within_s: float) -> None:
        """Wait until it serves.

        Raises:
            WorkerFailed: It said why it cannot, it ended, or the time is over; it is gone.
        """
        try:
            async with asyncio.timeout(within_s):
                said = (await self._reader.readline()).strip()
                if said != _READY:
                    await self.ended()
        except TimeoutError:
            await self.end_at_once()
            raise WorkerFailed(f"it did not serve within {within_s:g} s") from None
        if said != _READY:
            raise WorkerFailed(said.decode("utf-8", "replace") or self.last_words())
        self._ready_s = time.monotonic()

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def ended(self) -> None:
        """Wait until it has ended."""
        await self._process.wait()
        self._writer.close()
        with contextlib.suppress(OSError):
            # Several may wait here; the first that is cancelled would cancel it for all.
            await asyncio.shield(self._writer.wait_closed())

    async def end_at_once(self) -> None:
        """Kill it, and wait until it is gone."""
        self.tell(signal.SIGKILL)
        await self.ended()

    def last_words(self) -> str:
        """Say how it ended."""
        code = self._process.returncode
        if code is not None and code < 0:
            return f"it was ended by {signal.Signals(-code).name}"
        return f"it ended with exit code {code}"


class Line:
    """A worker's end of its line; it is asked to end when the parent is gone."""

    def __init__(self, descriptor: int) -> None:
        """Take the line that the parent opened; needs a running event loop."""
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._parent_is_gone)

    def say_ready(self) -> None:
        """Tell the parent that this worker serves."""
        self._say(_READY)

    def say_why(self, sentence: str) -> None:
        """Tell the parent why this worker cannot serve."""
        self._say(" ".join(sentence.split()).encode()[: _SENTENCE_BYTES_MAX - 1])

    def _say(self, words: bytes) -> None:
        with contextlib.suppress(OSError):  # the parent is gone, of which the loop tells next
            self._socket.send(words + b"\n")

    def _parent_is_gone(self) -> None:
        # The parent never says anything, so that there is something to read means that it ended.
        self._loop.remove_reader(self._socket)
        os.kill(os.getpid(), signal.SIGTERM)
