"""A refused token is renewed once, and the same bytes are sent once more."""

import asyncio
import json

from tests.support.everywhere.contract import CUT, PAYWALL, PROVIDER, Contract, refusal
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import raises
from tollbridge.sdk import ApiGatewayClient, NetworkError, SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk.transport import Transport


async def test_a_call_is_replayed_under_a_new_token(signed_in: Page, contract: Contract) -> None:
    """The caller of an expired session notices nothing; the bytes are the same."""
    await contract.expire_access()
    response = await signed_in.gateway.call(provider_id=PROVIDER, body={"b": 1, "a": [2]})
    assert await response.json() == {"hello": "world"}
    first, second = await contract.requests_to("call")
    assert first.body == second.body
    assert json.loads(second.body) == {"b": 1, "a": [2]}
    tokens = [call.headers["authorization"] for call in (first, second)]
    assert tokens == ["Bearer access_1", "Bearer access_2"]
    assert await contract.count("refresh") == 1


async def test_parallel_calls_share_the_refresh(signed_in: Page, contract: Contract) -> None:
    """Five calls on an expired session make one refresh."""
    await contract.expire_access()
    responses = await asyncio.gather(
        *[signed_in.gateway.call(provider_id=PROVIDER, body={}) for _ in range(5)]
    )
    for response in responses:
        await response.bytes()
    assert await contract.count("refresh") == 1


async def test_a_second_refusal_is_raised(signed_in: Page, contract: Contract) -> None:
    """After one replay the 401 is the caller's."""
    await contract.answers("call", [refusal("invalid_token", "No.")])
    with raises(SessionError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER, body={})
    assert (caught.value.code, caught.value.status) == ("invalid_token", 401)
    assert await contract.count("call") == 2
    assert await contract.count("refresh") == 1


async def test_without_a_new_token_nothing_is_replayed(signed_in: Page, contract: Contract) -> None:
    """When the session is over the original 401 is raised."""
    await contract.expire_access()
    await contract.end_sessions()
    with raises(SessionError):
        await signed_in.gateway.call(provider_id=PROVIDER, body={})
    assert await contract.count("call") == 1


async def test_without_refresh_the_refusal_is_raised(
    signed_in: Page, transport: "Transport", origin: str, contract: Contract
) -> None:
    """A session source that cannot renew is not asked to."""

    class Tokens:
        """Knows one token."""

        async def get_access_token(self) -> str:
            """Return it."""
            return "stale"

    client = ApiGatewayClient(
        paywall_id=PAYWALL, api_origin=origin, auth=Tokens(), transport=transport
    )
    with raises(SessionError):
        await client.call(provider_id=PROVIDER, body={})
    assert await contract.count("call") == 1


async def test_a_refresh_without_an_answer_is_raised(signed_in: Page, contract: Contract) -> None:
    """Offline in the middle of it, the session stays and the error says so."""
    await contract.expire_access()
    await contract.answers("refresh", CUT)
    with raises(NetworkError):
        await signed_in.gateway.call(provider_id=PROVIDER, body={})
    assert signed_in.auth.get_cached_session() is not None
