"""What only a server or a script does: bodies that stream, and clients made before a loop runs.

On CPython alone: a browser takes no asynchronous iterable for a body and has its event loop from
the start, and the storage that is its default is tried in `tests/browser`.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.sdk.conftest import ORIGIN
from tests.support.asgi_transport import AsgiTransport
from tests.support.contract_gateway import ContractGateway
from tests.support.everywhere.contract import CUT, PAYWALL, PROVIDER, Contract
from tests.support.everywhere.pages import Page
from tollbridge.sdk import AuthClient, NetworkError, SessionError
from tollbridge.sdk.single_flight import SingleFlight
from tollbridge.sdk.storage import LocalStorage, MemoryStorage, choose_storage


async def parts() -> AsyncIterator[bytes]:
    """A body that can be read once."""
    for part in (b"one ", b"two ", b"three"):
        yield part


async def test_a_stream_of_bytes_is_sent_as_it_comes(signed_in: Page, contract: Contract) -> None:
    """An async iterable streams."""
    await (await signed_in.gateway.call(provider_id=PROVIDER, body=parts())).bytes()
    (call,) = await contract.requests_to("call")
    assert call.body == b"one two three"


async def test_a_stream_is_not_sent_again_under_a_new_token(
    signed_in: Page, contract: Contract
) -> None:
    """What can be read once only is sent once only, and no refresh is made for it."""
    await contract.expire_access()
    with pytest.raises(SessionError):
        await signed_in.gateway.call(provider_id=PROVIDER, body=parts())
    assert await contract.count("call") == 1
    assert await contract.count("refresh") == 0


async def test_a_stream_is_not_sent_again_when_its_answer_was_lost(
    signed_in: Page, contract: Contract
) -> None:
    """The caller hears of the loss at once; the call had a key all the same."""
    await contract.answers("call", CUT)
    with pytest.raises(NetworkError):
        await signed_in.gateway.call(provider_id=PROVIDER, body=parts())
    (call,) = await contract.requests_to("call")
    assert call.headers["idempotency-key"]


def test_each_client_has_memory_of_its_own() -> None:
    """On a server two clients never share a session by accident."""
    one, other = choose_storage(None), choose_storage("auto")
    assert isinstance(one, MemoryStorage)
    assert not isinstance(one, LocalStorage)
    assert one is not other


def test_one_may_subscribe_before_the_event_loop_runs(books: ContractGateway) -> None:
    """Without a loop the initial session is told by the first method that is awaited."""
    auth = AuthClient(paywall_id=PAYWALL, api_origin=ORIGIN, transport=AsgiTransport(books))
    events: list[str] = []
    auth.on_auth_change(lambda event, session: events.append(event))
    assert events == []
    asyncio.run(auth.ready())
    assert events == ["INITIAL_SESSION"]


def test_without_an_event_loop_nothing_starts() -> None:
    """Started from plain code the work does not run, and can be run later."""
    times: list[int] = []

    async def work() -> int:
        times.append(1)
        return len(times)

    flight = SingleFlight(work)
    flight.start()
    assert not flight.flying
    assert asyncio.run(flight.run()) == 1
