"""Other processes as the system tells of them: whether they live, when they end, what they hold."""

import asyncio
import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


def lives(pid: int) -> bool:
    """Tell whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def gone(pid: int) -> None:
    """Wait until a process has ended; it need not be a child."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop.add_reader(descriptor, ended.set)
    await ended.wait()
    loop.remove_reader(descriptor)
    os.close(descriptor)


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """Stop a process until the block ends.

    Of processes that accept from one socket the same one may take every connection; while it
    stands still, another must.
    """
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def holder(port: int, pids: Iterable[int]) -> int:
    """Return which process holds the connection whose other end is at this local port."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if int(row[2].partition(":")[2], 16) == port}
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            if os.readlink(descriptor) in sockets:
                return pid
    raise LookupError(f"none of them holds the connection from port {port}")
