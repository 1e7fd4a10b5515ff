"""A page learns from the gateway what it may call, and what that costs."""

from tests.support.everywhere.contract import PAYWALL, PROVIDER, Contract, json_answer, refusal
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import cases, raises
from tollbridge.sdk import ApiGatewayClient, PaywallError, SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk.transport import Transport


async def test_the_providers_are_told(signed_in: Page, contract: Contract) -> None:
    """With what a call of each needs; asking costs nothing."""
    (provider,) = await signed_in.gateway.list_providers()
    assert (provider.id, provider.preset) == (PROVIDER, "openai-chat")
    assert provider.path == "v1/chat/completions"
    assert provider.models == ["gpt-a", "gpt-b"]
    assert (provider.query_type, provider.cost) == ("standard", 1)
    assert not provider.sign_in_required
    (asked,) = await contract.requests_to("providers")
    assert (asked.method, asked.address) == ("GET", "/api/v1/paywall/pw_test/providers")
    assert asked.headers["x-paywall-id"] == PAYWALL
    assert asked.headers["authorization"].startswith("Bearer ")
    assert await contract.count("call") == 0


async def test_an_empty_list_is_no_error(signed_in: Page, contract: Contract) -> None:
    """A paywall without providers offers nothing."""
    await contract.answers("providers", [json_answer({"providers": []})])
    assert await signed_in.gateway.list_providers() == []


async def test_an_ended_access_token_is_renewed_once(signed_in: Page, contract: Contract) -> None:
    """As with every request of a session."""
    await contract.expire_access()
    assert len(await signed_in.gateway.list_providers()) == 1
    assert await contract.count("providers") == 2


async def test_without_a_session_there_is_nothing_to_see(
    transport: "Transport", origin: str, contract: Contract
) -> None:
    """The gateway tells signed-in users only."""
    client = ApiGatewayClient(paywall_id=PAYWALL, api_origin=origin, transport=transport)
    with raises(SessionError) as caught:
        await client.list_providers()
    assert caught.value.code == "invalid_token"


async def test_a_refusal_is_the_gateways(signed_in: Page, contract: Contract) -> None:
    """An origin that is not listed, say."""
    await contract.answers("providers", [refusal("origin_not_allowed")])
    with raises(PaywallError) as caught:
        await signed_in.gateway.list_providers()
    assert (caught.value.code, caught.value.status) == ("origin_not_allowed", 403)


@cases("body", [None, [], {}, {"providers": None}, {"providers": [{"id": "prov_x"}]}])
async def test_what_is_no_list_of_providers_is_an_error(
    signed_in: Page, contract: Contract, body: object
) -> None:
    """And not an empty choice."""
    await contract.answers("providers", [json_answer(body)])
    with raises(PaywallError, says="sent no providers"):
        await signed_in.gateway.list_providers()
