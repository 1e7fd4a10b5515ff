"""A call goes where the contract says, with what the contract says."""

import asyncio

from tests.support.everywhere.contract import (
    OWNER_KEY,
    PAYWALL,
    PROVIDER,
    Contract,
    refusal,
    until_left,
)
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import IN_A_PAGE, cases, except_on, raises, reported
from tollbridge import __version__
from tollbridge.sdk import ApiGatewayClient, ConfigError, PaywallError, SessionError
from tollbridge.wire import headers as names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk.transport import Transport

NO_KEYS = "an owner's key is refused in a page, and `sdk/test_misuse.py` shows it"


class Tokens:
    """The least that a session source has."""

    async def get_access_token(self) -> str:
        """Return the token of the first user."""
        return "access_1"


@cases(
    ("provider_id", "path", "address"),
    [
        ("prov_things", "", "prov_things?paywall_id=pw_test"),
        ("prov_things", "///v1/foo", "prov_things/v1/foo?paywall_id=pw_test"),
        ("prov_things", "v1/foo?a=b", "prov_things/v1/foo?a=b&paywall_id=pw_test"),
        ("prov_things", "?a=b", "prov_things?a=b&paywall_id=pw_test"),
        ("a/b c", "v1", "a%2Fb%20c/v1?paywall_id=pw_test"),
        ("prov_things", "v1/größe x", "prov_things/v1/gr%C3%B6%C3%9Fe%20x?paywall_id=pw_test"),
        ("prov_things", "v1/a%2Fb", "prov_things/v1/a%2Fb?paywall_id=pw_test"),
    ],
)
async def test_the_address_is_the_contracts(
    transport: "Transport", origin: str, provider_id: str, path: str, address: str
) -> None:
    """Provider, path and paywall stand in the address as the contract has them."""
    asked: list[str] = []

    async def note(request: object) -> object:
        asked.append(request.url)
        return await transport(request)

    client = ApiGatewayClient(
        paywall_id=PAYWALL,
        api_origin=origin + "/",
        transport=note,
    )
    with raises(SessionError):
        await client.call(provider_id=provider_id, path=path)
    assert asked == [f"{origin}/api/v1/api-gateway/{address}"]


async def test_a_call_carries_token_and_paywall(signed_in: Page, contract: Contract) -> None:
    """The gateway learns who calls, for which app, and with which SDK."""
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    (call,) = await contract.requests_to("call")
    assert call.method == "POST"
    assert call.headers["authorization"] == "Bearer access_1"
    assert call.headers["x-paywall-id"] == PAYWALL
    assert call.headers["x-sdk-version"] == f"tollbridge-python/{__version__}"
    assert call.query["paywall_id"] == PAYWALL


async def test_what_the_sdk_sets_is_not_the_callers(signed_in: Page, contract: Contract) -> None:
    """No protected header comes from the caller, in whatever case it is written."""
    given = {name.upper(): "mine" for name in names.PROTECTED}
    await (await signed_in.gateway.call(provider_id=PROVIDER, headers=given)).bytes()
    (call,) = await contract.requests_to("call")
    assert "mine" not in call.headers.values()


async def test_a_callers_token_is_not_sent_where_there_is_none(
    transport: "Transport", origin: str, contract: Contract
) -> None:
    """Also without a session a provider's key does not leave the page by accident."""
    client = ApiGatewayClient(paywall_id=PAYWALL, api_origin=origin, transport=transport)
    with raises(SessionError):
        await client.call(provider_id=PROVIDER, headers={"Authorization": "Bearer sk-secret"})
    assert "authorization" not in (await contract.requests_to("call"))[0].headers


async def test_other_headers_are_the_callers(signed_in: Page, contract: Contract) -> None:
    """Everything else goes out as it was given."""
    given = {"Anthropic-Version": "2023-06-01", "Prefer": " wait=60 "}
    await (await signed_in.gateway.call(provider_id=PROVIDER, headers=given)).bytes()
    (call,) = await contract.requests_to("call")
    assert call.headers["anthropic-version"] == "2023-06-01"
    assert call.headers["prefer"] == "wait=60"


async def test_any_object_with_a_token_will_do(
    signed_in: Page, transport: "Transport", origin: str, contract: Contract
) -> None:
    """A client needs no `AuthClient` and no `BillingClient`."""
    charged: list[str | None] = []
    client = ApiGatewayClient(
        paywall_id=PAYWALL,
        api_origin=origin,
        auth=Tokens(),
        transport=transport,
        on_charge_success=charged.append,
    )
    response = await client.call(provider_id=PROVIDER)
    assert await response.json() == {"hello": "world"}
    assert charged == ["standard"]


