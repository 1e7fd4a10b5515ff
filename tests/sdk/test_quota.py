"""A 402: the balances are right at once, then the hook runs, then the error is raised."""

import asyncio

import pytest

from tests.sdk.conftest import ORIGIN, Page
from tests.support.asgi_transport import AsgiTransport
from tests.support.contract_gateway import (
    PAYWALL,
    PROVIDER,
    ContractGateway,
    Exchanged,
    answer,
)
from tollbridge.sdk import (
    ApiGatewayClient,
    Balance,
    PaywallError,
    ProviderError,
    QuotaExceededError,
)


@pytest.fixture
async def broke(signed_in: Page, contract: ContractGateway) -> Page:
    """Give a page that shows 20 although the credits are gone."""
    await signed_in.billing.get_balances()
    contract.change("user_1", -20)
    return signed_in


async def test_the_error_says_what_ran_out(broke: Page) -> None:
    """Its five fields, and what our gateway adds to them, are all there."""
    with pytest.raises(QuotaExceededError) as caught:
        await broke.gateway.call(provider_id=PROVIDER)
    error = caught.value
    assert (error.code, error.status) == ("not_enough_queries", 402)
    assert error.balances == [Balance("standard", 0, 2, 20)]
    assert error.query_type == "standard"
    assert error.current_balance == Balance("standard", 0, 2, 20)
    assert (error.held, error.hint) == (2, "grant 5")
    assert (error.message, error.request_id) == ("You are out of credits.", "req_1")
    assert error.call_id == "call_1"


async def test_the_counter_is_right_before_the_hook_and_the_hook_before_the_error(
    broke: Page,
) -> None:
    """The hook runs once, sees the new balances, and the caller gets the same error."""
    seen: list[tuple[QuotaExceededError, list[int]]] = []
    client = broke.billing.create_api_gateway_client(
        on_quota_exceeded=lambda error: seen.append((error, list(broke.shown)))
    )
    with pytest.raises(QuotaExceededError) as caught:
        await client.call(provider_id=PROVIDER)
    assert seen == [(caught.value, [20, 0])]


async def test_a_reading_is_started_in_the_background(
    broke: Page, contract: ContractGateway
) -> None:
    """After a 402 the balances are read anew without anybody asking."""
    before = len(contract.requests_to("balances"))
    with pytest.raises(QuotaExceededError):
        await broke.gateway.call(provider_id=PROVIDER)
    contract.change("user_1", +5)
    await broke.until_shown(20, 0, 5)
    assert len(contract.requests_to("balances")) == before + 1


async def test_a_hook_with_a_bug_does_not_hide_the_error(broke: Page) -> None:
    """The caller gets the quota error; what the hook raised goes to the event loop."""
    reported: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, what: reported.append(repr(what["exception"])))
    client = broke.billing.create_api_gateway_client(on_quota_exceeded=lambda error: [][1])
    with pytest.raises(QuotaExceededError):
        await client.call(provider_id=PROVIDER)
    assert reported == ["IndexError('list index out of range')"]


async def test_without_billing_the_error_is_the_same(broke: Page, transport: AsgiTransport) -> None:
    """A client of its own raises and calls its hook too."""
    told: list[QuotaExceededError] = []
    client = ApiGatewayClient(
        paywall_id=PAYWALL,
        api_origin=ORIGIN,
        auth=broke.auth,
        transport=transport,
        on_quota_exceeded=told.append,
    )
    with pytest.raises(QuotaExceededError) as caught:
        await client.call(provider_id=PROVIDER)
    assert told == [caught.value]


ROWS = [{"type": "gpt-4", "count": 0}, {"type": "free", "count": 3}]


@pytest.mark.parametrize(
    ("body", "types", "query_type"),
    [
        (
            {"details": {"balances": [{"balances": ROWS}], "queryType": "gpt-4"}},
            ["gpt-4", "free"],
            "gpt-4",
        ),
        ({"details": {"balances": [ROWS], "queryType": "gpt-4"}}, ["gpt-4", "free"], "gpt-4"),
        ({"details": {"balances": ROWS}}, [], ""),
        ({"error": "not-enough-queries"}, [], ""),
        ("nonsense", [], ""),
        (None, [], ""),
    ],
)
async def test_a_402_is_a_quota_error_whatever_its_body_looks_like(
    signed_in: Page, contract: ContractGateway, body: object, types: list[str], query_type: str
) -> None:
    """What can be read of the body is there; what cannot is empty."""
    contract.answers["call"] = answer(body, 402)
    with pytest.raises(QuotaExceededError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER)
    assert [balance.type for balance in caught.value.balances] == types
    assert caught.value.query_type == query_type
    assert caught.value.current_balance is None


async def test_a_provider_that_asks_for_money_is_no_quota_error(
    signed_in: Page, contract: ContractGateway
) -> None:
    """A 402 that the provider made says nothing about the user's credits."""
    contract.answers["call"] = answer({"error": "pay"}, 402, x_error_source="provider")
    with pytest.raises(ProviderError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER)
    assert (caught.value.code, caught.value.status) == ("pay", 402)


@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (429, {"error": {"message": "Slow down.", "code": "x"}}, "http_429", "Slow down."),
        (400, {"type": "error", "error": {"message": "Bad."}}, "http_400", "Bad."),
        (404, {"code": "no_model", "message": "Gone."}, "no_model", "Gone."),
        (500, {"error": "overloaded"}, "overloaded", "The provider answered with status 500."),
        (500, {"error": "It broke, sorry."}, "http_500", "It broke, sorry."),
        (503, "a page", "http_503", "The provider answered with status 503."),
    ],
)
async def test_a_providers_refusal_keeps_status_code_and_body(
    signed_in: Page,
    contract: ContractGateway,
    status: int,
    body: object,
    code: str,
    message: str,
) -> None:
    """What the provider said is all there, and it is told apart from the gateway's own."""
    contract.answers["call"] = answer(body, status, x_error_source="provider", retry_after="7")
    with pytest.raises(ProviderError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER)
    error = caught.value
    assert (error.status, error.code, error.message) == (status, code, message)
    assert error.body == body
    assert error.retry_after_s == 7


async def test_a_refusal_that_breaks_off_keeps_its_status(
    signed_in: Page, contract: ContractGateway
) -> None:
    """A body that never ends well costs its words only; the status is known."""

    async def break_off(call: Exchanged) -> None:
        await call.start(503, {"content-type": "application/json"})
        await call.send(b'{"error": "bu')

    contract.answers["call"] = break_off
    with pytest.raises(PaywallError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER)
    assert (caught.value.status, caught.value.code, caught.value.body) == (503, "http_503", None)


async def test_an_endless_refusal_is_left(signed_in: Page, contract: ContractGateway) -> None:
    """A refusal is read up to a megabyte; after that the client leaves."""

    async def endless(call: Exchanged) -> None:
        await call.start(500)
        leaving = asyncio.create_task(call.until_left())
        while not call.left.is_set():
            await call.send(b"x" * 100_000)
        await leaving

    contract.answers["call"] = endless
    with pytest.raises(PaywallError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER)
    assert (caught.value.status, caught.value.body) == (500, None)
