"""The limits of callers end to end: who waits, for how long, and what a refused call leaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.scripted_provider import Answer, Wait
from tests.support.world import CALL, PAYWALL, UNCOUNTED, Visitor, World, open_world
from tollbridge.gateway.settings import Limits

pytestmark = pytest.mark.usefixtures("store")

LOCAL = (ip_network("127.0.0.0/8"),)


@asynccontextmanager
async def limited(folder: Path, **limits: int) -> AsyncIterator[World]:
    """Open a world behind a trusted proxy, with these limits of callers in force."""
    chosen = Limits(**{**UNCOUNTED, **limits})
    async with open_world(folder, limits=chosen, trusted_proxies=LOCAL) as world:
        world.provider.always(Answer.json({}))
        await world.add_provider("prov_free", cost=0)
        yield world
        assert await world.verify() == []


def come_from(address: str) -> dict[str, Any]:
    """Return how a call says where it comes from."""
    return {"headers": {"X-Forwarded-For": address}}


async def served(world: World, visitor: Visitor, **which: Any) -> int:
    """Make a call; return its status."""
    async with world.call(visitor, **which) as answer:
        await answer.read()
        return int(answer.status)


async def refused(world: World, visitor: Visitor, **which: Any) -> tuple[str, int]:
    """Make a call that must wait; return the limit's name and `Retry-After`."""
    async with world.call(visitor, **which) as answer:
        body = await answer.json()
        assert (answer.status, body["error"]) == (429, "rate_limited"), body
        assert answer.headers["X-Error-Source"] == "gateway"
        assert body["message"]
        return body["details"]["limit"], int(answer.headers["Retry-After"])


def requests(world: World) -> int:
    """Return how many calls the provider saw."""
    return len(world.provider.requests)


async def begin(world: World, visitor: Visitor, **which: Any) -> aiohttp.ClientResponse:
    """Begin a call whose answer goes on; its headers are there."""
    answer: aiohttp.ClientResponse = await world.call(visitor, **which)
    assert answer.status == 200
    return answer


async def test_calls_of_a_user_at_once(tmp_path: Path) -> None:
    """One too many waits, a second long; when one has ended there is a place again."""
    async with limited(tmp_path, user_running=2) as world:
        visitor, other = await world.sign_in(), await world.sign_in()
        go_on = asyncio.Event()
        world.provider.always(Answer.sse(b"1", Wait(go_on), b"2"))
        running = [await begin(world, visitor) for _ in range(2)]
        assert await refused(world, visitor) == ("USER_RUNNING", 1)
        assert await refused(world, visitor, provider_id="prov_free") == ("USER_RUNNING", 1)
        running.append(await begin(world, other))
        assert requests(world) == 3
        assert await world.balance(visitor) == 18
        go_on.set()
        for answer in running:
            await answer.read()
        for _ in range(3):
            assert await served(world, visitor) == 200


async def test_calls_of_an_address_at_once(tmp_path: Path) -> None:
    """Whoever makes them."""
    async with limited(tmp_path, address_running=2) as world:
        visitors = [await world.sign_in() for _ in range(3)]
        go_on = asyncio.Event()
        world.provider.always(Answer.sse(b"1", Wait(go_on), b"2"))
        here, there = come_from("198.51.100.1"), come_from("198.51.100.2")
        running = [await begin(world, visitor, **here) for visitor in visitors[:2]]
        assert await refused(world, visitors[2], **here) == ("ADDRESS_RUNNING", 1)
        running.append(await begin(world, visitors[2], **there))
        go_on.set()
        for answer in running:
            await answer.read()
        assert await served(world, visitors[2], **here) == 200


async def test_a_place_comes_back_however_a_call_ends(tmp_path: Path) -> None:
    """Refused, failed, broken off, or left by its page."""
    async with limited(tmp_path, user_running=1, address_running=1) as world:
        visitor = await world.sign_in()
        for answer in (Answer(500), Answer.json({}), Answer(302), Answer(401)):
            world.provider.always(answer)
            assert await served(world, visitor) in (500, 200, 502)
        assert await served(world, visitor, data=b"{", headers=JSON) in (200, 400, 502)
        await world.drain(visitor, 0)
        assert await served(world, visitor) == 402
        await world.grant(visitor, 5)
        never = asyncio.Event()
        world.provider.always(Answer.sse(b"1", Wait(never), b"2"))
        left = await begin(world, visitor)
        assert await refused(world, visitor) == ("USER_RUNNING", 1)
        left.close()
        await world.provider.requests[-1].left.wait()
        world.provider.always(Answer.json({}))
        # The provider hears of it first; our own end of it follows within a moment.
        while await served(world, visitor) == 429:
            pass


