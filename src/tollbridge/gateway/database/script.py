"""What the parts hand to storage: a script, that is a generator of statements. No I/O here.

A part writes its statements in its own `queries.py` as generator functions that yield a
`Statement`, receive its rows and return a value. Whoever runs the generator decides how: the
SQLite store runs it on its writer thread, many scripts to a commit. Scripts of several parts are
joined by `yield from` and are then one unit: all of it is committed, or nothing.

SQL is written with `$1`, `$2`, … and the few words that SQLite and PostgreSQL share; times are
milliseconds since 1970, truth is 0 or 1, lists are JSON text.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

Rows = list[tuple[Any, ...]]
T = TypeVar("T")


class Statement(NamedTuple):
    """One SQL statement with its parameters in the order `$1`, `$2`, …."""

    sql: str
    parameters: Sequence[Any] = ()


Script = Generator[Statement, Rows, T]


class StoreUnavailable(Exception):
    """The store did not take it.

    Attributes:
        outcome_unknown: The commit itself failed, so that a look-up by id must decide what is
            true; otherwise nothing was changed.
    """

    def __init__(self, message: str, *, outcome_unknown: bool = False) -> None:
        """Make the error; `message` says what the store said."""
        super().__init__(message)
        self.outcome_unknown = outcome_unknown


class StoreLoad(NamedTuple):
    """What a store does: the scripts that wait for their commit, and its commits so far."""

    waiting: int
    commits: int
    scripts: int
    seconds: float


class Database(Protocol):
    """A store that runs scripts."""

    def load(self) -> StoreLoad:
        """Return what it does just now."""
        ...

    async def write(self, script: Script[T]) -> T:
        """Run a script and commit it; return its value once it is durable.

        Scripts of concurrent callers share a commit. A script that raises leaves nothing behind
        and does not disturb the others. A caller that is cancelled in here does not undo it: the
        script may have been committed; look it up by id.

        Raises:
            StoreUnavailable: The store could not run or commit it.
        """
        ...

    def write_later(
        self, script: Script[Any], otherwise: Callable[[], object] | None = None
    ) -> None:
        """Have a script ride in the next commit, and nobody wait for it.

        Its failure is logged, and `otherwise` called.
        """
        ...

    async def read(self, script: Script[T]) -> T:
        """Run a script that only reads, on one snapshot of what is committed.

        Raises:
            StoreUnavailable: The store could not run it.
        """
        ...

    async def close(self) -> None:
        """Commit what is queued and let go of the store."""
        ...
