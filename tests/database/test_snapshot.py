"""Looks at everything as it is at one moment, as `ledger verify` takes them."""

import pytest

from tests.database.postgres_doors import open_hurried
from tests.support.stores import place
from tollbridge.gateway.database import Statement

pytestmark = pytest.mark.only_on("postgres")

LIMITS = ("statement_timeout", "idle_in_transaction_session_timeout")


def read_limits():
    """Read how long a statement may take, and how long we may think between two."""
    found = []
    for name in LIMITS:
        found += yield Statement("select current_setting($1)", (name,))
    return [limit for (limit,) in found]


async def test_a_snapshot_takes_as_long_as_it_takes(database, tmp_path):
    """A large ledger is added up in more time than any other statement may take."""
    hurried = await open_hurried(place(tmp_path), **dict.fromkeys(LIMITS, "3s"))
    try:
        assert await hurried.read(read_limits()) == ["3s", "3s"]
        assert await hurried.read(read_limits(), snapshot=True) == ["0", "0"]
        assert await hurried.read(read_limits()) == ["3s", "3s"]
    finally:
        await hurried.close()
