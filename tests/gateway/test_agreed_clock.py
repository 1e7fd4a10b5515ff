"""A clock that is wrong follows the database server's; one that is nearly right its own."""

import pytest

from tests.support.clock import START_MS, FakeClock
from tests.support.stores import open_store
from tollbridge.gateway.agreed_clock import TOLERATED_MS, AgreedClock, apart
from tollbridge.gateway.clock import SystemClock


@pytest.mark.parametrize(
    ("server", "ahead"),
    [
        (START_MS, 0),
        (START_MS - TOLERATED_MS, 0),
        (START_MS + 10 + TOLERATED_MS, 0),
        (START_MS - TOLERATED_MS - 1, TOLERATED_MS + 6),
        (START_MS + 10 + TOLERATED_MS + 1, -TOLERATED_MS - 6),
    ],
)
def test_what_is_tolerated(server, ahead):
    """Asked at START, answered ten milliseconds later: each side of what a question can tell."""
    assert apart(server, START_MS, START_MS + 10) == ahead


@pytest.mark.only_on("postgres")
async def test_it_follows_the_server_and_back(tmp_path, caplog):
    """Also when the machine's clock is set right while the process runs. SQLite has no server."""
    own = FakeClock(SystemClock().now_ms() - 3_600_000)
    clock = AgreedClock(own)
    database = await open_store(tmp_path)
    try:
        await clock.compare(database)
        assert abs(clock.now_ms() - SystemClock().now_ms()) < 30_000
        assert "behind the database's, whose time is used" in caplog.text
        own.move(seconds=3600)
        await clock.compare(database)
        assert abs(clock.now_ms() - SystemClock().now_ms()) < 30_000
    finally:
        await database.close()
