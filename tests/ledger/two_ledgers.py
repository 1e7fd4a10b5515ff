"""The real ledger in a real store, and beside it the coins that say what it should hold."""

import asyncio
import shutil
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tests.ledger.coins import Purse
from tests.ledger.people import NOW, USERS, add_people, rows
from tests.support.stores import POSTGRES, AnyDatabase, open_place
from tollbridge.gateway import ledger
from tollbridge.gateway.database import Script, Shortcut
from tollbridge.gateway.ledger import Ending, Hold

TYPES = ("standard", "advanced")
ACCOUNTS = tuple((user_id, query_type) for user_id in USERS for query_type in TYPES)


@dataclass
class ExpectedCall:
    """What a call's row should say."""

    hold: Hold
    account: tuple[str, str]
    amount: int
    state: str = "held"
    ended: bool = False

    @property
    def key(self) -> tuple[str, int]:
        """Name the attempt."""
        return self.hold.order.call_id, self.hold.order.attempt


class TwoLedgers:
    """Runs commands on the store and keeps the purses; `compare` says whether they agree."""

    def __init__(self, kind: str) -> None:
        """Open an empty store of a kind, in a folder or a database of its own."""
        self.kind = kind
        self._runner = asyncio.Runner()
        self._folder = Path(tempfile.mkdtemp())
        self._place = str(self._folder / "first.db")
        if kind == POSTGRES:
            from tests.support.postgres import (
                fresh_database,
            )  # a server is started where it is used

            self._place = fresh_database()
        self._database = self._open()
        self._seen: dict[tuple[str, str], tuple[int, int]] = {}
        self.purses: dict[tuple[str, str], Purse] = defaultdict(lambda: Purse(now=self.now))
        self.calls: dict[tuple[str, int], ExpectedCall] = {}
        self.now = NOW
        self.names = 0

    def close(self) -> None:
        """Let go of everything."""
        self._runner.run(self._database.close())
        self._runner.close()
        shutil.rmtree(self._folder)

    def name(self, word: str) -> str:
        """Name something new."""
        self.names += 1
        return f"{word}_{self.names}"

    def write(self, script: Script[Any], shortcut: Shortcut[Any] | None = None) -> Any:
        """Run a script, or its shortcut, and wait for the commit."""
        return self._runner.run(self._database.write(script, shortcut))

    def rehearse(self, script: Script[Any]) -> Any:
        """Run a script and leave nothing of it behind; return what it would have answered."""
        try:
            self.write(_taken_back(script))
        except _TakenBack as end:
            return end.value
        raise AssertionError("it was not taken back")

    def read(self, script: Script[Any]) -> Any:
        """Run a script that reads."""
        return self._runner.run(self._database.read(script, snapshot=True))

    def write_unchanged(
        self,
        script: Script[Any],
        error: type[Exception],
        shortcut: Shortcut[Any] | None = None,
    ) -> None:
        """Run what must fail and leave everything as it was, to the last column."""
        before = self.read(_everything())
        try:
            self.write(script, shortcut)
        except error:
            assert self.read(_everything()) == before
        else:
            raise AssertionError(f"{error.__name__} was not raised")

    def write_at_once(
        self, scripts: list[Script[Any]], shortcuts: list[Shortcut[Any] | None]
    ) -> list[Any]:
        """Run scripts of callers that do not wait for each other, some by their shortcuts."""

        async def gather() -> list[Any]:
            return await asyncio.gather(*map(self._database.write, scripts, shortcuts))

        return self._runner.run(gather())

    def ending(self, outcome: str) -> Ending:
        """Say how a call ends now."""
        return Ending(outcome, 200, self.now)

    def pass_time(self, by_ms: int) -> None:
        """Let time pass; the store learns of it from the next command."""
        self.now += by_ms
        for purse in self.purses.values():
            purse.pass_time(self.now)

    def stop_and_start(self) -> None:
        """Close the store properly and open it again."""
        self._runner.run(self._database.close())
        self._database = self._open()

    def crash_and_start(self) -> None:
        """Let go of the store as a killed process does, and open it again."""
        if self.kind == POSTGRES:
            self._runner.run(_end_connections(self._place))
        else:  # the files as they are on disk now
            crashed = str(self._folder / f"{self.name('crashed')}.db")
            for end in ("", "-wal"):
                shutil.copyfile(f"{self._place}{end}", f"{crashed}{end}")
            self._place = crashed
        before, self._database = self._database, self._open()
        self._runner.run(before.close())

    def compare(self) -> None:
        """Check every law that holds between two commands."""
        facts = self.read(_facts())
        assert facts["differences"] == []
        for account in ACCOUNTS:
            self._compare_account(account, facts["balances"].get(account), facts["left"])
        for user_id in USERS:
            held: dict[str, int] = defaultdict(int)
            for call in self.calls.values():
                if call.account[0] == user_id and call.state == "held":
                    held[call.account[1]] += call.amount
            assert facts["held"][user_id] == dict(held)
        stored = {(row[0], row[1]): row[2:] for row in facts["calls"]}
        for key, call in self.calls.items():
            assert stored[key] == (call.state, call.amount, call.ended)

    def _compare_account(
        self, account: tuple[str, str], row: tuple[Any, ...] | None, left: dict[str, int]
    ) -> None:
        purse = self.purses[account]
        available, granted, debt, version, expires_at = row or (0, 0, 0, 0, None)
        assert min(available, granted, debt) >= 0
        assert debt == 0 or available == 0
        before, version_before = self._seen.get(account, (0, 0))
        assert version > version_before or (available, version) == (before, version_before)
        self._seen[account] = available, version
        if expires_at is None or expires_at > self.now:  # else it is retired by the next command
            assert (available, granted, debt) == (purse.available(), purse.granted(), purse.debt)
            for source in purse.sources:
                assert left[source.grant_id] == purse.left_of(source.grant_id)

    def _open(self) -> AnyDatabase:
        return self._runner.run(_open_with_people(self._place))


async def _open_with_people(place: str) -> AnyDatabase:
    database = await open_place(place)
    await database.write(add_people())
    return database


async def _end_connections(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    await connection.close()


class _TakenBack(Exception):
    """Ends a script of which nothing shall stay."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


def _taken_back(script: Script[Any]) -> Script[None]:
    raise _TakenBack((yield from script))


def _facts() -> Script[dict[str, Any]]:
    balances = yield from rows(
        "select user_id, query_type, available, granted, debt, version, expires_at from balances"
    )
    left = yield from rows(
        "select g.grant_id, g.remaining + coalesce(b.seated_left, 0) from grants g"
        " left join balances b on b.seated_grant = g.grant_id"
    )
    calls = yield from rows(
        "select call_id, attempt, state, amount, ended_at is not null from calls"
    )
    held = {}
    for user_id in USERS:
        held[user_id] = yield from ledger.held(user_id)
    differences = yield from ledger.verify()
    return {
        "balances": {(row[0], row[1]): row[2:] for row in balances},
        "left": dict(left),
        "calls": calls,
        "held": held,
        "differences": differences,
    }


def _everything() -> Script[list[Any]]:
    found = []
    for table in ("balances", "grants", "calls", "call_takes", "journal", "epochs"):
        found.append(sorted((yield from rows(f"select * from {table}")), key=repr))
    return found
