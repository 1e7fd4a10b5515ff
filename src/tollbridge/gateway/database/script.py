"""What the parts hand to storage: a script, that is a generator of statements. No I/O here.

A part writes its statements in its own `queries.py` as generator functions that yield a
`Statement`, receive its rows and return a value. Whoever runs the generator decides how: the
SQLite store runs it on its writer thread, many scripts to a commit. Scripts of several parts are
joined by `yield from` and are then one unit: all of it is committed, or nothing.

SQL is written with `$1`, `$2`, … and the few words that SQLite and PostgreSQL share; times are
milliseconds since 1970, truth is 0 or 1, lists are JSON text.

On PostgreSQL scripts of many processes run beside each other, each statement on what is committed
when it begins. So whoever looks before writing takes a lock first (`lock`, `locking`), always in
this order: what a request comes from (an address, a paywall, a user), keys and codes, then rows;
the balance rows of a user in the order of their types, a user's before the calls that they pay.
"""

import hashlib
from collections.abc import Callable, Generator, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

Rows = list[tuple[Any, ...]]
T = TypeVar("T")


class Statement(NamedTuple):
    """One SQL statement with its parameters in the order `$1`, `$2`, ….

    Attributes:
        only_locks: It is there for the locks that it takes. A store with one writer leaves it out
            and answers with no rows.
    """

    sql: str
    parameters: Sequence[Any] = ()
    only_locks: bool = False


Script = Generator[Statement, Rows, T]


def lock(*subject: str) -> Statement:
    """Return what has a script wait until no other works on that subject; held until its end.

    `subject` is words that say what it is and whose; what is locked is a number of 64 bits made
    from them.
    """
    digest = hashlib.blake2b("\x1f".join(subject).encode("utf-8", "surrogatepass"), digest_size=8)
    number = int.from_bytes(digest.digest(), "big", signed=True)
    return Statement("select pg_advisory_xact_lock($1)", (number,), only_locks=True)


def locking(sql: str, parameters: Sequence[Any]) -> Statement:
    """Return a statement that is there to lock the rows that it selects or makes."""
    return Statement(sql, parameters, only_locks=True)


class Many(NamedTuple):
    """A statement that does for many callers at once what a script does for one.

    Attributes:
        sql: PostgreSQL's. `$1`, `$2`, … are arrays, one for each of a caller's values, all of one
            length. Each row that comes back begins with the place of the caller whom it serves,
            counted from 1.
    """

    sql: str


class Shortcut(NamedTuple, Generic[T]):
    """How one caller takes part in a `Many`.

    It must do what the script does, or serve the caller not at all: then the script is run.

    Attributes:
        many: The statement.
        values: The caller's.
        read: Makes the script's value of the row that came back, without the place.
    """

    many: Many
    values: tuple[Any, ...]
    read: Callable[[tuple[Any, ...]], T]


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

    async def write(self, script: Script[T], shortcut: Shortcut[T] | None = None) -> T:
        """Run a script and commit it; return its value once it is durable.

        Where a store has round trips, many callers' shortcuts travel in one.

        Scripts of concurrent callers share a commit. A script that raises leaves nothing behind
        and does not disturb the others. A caller that is cancelled in here does not undo it: the
        script may have been committed; look it up by id.

        Raises:
            StoreUnavailable: The store could not run or commit it.
        """
        ...

    def write_later(
        self,
        script: Script[Any],
        otherwise: Callable[[], object] | None = None,
        shortcut: Shortcut[Any] | None = None,
    ) -> None:
        """Have a script ride in the next commit, and nobody wait for it.

        Its failure is logged, and `otherwise` called.
        """
        ...

    async def read(self, script: Script[T], *, snapshot: bool = False) -> T:
        """Run a script that only reads.

        With `snapshot` all its statements see the same moment, and it may take long; otherwise,
        where there are more than one, each may see a later one.

        Raises:
            StoreUnavailable: The store could not run it.
        """
        ...

    async def close(self) -> None:
        """Commit what is queued and let go of the store."""
        ...