JSON = {"Content-Type": "application/json"}


async def test_calls_of_a_user_in_a_minute(tmp_path: Path) -> None:
    """Those that cost something and those that do not are counted apart."""
    async with limited(tmp_path, user_per_minute=3, user_free_per_minute=2) as world:
        visitor, other = await world.sign_in(), await world.sign_in()
        for _ in range(3):
            assert await served(world, visitor) == 200
        for _ in range(2):
            assert await served(world, visitor, provider_id="prov_free") == 200
        limit, wait_s = await refused(world, visitor)
        assert limit == "USER_PER_MINUTE"
        assert 1 <= wait_s <= 60
        limit, wait_s = await refused(world, visitor, provider_id="prov_free")
        assert limit == "USER_FREE_PER_MINUTE"
        assert 1 <= wait_s <= 60
        assert await served(world, other) == 200
        assert requests(world) == 6
        assert await world.balance(visitor) == 17


async def test_calls_of_an_address_in_a_minute(tmp_path: Path) -> None:
    """Of all users and costs; a page cannot pass for another by writing the header."""
    async with limited(tmp_path, address_per_minute=4) as world:
        visitors = [await world.sign_in() for _ in range(3)]
        here = come_from("198.51.100.1")
        for visitor in visitors[:2]:
            assert await served(world, visitor, **here) == 200
            assert await served(world, visitor, provider_id="prov_free", **here) == 200
        for forged in ("198.51.100.1", "1.2.3.4, 198.51.100.1", "[::ffff:198.51.100.1]:99"):
            limit, wait_s = await refused(world, visitors[2], **come_from(forged))
            assert limit == "ADDRESS_PER_MINUTE"
            assert 1 <= wait_s <= 60
        assert await served(world, visitors[2], **come_from("198.51.100.2")) == 200


async def test_without_trusted_proxies_everybody_is_who_connects(tmp_path: Path) -> None:
    """The default: whatever the header says, this is one address."""
    limits = Limits(**{**UNCOUNTED, "address_per_minute": 3})
    async with open_world(tmp_path, limits=limits) as world:
        world.provider.always(Answer.json({}))
        visitor = await world.sign_in()
        for number in range(3):
            assert await served(world, visitor, **come_from(f"198.51.100.{number}")) == 200
        limit, _ = await refused(world, visitor, **come_from("198.51.100.9"))
        assert limit == "ADDRESS_PER_MINUTE"


async def test_a_refused_call_is_no_call(tmp_path: Path) -> None:
    """Nothing is held, sent or counted; the limit comes after everything that says who may call."""
    async with limited(tmp_path, user_per_minute=1) as world:
        visitor = await world.sign_in()
        await world.add_provider("prov_off", enabled=False)
        stranger = Visitor(visitor.user_id, "x")
        for _ in range(3):
            assert await served(world, stranger) == 401
            assert await served(world, visitor, provider_id="prov_none") == 404
            assert await served(world, visitor, provider_id="prov_off") == 403
            assert await served(world, visitor, path="v2/things") == 403
        assert await served(world, visitor) == 200
        await world.drain(visitor, 0)
        assert (await refused(world, visitor))[0] == "USER_PER_MINUTE"
        assert await served(world, visitor, provider_id="prov_off") == 403
        assert requests(world) == 1


async def test_64_callers_at_once_are_counted_exactly(tmp_path: Path) -> None:
    """As many are served as the minute allows."""
    async with limited(tmp_path, user_per_minute=10, user_running=64) as world:
        visitor = await world.sign_in()
        statuses = await asyncio.gather(*(served(world, visitor) for _ in range(64)))
        assert sorted(statuses) == [200] * 10 + [429] * 54
        assert requests(world) == 10
        assert await world.balance(visitor) == 10


async def test_an_owners_server_has_no_address(tmp_path: Path) -> None:
    """It calls for many users from one place; each of them still has limits of his own."""
    async with limited(tmp_path, address_per_minute=1, user_per_minute=2) as world:
        key, users = await world.add_key(), [await world.sign_in() for _ in range(3)]
        path = f"{world.url}{CALL}/v1/things?paywall_id={PAYWALL}"
        found = []
        for user in [*users, users[0], users[0]]:
            headers = {"X-Api-Key": key, "X-User-Id": user.user_id}
            async with world.client.post(path, headers=headers, json={}) as answer:
                found.append(answer.status)
        assert found == [200, 200, 200, 200, 429]
