"""Providers at rest and as calls find them: sealed keys, changes that act within two seconds."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.providers.conftest import MakeProvider
from tests.support.clock import FakeClock
from tests.support.stored import everything_stored
from tests.support.stores import AnyDatabase, Store, open_store
from tollbridge.gateway.database import Statement, StoreUnavailable
from tollbridge.gateway.providers import queries
from tollbridge.gateway.providers.registry import (
    Registry,
    open_provider,
    replace_key,
    store_provider,
)
from tollbridge.gateway.sealing import SealBroken, Sealer
from tollbridge.gateway.secret import Secret

KEY = "sk_live_provider"


@pytest.fixture
async def database(store: Store, tmp_path: Path) -> AsyncIterator[AnyDatabase]:
    """A store with the paywalls `pw_test` and `pw_other`."""
    opened = await open_store(tmp_path)

    def add_paywalls():
        for paywall_id in ("pw_test", "pw_other"):
            yield Statement(
                "insert into paywalls (paywall_id, name, origins, tokenization, created_at)"
                " values ($1, '', '[]', 1, 0)",
                (paywall_id,),
            )

    await opened.write(add_paywalls())
    yield opened
    await opened.close()


@pytest.fixture
def sealer() -> Sealer:
    """A sealer under a key of zeros."""
    return Sealer(bytes(32))


async def test_a_provider_comes_back_as_it_was(
    database: AnyDatabase, sealer: Sealer, new_provider: MakeProvider
) -> None:
    """Every field survives, the key included."""
    provider = new_provider(
        "prov_full",
        base_url="http://10.0.0.7:8000/api",
        allow=("POST v1/things/*", "GET /"),
        cost=3,
        cost_for=("GET /=0", "POST v1/things/*=9"),
        charge_on="complete",
        max_body_bytes=77,
        first_byte_timeout_s=5,
        idle_timeout_s=6,
        key_header="api-key",
        key=Secret(KEY),
        allow_private=True,
        anonymous_allowed=False,
        enabled=False,
    )
    plain = new_provider("prov_plain", preset="openai-chat", models=("a", "b"), max_output_tokens=9)
    await database.write(store_provider(provider, sealer, 5))
    await database.write(store_provider(plain, sealer, 6))
    stored = await database.read(queries.list_providers())
    assert [(item.provider.provider_id, item.created_at) for item in stored] == [
        ("prov_full", 5),
        ("prov_plain", 6),
    ]
    opened = open_provider(stored[0], sealer)
    assert opened.key is not None
    assert opened.key.reveal() == KEY
    assert replace(opened, key=None) == replace(provider, key=None)
    assert open_provider(stored[1], sealer) == plain


async def test_a_key_is_not_readable_at_rest(
    tmp_path: Path, database: AnyDatabase, sealer: Sealer, new_provider: MakeProvider
) -> None:
    """Neither the row nor the file of the store holds the key."""
    await database.write(store_provider(new_provider(key=Secret(KEY)), sealer, 0))
    stored = await database.read(queries.find_provider("prov_test"))
    assert stored is not None
    assert stored.provider.key is None
    assert stored.key_sealed is not None
    assert KEY.encode() not in everything_stored(tmp_path)


async def test_a_key_opens_for_its_own_provider_only(
    database: AnyDatabase, sealer: Sealer, new_provider: MakeProvider
) -> None:
    """A sealed key that is copied into another row is of no use there."""
    await database.write(store_provider(new_provider("prov_a", key=Secret(KEY)), sealer, 0))
    stolen = await database.read(queries.find_provider("prov_a"))
    assert stolen is not None
    await database.write(queries.put_provider(new_provider("prov_b"), stolen.key_sealed, 0))
    registry = Registry(database, sealer, FakeClock())
    assert await registry.find("prov_a") is not None
    with pytest.raises(SealBroken, match="providers:prov_b"):
        await registry.find("prov_b")


async def test_a_row_from_before_there_was_a_limit_gets_the_default(
    database: AnyDatabase, sealer: Sealer, new_provider: MakeProvider
) -> None:
    """An upgraded gateway clamps the output of providers that were added before."""
    await database.write(store_provider(new_provider(preset="openai-chat"), sealer, 0))

    def forget_limit():
        yield Statement("update providers set max_output_tokens = null", ())

    await database.write(forget_limit())
    stored = await database.read(queries.find_provider("prov_test"))
    assert stored is not None
    assert stored.provider.max_output_tokens == 1024


async def test_a_key_is_replaced_and_nothing_else(
    database: AnyDatabase, sealer: Sealer, new_provider: MakeProvider
) -> None:
    """The new key is sealed, found within two seconds, and the old one is gone."""
    clock = FakeClock()
    registry = Registry(database, sealer, clock)
    provider = new_provider(key=Secret(KEY), cost=3, cost_for=("GET v1/x=0",), enabled=False)
    await database.write(store_provider(provider, sealer, 1))
    await database.write(store_provider(new_provider("prov_two", key=Secret(KEY)), sealer, 1))
    found = await registry.find("prov_test")
    assert found is not None
    assert found.key is not None
    assert found.key.reveal() == KEY
    assert await database.write(replace_key("prov_test", Secret("sk_new"), sealer))
    clock.move(ms=2_000)
    found = await registry.find("prov_test")
    assert found is not None
    assert found.key is not None
    assert found.key.reveal() == "sk_new"
    assert replace(found, key=None) == replace(provider, key=None)
    other = await registry.find("prov_two")
    assert other is not None
    assert other.key is not None
    assert other.key.reveal() == KEY
    (stored, _) = await database.read(queries.list_providers())
    assert stored.created_at == 1
    assert stored.key_sealed is not None
    assert b"sk_new" not in stored.key_sealed


async def test_only_a_key_can_be_replaced_by_one(
    database: AnyDatabase, sealer: Sealer, new_provider: MakeProvider
) -> None:
    """A provider that wants no key gets none, and a mistyped id changes nothing."""
    await database.write(store_provider(new_provider(), sealer, 0))
    for provider_id in ("prov_test", "prov_none"):
        assert not await database.write(replace_key(provider_id, Secret(KEY), sealer))
    (stored,) = await database.read(queries.list_providers())
    assert stored.key_sealed is None


async def test_adding_again_replaces(
    database: AnyDatabase, sealer: Sealer, new_provider: MakeProvider
) -> None:
    """The same id in the same paywall is the same provider, with everything new but its birth."""
    await database.write(store_provider(new_provider(key=Secret(KEY)), sealer, 1))
    changed = new_provider(
        base_url="https://other.example", cost=2, cost_for=("GET v1/x=1",), charge_on="first_byte"
    )
    await database.write(store_provider(changed, sealer, 2))
    (stored,) = await database.read(queries.list_providers("pw_test"))
    assert stored == (changed, None, 1)


async def test_an_id_of_another_paywall_is_not_taken_over(
    database: AnyDatabase, sealer: Sealer, new_provider: MakeProvider
) -> None:
    """A provider cannot be moved to another paywall by writing it there."""
    provider = new_provider()
    await database.write(store_provider(provider, sealer, 0))
    with pytest.raises(ValueError, match="prov_test"):
        await database.write(store_provider(replace(provider, paywall_id="pw_other"), sealer, 0))
    stored = await database.read(queries.find_provider("prov_test"))
    assert stored is not None
    assert stored.provider == provider
    assert await database.read(queries.list_providers("pw_other")) == []


async def test_a_paywall_must_exist(
    database: AnyDatabase, sealer: Sealer, new_provider: MakeProvider
) -> None:
    """A provider belongs to a paywall that is there."""
    with pytest.raises(StoreUnavailable):
        await database.write(store_provider(new_provider(paywall_id="pw_none"), sealer, 0))


async def test_a_change_acts_within_two_seconds(
    database: AnyDatabase, sealer: Sealer, new_provider: MakeProvider
) -> None:
    """What was found is remembered below two seconds and read again at two."""
    clock = FakeClock()
    registry = Registry(database, sealer, clock)
    await database.write(store_provider(new_provider(), sealer, 0))
    found = await registry.find("prov_test")
    assert found is not None
    assert found.enabled
    assert await database.write(queries.set_enabled("prov_test", enabled=False))
    clock.move(ms=1_999)
    assert await registry.find("prov_test") is found
    clock.move(ms=1)
    changed = await registry.find("prov_test")
    assert changed is not None
    assert not changed.enabled


async def test_what_is_not_there_can_be_there_at_once(
    database: AnyDatabase, sealer: Sealer, new_provider: MakeProvider
) -> None:
    """An absent provider is not remembered as absent, nor is a paywall without any."""
    registry = Registry(database, sealer, FakeClock())
    assert await registry.find("prov_test") is None
    assert not await registry.any_for("pw_test")
    await database.write(store_provider(new_provider(enabled=False), sealer, 0))
    assert await registry.find("prov_test") is not None
    assert await registry.any_for("pw_test")
    assert await registry.any_for("pw_test")
    assert not await registry.any_for("pw_other")


async def test_enabling_what_is_not_there_says_so(database: AnyDatabase) -> None:
    """A mistyped id is told apart from a change."""
    assert not await database.write(queries.set_enabled("prov_none", enabled=True))


async def test_the_enabled_ones_are_read_once_in_two_seconds(
    database: AnyDatabase, sealer: Sealer, new_provider: MakeProvider
) -> None:
    """Without their keys; a change acts within two seconds, a first provider at once."""
    clock = FakeClock()
    registry = Registry(database, sealer, clock)
    assert await registry.offered_by("pw_test") == []
    one = new_provider("prov_one", key=Secret(KEY))
    await database.write(store_provider(one, sealer, clock.now_ms()))
    (found,) = await registry.offered_by("pw_test")
    assert found == replace(one, key=None)
    await database.write(queries.set_enabled("prov_one", enabled=False))
    clock.move(ms=1_999)
    assert [p.provider_id for p in await registry.offered_by("pw_test")] == ["prov_one"]
    clock.move(ms=1)
    assert await registry.offered_by("pw_test") == []
    assert await registry.offered_by("pw_other") == []
