"""Paywalls are checked when they are made, kept, and seen within two seconds."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import FakeClock
from tests.support.stores import AnyDatabase, Store, open_store
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.paywalls import (
    Paywall,
    Paywalls,
    create_paywall,
    find_paywall,
    need_paywall,
    set_query_types,
    store_paywall,
)

WHOLE = Paywall(
    "pw_one",
    name="One – and only",
    origins=("https://app.example", "null"),
    tokenization=False,
    query_types={"advanced": 0, "gpt-4.1_x": 3, "standard": 20},
    origin_trial_credits=200,
)


@pytest.fixture
async def database(store: Store, tmp_path: Path) -> AsyncIterator[AnyDatabase]:
    """A database of one's own."""
    opened = await open_store(tmp_path)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    "fields",
    [
        {"paywall_id": ""},
        {"paywall_id": "../etc"},
        {"paywall_id": "pw one"},
        {"paywall_id": "pw_ä"},
        {"paywall_id": "x" * 65},
        {"name": "two\nlines"},
        {"name": "x" * 201},
        {"origins": ("https://App.example",)},
        {"origins": ("https://app.example/",)},
        {"origins": ("https://a.example",) * 65},
        {"query_types": {"Standard": 1}},
        {"query_types": {"": 1}},
        {"query_types": {"x" * 65: 1}},
        {"query_types": {"-x": 1}},
        {"query_types": {"standard": -1}},
        {"query_types": {"standard": 1_000_001}},
        {"origin_trial_credits": 0},
        {"origin_trial_credits": 1_000_001},
        {"query_types": {f"type-{number}": 0 for number in range(33)}},
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any]) -> None:
    """With a sentence, before it reaches the store."""
    with pytest.raises(ValueError, match=r"\w+ .*"):
        Paywall(**{"paywall_id": "pw_one", **fields})


async def test_a_paywall_comes_back_as_it_was_written(database: AnyDatabase) -> None:
    """Every field of it."""
    assert await database.write(create_paywall(WHOLE, 1)) is True
    assert await database.read(find_paywall("pw_one")) == WHOLE


async def test_an_id_is_given_once(database: AnyDatabase) -> None:
    """The second changes nothing, not even its query types."""
    await database.write(create_paywall(WHOLE, 1))
    assert await database.write(create_paywall(Paywall("pw_one", query_types={"x": 1}), 2)) is False
    assert await database.read(find_paywall("pw_one")) == WHOLE


async def test_changed_query_types_leave_the_others(database: AnyDatabase) -> None:
    """Types are added and changed, never taken away: users have credits of them."""
    await database.write(create_paywall(WHOLE, 1))
    await database.write(set_query_types("pw_one", {"standard": 5, "new": 1}))
    await database.write(store_paywall(Paywall("pw_one", name="Other")))
    found = await database.read(find_paywall("pw_one"))
    assert found is not None
    assert (found.name, found.origins, found.tokenization) == ("Other", (), True)
    assert found.query_types == {"advanced": 0, "gpt-4.1_x": 3, "new": 1, "standard": 5}


async def test_an_unknown_paywall_is_nobodys(database: AnyDatabase) -> None:
    """Asked for, it is None; needed, it is refused."""
    paywalls = Paywalls(database, FakeClock())
    assert await paywalls.find("pw_none") is None
    for needing in (paywalls.need("pw_none"), database.read(need_paywall("pw_none"))):
        with pytest.raises(Refusal) as caught:
            await needing
        assert caught.value.code == "paywall_not_found"


async def test_changes_are_seen_within_two_seconds(database: AnyDatabase) -> None:
    """A new paywall at once, a changed one when what was read is two seconds old."""
    clock = FakeClock()
    paywalls = Paywalls(database, clock)
    assert await paywalls.find("pw_one") is None
    await database.write(create_paywall(WHOLE, 1))
    assert await paywalls.need("pw_one") == WHOLE
    changed = Paywall("pw_one", name="Changed", query_types=WHOLE.query_types)
    await database.write(store_paywall(changed))
    clock.move(ms=1_999)
    assert await paywalls.need("pw_one") == WHOLE
    clock.move(ms=1)
    assert await paywalls.need("pw_one") == changed
