"""What `docs/scaling.md` tells an operator to type is typed here."""

import re
from pathlib import Path

import asyncpg

from tests.support.postgres import fresh_database
from tollbridge.gateway.database import PostgresDatabase
from tollbridge.gateway.observing.queries import (
    LoggedRequest,
    delete_requests,
    insert_requests,
    list_requests,
)

TEXT = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text("utf-8")
DECEMBER, JANUARY = 1_796_083_200_000, 1_798_761_600_001


def row(at):
    """A row of the request log at a moment."""
    return LoggedRequest(at, f"req_{at}", "GET", "/", 200, None, 1, *[None] * 6, 0, 0)


def write(*moments):
    """Write a row for each moment."""
    yield insert_requests([row(at) for at in moments])


async def test_the_log_by_months():
    """Rows of before stay, new ones go to their month, and old ones are deleted in portions."""
    (sql,) = re.findall(r"```sql\n(.*?)```", TEXT, flags=re.DOTALL)
    url = fresh_database()
    database = await PostgresDatabase.open(url)
    await database.write(write(DECEMBER))
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        await connection.execute(sql)
    await database.write(write(DECEMBER + 1, JANUARY))
    assert await connection.fetchval("select count(*) from requests_2027_01") == 1
    everything = {"request_id": None, "paywall_id": None, "user_id": None, "status": None}
    listed = await database.read(list_requests(since=0, limit=9, **everything))
    assert [found.at for found in listed] == [JANUARY, DECEMBER + 1, DECEMBER]
    assert await database.write(delete_requests(JANUARY, 1)) == 1
    await connection.execute("drop table requests_before")
    listed = await database.read(list_requests(since=0, limit=9, **everything))
    assert [found.at for found in listed] == [JANUARY]
    await connection.close()
    await database.close()
