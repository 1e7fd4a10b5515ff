"""A server that has become the standby of another."""

import pytest

from tests.database.notes import add_note, list_notes
from tests.database.postgres_doors import connected
from tests.support.stores import place
from tollbridge.gateway.database import StoreUnavailable

pytestmark = pytest.mark.only_on("postgres")


async def test_connections_to_a_standby_are_given_up(database, tmp_path):
    """The same address may lead to the new primary by now; what is kept would never find it."""
    async with connected(place(tmp_path)) as beside:
        name = await beside.fetchval("select current_database()")
        await beside.execute(f"alter database {name} set default_transaction_read_only = on")
        with pytest.raises(StoreUnavailable, match="read-only") as caught:
            await database.write(add_note("on a standby"))
        assert not caught.value.outcome_unknown
        await beside.execute(f"alter database {name} reset default_transaction_read_only")
    assert await database.write(add_note("on the primary")) == "on the primary"
    assert await database.read(list_notes()) == ["on the primary"]