async def test_one_call_can_be_carried_by_another_transport(
    signed_in: Page, transport: "Transport", contract: Contract
) -> None:
    """Token, counter and key are the client's all the same; the next call is as before."""
    carried: list[object] = []

    async def carry(request: object) -> object:
        carried.append(request)
        return await transport(request)

    for carrier in (carry, None):
        await (await signed_in.gateway.call(provider_id=PROVIDER, transport=carrier)).bytes()
    first, second = await contract.requests_to("call")
    assert [request.headers["authorization"] for request in carried] == ["Bearer access_1"]
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]
    await signed_in.billing.get_balances()
    assert signed_in.shown[-1] == 18


def test_an_address_can_be_asked_for(transport: "Transport") -> None:
    """It is the one that calls go to, without what the SDK adds."""
    client = ApiGatewayClient(
        paywall_id=PAYWALL, api_origin="https://gateway.test/", transport=transport
    )
    assert client.address("a/b") == "https://gateway.test/api/v1/api-gateway/a%2Fb"
    with raises(ConfigError):
        client.address("..")


@except_on(*IN_A_PAGE, because=NO_KEYS)
async def test_a_trusted_server_names_its_user(
    transport: "Transport", origin: str, contract: Contract
) -> None:
    """Without a token, `user_id` goes out with the owner's key; capabilities always do."""
    client = ApiGatewayClient(
        paywall_id=PAYWALL,
        api_origin=origin,
        user_id="user_9",
        api_key=OWNER_KEY,
        capabilities=["a", "b"],
        transport=transport,
    )
    with raises(SessionError):
        await client.call(provider_id=PROVIDER)
    sent = (await contract.requests_to("call"))[0].headers
    assert sent["x-user-id"] == "user_9"
    assert sent["x-api-key"] == "sk_test_0123456789abcdef"
    assert sent["x-sdk-capabilities"] == "a,b"


@except_on(*IN_A_PAGE, because=NO_KEYS)
async def test_with_a_token_no_user_is_named(
    signed_in: Page, transport: "Transport", origin: str, contract: Contract
) -> None:
    """A token says who calls; `user_id` and the owner's key stay at home."""
    client = ApiGatewayClient(
        paywall_id=PAYWALL,
        api_origin=origin,
        auth=Tokens(),
        user_id="user_9",
        api_key=OWNER_KEY,
        transport=transport,
    )
    await (await client.call(provider_id=PROVIDER)).bytes()
    (call,) = await contract.requests_to("call")
    assert "x-user-id" not in call.headers
    assert "x-api-key" not in call.headers


async def test_the_charge_is_told_before_the_call_returns(
    signed_in: Page, contract: Contract
) -> None:
    """The hook runs once per charged call, after the counter and before the body."""
    told: list[tuple[str | None, list[int]]] = []

    async def hook(query_type: str | None) -> None:
        await asyncio.sleep(0)
        told.append((query_type, list(signed_in.shown)))

    await signed_in.billing.get_balances()
    client = signed_in.billing.create_api_gateway_client(on_charge_success=hook)
    response = await client.call(provider_id=PROVIDER)
    assert told == [("standard", [20, 19])]
    await response.bytes()


async def test_a_charge_without_a_type_is_told_as_none(signed_in: Page, contract: Contract) -> None:
    """Where the gateway names no type, the hook gets None."""
    told: list[str | None] = []
    await contract.says_of_charges("untold")
    client = signed_in.billing.create_api_gateway_client(on_charge_success=told.append)
    await (await client.call(provider_id=PROVIDER)).bytes()
    assert told == [None]


async def test_a_hook_with_a_bug_does_not_cost_the_answer(signed_in: Page) -> None:
    """What was paid for arrives; what the hook raised goes to the event loop."""
    client = signed_in.billing.create_api_gateway_client(on_charge_success=lambda kind: [][1])
    with reported() as errors:
        response = await client.call(provider_id=PROVIDER)
    assert await response.json() == {"hello": "world"}
    assert [type(error) for error in errors] == [IndexError]


async def test_a_caller_cancelled_in_the_hook_leaves_no_call_behind(
    signed_in: Page, contract: Contract
) -> None:
    """When nobody will read the answer, the gateway is told."""
    in_hook = asyncio.Event()

    async def hook(query_type: str | None) -> None:
        in_hook.set()
        await asyncio.Event().wait()

    await contract.goes_on(until_left())
    client = signed_in.billing.create_api_gateway_client(on_charge_success=hook)
    calling = asyncio.create_task(client.call(provider_id=PROVIDER))
    await in_hook.wait()
    calling.cancel()
    with raises(asyncio.CancelledError):
        await calling
    await contract.until_left()


@cases(("code", "status"), [("provider-disabled", 403), ("provider_not_found", 404), ("busy", 503)])
async def test_a_refusal_keeps_code_status_and_id(
    signed_in: Page, contract: Contract, code: str, status: int
) -> None:
    """The gateway's refusals arrive with everything that helps to find them again."""
    await contract.answers("call", [refusal(code, "A sentence.")])
    with raises(PaywallError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER)
    error = caught.value
    assert (error.code, error.status, error.message) == (code, status, "A sentence.")
    assert error.request_id == "req_1"
    assert str(error) == f"A sentence. [{code}, status {status}, request req_1]"
