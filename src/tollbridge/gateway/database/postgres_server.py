"""A PostgreSQL server as this program needs it: looked at once, when the store is opened."""

from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg

from tollbridge.gateway.database.postgres_migrate import (
    migrate,
    migrations,
    refuse_newer,
    version_of,
)
from tollbridge.gateway.database.script import Script, Statement, StoreUnavailable
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.secret import Secret

T = TypeVar("T")

OLDEST_VERSION = 15
# A server that does not answer within this is away; whoever asks tries again by himself.
CONNECT_S = 3.0

# What a server or the way to it does to whoever asks.
FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a statement after the server has said that it ends
    OSError,
    TimeoutError,
)

# For each transaction. A process that is stopped in the middle of one must not keep others from
# the rows that it has locked; who waits this long for a row is told to try again.
_SETTINGS = {
    "default_transaction_isolation": "read committed",
    "lock_timeout": "5s",
    "statement_timeout": "7s",
    "idle_in_transaction_session_timeout": "5s",
    # A machine that vanished leaves its locks behind until the server notices.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "2",
}
_SNAPSHOT = (
    "begin isolation level repeatable read read only; set local statement_timeout = 0;"
    " set local idle_in_transaction_session_timeout = 0"
)
_IN_TRANSACTION = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")


@dataclass(frozen=True, slots=True)
class Server:
    """How to speak to a server.

    Attributes:
        url: Where it is, with the password.
        pooled: A pooler such as PgBouncer stands before it and may hand each transaction to another
            connection of its own: nothing may be kept on a connection between two.
        settings: What a connection asks for when it is opened; nothing where it is pooled.
        begin: The statements that begin a transaction.
        begin_snapshot: Those that begin one which reads everything as it is at one moment, for as
            long as that takes.
    """

    url: Secret
    pooled: bool
    settings: dict[str, str]
    begin: str
    begin_snapshot: str = _SNAPSHOT

    async def pool(self, connections: int, **settings: str) -> Any:
        """Return a pool of up to so many connections; the first is opened when it is needed.

        Args:
            connections: At most.
            settings: More of what its connections ask for, where no pooler stands before them.
        """
        given = self.settings | settings if not self.pooled else {}
        return await asyncpg.create_pool(
            self.url.reveal(),
            min_size=0,
            max_size=connections,
            reset=_leave_as_it_is,
            **_options(pooled=self.pooled, settings=given),
        )


async def look_at(url: Secret, *, make: bool) -> Server:
    """Find out how to speak to a server, and bring its tables up to date.

    Args:
        url: Where it is.
        make: Whether tables are made where there are none.

    Raises:
        StartError: It is too old, its database has another encoding than UTF-8, there are no tables
            and none shall be made, or they are too new.
        StoreUnavailable: It cannot be reached.
    """
    connection = await _connect(url)
    try:
        # A pooler cannot tell the number of the server's process, and makes one up.
        own = connection.get_server_pid()
        async with connection.transaction():
            seen = await connection.fetchrow(
                "select pg_backend_pid() as pid, current_setting('server_encoding') as encoding,"
                " current_setting('synchronous_commit') as commits,"
                " current_setting('server_version_num')::int / 10000 as version"
            )
        check_server(seen["version"], seen["encoding"])
        await _check_tables(connection, make=make)
    except asyncpg.PostgresError as error:
        raise StoreUnavailable(words_of(error)) from error
    finally:
        connection.terminate()
    return _server(url, pooled=seen["pid"] != own, commits=seen["commits"])


def _server(url: Secret, *, pooled: bool, commits: str) -> Server:
    settings = dict(_SETTINGS)
    if commits == "off":  # what is promised must be on disk
        settings["synchronous_commit"] = "on"
    if not pooled:
        return Server(url, False, settings | {"application_name": "tollbridge"}, "begin")
    wanted = [name for name in settings if name in (*_IN_TRANSACTION, "synchronous_commit")]
    begin = "begin isolation level read committed" + "".join(
        f"; set local {name} = '{settings[name]}'" for name in wanted
    )
    return Server(url, True, {}, begin)


def check_server(version: int, encoding: str) -> None:
    """Refuse a server that will not do.

    Args:
        version: PostgreSQL's, the part before the dot.
        encoding: Of the database.

    Raises:
        StartError: It is too old, or the database could not keep every text.
    """
    if version < OLDEST_VERSION:
        raise StartError(
            f"the database server is PostgreSQL {version}; tollbridge needs {OLDEST_VERSION} "
            "or newer"
        )
    if encoding != "UTF8":
        raise StartError(
            f"the database's encoding is {encoding}; make one with: create database tollbridge "
            "encoding 'UTF8' template template0"
        )


async def _check_tables(connection: Any, *, make: bool) -> None:
    version = await version_of(connection)
    newest = migrations()[-1][0]
    refuse_newer(version, newest)
    if version == 0 and not make:
        raise StartError(
            "this database holds no tollbridge; start the gateway on it first, or run "
            "tollbridge db migrate"
        )
    if version < newest:
        await migrate(connection)


def _options(*, pooled: bool, settings: dict[str, str]) -> dict[str, Any]:
    return {
        "timeout": CONNECT_S,
        # What is prepared stays on a connection, and so does what is known of it.
        "statement_cache_size": 0 if pooled else 500,
        "max_cached_statement_lifetime": 0,
        "server_settings": settings or None,
    }


async def _leave_as_it_is(connection: Any) -> None:
    """Spare a round trip: nothing here changes a connection beyond its transaction."""


async def _connect(url: Secret) -> Any:
    try:
        return await asyncpg.connect(url.reveal(), **_options(pooled=True, settings={}))
    except ValueError as error:
        raise StartError("TOLLBRIDGE_DATABASE_URL is not a postgresql:// address") from error
    except FAILURES as error:
        raise StoreUnavailable(f"cannot reach the database: {words_of(error)}") from error


async def run_script(connection: Any, script: Script[T], first: Statement | None = None) -> T:
    """Run a script's statements on a connection; `first` is one that it has given already."""
    try:
        statement = first or next(script)
        while True:
            try:
                records = await connection.fetch(statement.sql, *statement.parameters)
            except FAILURES as error:
                statement = script.throw(error)
                continue
            statement = script.send([tuple(record) for record in records])
    except StopIteration as end:
        value: T = end.value
        return value


def words_of(error: BaseException) -> str:
    """Return what to say of an error: some of them bring no words."""
    if isinstance(error, asyncpg.DataError) and error.severity is None:
        return "a value is none that the database takes"  # the driver itself says which
    # Of what a server says, not the detail: that may show a row.
    return getattr(error, "message", None) or str(error) or type(error).__name__
