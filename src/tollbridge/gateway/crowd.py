"""How many connections a process keeps at once, and which one goes when there are too many.

Whoever opens thousands and says nothing must not keep others out. A connection without a request
costs its page nothing to open again, so the one that has been idle for longest makes room.
"""

import resource
from typing import Protocol

# Opened by one process at most: each page's connection may need one to a provider, and the store
# and the loop have a few dozen of their own.
FILES_BESIDE = 64
# More than one process can serve; the kernel's tables for them are not free.
FILES_MAX = 65_536


class Closable(Protocol):
    """A connection as seen from here."""

    def abort(self) -> None:
        """Close it at once."""
        ...


class Crowd:
    """The connections of a process, those without a request in the order that they became so."""

    def __init__(self, connections_max: int) -> None:
        """Keep at most `connections_max`."""
        self._connections_max = connections_max
        self._idle: dict[Closable, None] = {}
        self._busy: set[Closable] = set()

    def enter(self, connection: Closable) -> None:
        """Take a new connection in; where it is one too many the longest idle one is aborted.

        That may be the new one itself, where all others have a request.
        """
        self._idle[connection] = None
        if len(self._idle) + len(self._busy) > self._connections_max:
            longest_idle = next(iter(self._idle))
            self.leave(longest_idle)
            longest_idle.abort()

    def has_request(self, connection: Closable) -> None:
        """Note that a connection has one to answer; it stays until that is done."""
        if connection in self._idle:
            del self._idle[connection]
            self._busy.add(connection)

    def has_none(self, connection: Closable) -> None:
        """Note that a connection's requests are all answered."""
        if connection in self._busy:
            self._busy.remove(connection)
            self._idle[connection] = None

    def leave(self, connection: Closable) -> None:
        """Forget a connection."""
        self._idle.pop(connection, None)
        self._busy.discard(connection)


def allow_many_files() -> int:
    """Let the process open as many files as the system lets it; return how many that are.

    The usual soft limit of 1,024 is meant for programs that look through sets of bits.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, FILES_MAX)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return FILES_MAX if soft == resource.RLIM_INFINITY else soft


def connections_max(files: int) -> int:
    """Return how many connections of pages leave room for as many to providers. No I/O."""
    return max(1, (files - FILES_BESIDE) // 2)
