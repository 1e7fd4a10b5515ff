"""A name with several addresses: one that does not answer does not stand in the way."""

import asyncio
import socket

import pytest

from tests.providers.conftest import MakeProvider
from tests.providers.test_upstream_guard import Names
from tests.support.scripted_provider import Answer, ScriptedProvider
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.http import Upstream

OK = Answer.json({"ok": True})


async def reach(names: Names, new_provider: MakeProvider, port: str) -> int:
    """Call a provider behind some addresses and return the answer's status."""
    upstream = Upstream(resolve=names)
    await upstream.start()
    provider = new_provider(base_url=f"http://api.example:{port}", allow_private=True)
    try:
        answer = await upstream.open(provider, "GET", "v1/x", b"", [], None)
        answer.close()
        return answer.status
    finally:
        await upstream.close()


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["127.0.0.2", "127.0.0.1"], ["::1", "127.0.0.1"], ["127.0.0.1", "::1"]],
)
async def test_the_next_address_is_tried(
    new_provider: MakeProvider, scripted: ScriptedProvider, addresses: list[str]
) -> None:
    """An address that refuses is passed over; the provider listens on 127.0.0.1 alone."""
    scripted.answers(OK)
    assert await reach(Names(*addresses), new_provider, scripted.url.rpartition(":")[2]) == 200
    assert scripted.connections == 1


async def test_an_address_that_says_nothing_is_not_waited_for(
    new_provider: MakeProvider, scripted: ScriptedProvider
) -> None:
    """A listener whose queue is full leaves a connection hanging; the next address answers."""
    port = int(scripted.url.rpartition(":")[2])
    scripted.answers(OK)
    with socket.socket() as full:
        full.bind(("127.0.0.3", port))
        full.listen(0)
        full.setblocking(False)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.3", port))
        async with asyncio.timeout(5):  # below the 10 s that one attempt may take
            assert await reach(Names("127.0.0.3", "127.0.0.1"), new_provider, str(port)) == 200
        for filler in fillers:
            filler.close()


async def test_where_no_address_answers_the_first_ones_reason_is_told(
    new_provider: MakeProvider,
) -> None:
    """It is the one that the system prefers."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(Refusal) as refused:
        await reach(Names("127.0.0.1", "127.0.0.2"), new_provider, str(port))
    assert refused.value.details == {"reason": "refused"}


async def test_a_name_without_addresses_is_told(new_provider: MakeProvider) -> None:
    """No address is no host."""
    with pytest.raises(Refusal) as refused:
        await reach(Names(), new_provider, "80")
    assert refused.value.details == {"reason": "dns"}


async def test_a_name_that_no_name_can_be_is_told(
    upstream: Upstream, new_provider: MakeProvider
) -> None:
    """A label of more than 63 characters does not resolve either."""
    provider = new_provider(base_url=f"https://{'a' * 64}.example")
    with pytest.raises(Refusal) as refused:
        await upstream.open(provider, "GET", "v1/x", b"", [], None)
    assert refused.value.details == {"reason": "dns"}
