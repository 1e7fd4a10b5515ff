"""A refused token is renewed once, and the same bytes are sent once more."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from tests.sdk.conftest import ORIGIN, Page
from tests.support.asgi_transport import AsgiTransport
from tests.support.contract_gateway import PAYWALL, PROVIDER, ContractGateway, cut
from tollbridge.sdk import ApiGatewayClient, NetworkError, SessionError


async def test_a_call_is_replayed_under_a_new_token(
    signed_in: Page, contract: ContractGateway
) -> None:
    """The caller of an expired session notices nothing; the bytes are the same."""
    contract.expire_access()
    response = await signed_in.gateway.call(provider_id=PROVIDER, body={"b": 1, "a": [2]})
    assert await response.json() == {"hello": "world"}
    first, second = contract.requests_to("call")
    assert first.body == second.body
    assert json.loads(second.body) == {"b": 1, "a": [2]}
    tokens = [call.headers["authorization"] for call in (first, second)]
    assert tokens == ["Bearer access_1", "Bearer access_2"]
    assert len(contract.requests_to("refresh")) == 1


async def test_parallel_calls_share_the_refresh(signed_in: Page, contract: ContractGateway) -> None:
    """Five calls on an expired session make one refresh."""
    contract.expire_access()
    responses = await asyncio.gather(
        *[signed_in.gateway.call(provider_id=PROVIDER, body={}) for _ in range(5)]
    )
    for response in responses:
        await response.bytes()
    assert len(contract.requests_to("refresh")) == 1


async def test_a_second_refusal_is_raised(signed_in: Page, contract: ContractGateway) -> None:
    """After one replay the 401 is the caller's."""

    async def refuse(call: object) -> None:
        await call.refuse("invalid_token", "No.")  # type: ignore[attr-defined]

    contract.answers["call"] = refuse
    with pytest.raises(SessionError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER, body={})
    assert (caught.value.code, caught.value.status) == ("invalid_token", 401)
    assert len(contract.requests_to("call")) == 2
    assert len(contract.requests_to("refresh")) == 1


async def test_without_a_new_token_nothing_is_replayed(
    signed_in: Page, contract: ContractGateway
) -> None:
    """When the session is over the original 401 is raised."""
    contract.expire_access()
    contract.refresh.clear()
    with pytest.raises(SessionError):
        await signed_in.gateway.call(provider_id=PROVIDER, body={})
    assert len(contract.requests_to("call")) == 1


async def test_a_stream_is_never_replayed(signed_in: Page, contract: ContractGateway) -> None:
    """What can be read once only is sent once only, and no refresh is made for it."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"once"

    contract.expire_access()
    with pytest.raises(SessionError):
        await signed_in.gateway.call(provider_id=PROVIDER, body=parts())
    assert len(contract.requests_to("call")) == 1
    assert contract.requests_to("refresh") == []


async def test_without_refresh_the_refusal_is_raised(
    signed_in: Page, transport: AsgiTransport, contract: ContractGateway
) -> None:
    """A session source that cannot renew is not asked to."""

    class Tokens:
        """Knows one token."""

        async def get_access_token(self) -> str:
            """Return it."""
            return "stale"

    client = ApiGatewayClient(
        paywall_id=PAYWALL, api_origin=ORIGIN, auth=Tokens(), transport=transport
    )
    with pytest.raises(SessionError):
        await client.call(provider_id=PROVIDER, body={})
    assert len(contract.requests_to("call")) == 1


async def test_a_refresh_without_an_answer_is_raised(
    signed_in: Page, contract: ContractGateway
) -> None:
    """Offline in the middle of it, the session stays and the error says so."""
    contract.expire_access()
    contract.answers["refresh"] = cut
    with pytest.raises(NetworkError):
        await signed_in.gateway.call(provider_id=PROVIDER, body={})
    assert signed_in.auth.get_cached_session() is not None
