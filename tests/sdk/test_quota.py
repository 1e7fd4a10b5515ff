"""A 402: the balances are right at once, then the hook runs, then the error is raised."""

from tests.support.everywhere.contract import (
    PAYWALL,
    PROVIDER,
    Contract,
    json_answer,
    send,
    start,
    until_left,
)
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import cases, raises, reported
from tollbridge.sdk import (
    ApiGatewayClient,
    Balance,
    PaywallError,
    ProviderError,
    QuotaExceededError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk.transport import Transport


async def spend_all(page: Page, contract: Contract) -> None:
    """Have a page show 20 although the credits are gone."""
    await page.billing.get_balances()
    await contract.change(-20)


async def test_the_error_says_what_ran_out(signed_in: Page, contract: Contract) -> None:
    """Its five fields, and what our gateway adds to them, are all there."""
    await spend_all(signed_in, contract)
    with raises(QuotaExceededError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER)
    error = caught.value
    assert (error.code, error.status) == ("not_enough_queries", 402)
    assert error.balances == [Balance("standard", 0, 2, 20)]
    assert error.query_type == "standard"
    assert error.current_balance == Balance("standard", 0, 2, 20)
    assert (error.held, error.hint) == (2, "grant 5")
    assert (error.message, error.request_id) == ("You are out of credits.", "req_1")
    assert error.call_id == "call_1"


async def test_the_counter_is_right_before_the_hook_and_the_hook_before_the_error(
    signed_in: Page, contract: Contract
) -> None:
    """The hook runs once, sees the new balances, and the caller gets the same error."""
    await spend_all(signed_in, contract)
    seen: list[tuple[QuotaExceededError, list[int]]] = []
    client = signed_in.billing.create_api_gateway_client(
        on_quota_exceeded=lambda error: seen.append((error, list(signed_in.shown)))
    )
    with raises(QuotaExceededError) as caught:
        await client.call(provider_id=PROVIDER)
    assert seen == [(caught.value, [20, 0])]


async def test_a_reading_is_started_in_the_background(signed_in: Page, contract: Contract) -> None:
    """After a 402 the balances are read anew without anybody asking, and may have grown."""
    await spend_all(signed_in, contract)
    row = {"type": "standard", "count": 0, "version": 2, "granted": 20}
    await contract.answers("call", [json_answer({"balances": [row]}, 402)])
    await contract.change(+5)
    before = await contract.count("balances")
    with raises(QuotaExceededError):
        await signed_in.gateway.call(provider_id=PROVIDER)
    await signed_in.until_shown(20, 0, 5)
    assert await contract.count("balances") == before + 1


async def test_a_hook_with_a_bug_does_not_hide_the_error(
    signed_in: Page, contract: Contract
) -> None:
    """The caller gets the quota error; what the hook raised goes to the event loop."""
    await spend_all(signed_in, contract)
    client = signed_in.billing.create_api_gateway_client(on_quota_exceeded=lambda error: [][1])
    with reported() as errors, raises(QuotaExceededError):
        await client.call(provider_id=PROVIDER)
    assert [type(error) for error in errors] == [IndexError]


async def test_whoever_listens_is_told_before_the_error_is_raised(
    signed_in: Page, contract: Contract
) -> None:
    """Once per 402, after the counter and before the hook, until the undo; a bug costs nothing."""
    await spend_all(signed_in, contract)
    told: list[tuple[str, object]] = []
    client = signed_in.billing.create_api_gateway_client(
        on_quota_exceeded=lambda error: told.append(("hook", error))
    )
    client.on_quota(lambda error: [][1])
    undo = client.on_quota(lambda error: told.append((str(signed_in.shown[-1]), error)))
    with reported() as errors, raises(QuotaExceededError) as caught:
        await client.call(provider_id=PROVIDER)
    assert told == [("0", caught.value), ("hook", caught.value)]
    assert [type(error) for error in errors] == [IndexError]
    undo()
    undo()
    with reported(), raises(QuotaExceededError) as caught:
        await client.call(provider_id=PROVIDER)
    assert told[2:] == [("hook", caught.value)]


async def test_without_billing_the_error_is_the_same(
    signed_in: Page, contract: Contract, transport: "Transport", origin: str
) -> None:
    """A client of its own raises and calls its hook too."""
    await spend_all(signed_in, contract)
    told: list[QuotaExceededError] = []
    client = ApiGatewayClient(
        paywall_id=PAYWALL,
        api_origin=origin,
        auth=signed_in.auth,
        transport=transport,
        on_quota_exceeded=told.append,
    )
    with raises(QuotaExceededError) as caught:
        await client.call(provider_id=PROVIDER)
    assert told == [caught.value]


ROWS = [{"type": "gpt-4", "count": 0}, {"type": "free", "count": 3}]


@cases(
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
    signed_in: Page, contract: Contract, body: object, types: list[str], query_type: str
) -> None:
    """What can be read of the body is there; what cannot is empty."""
    await contract.answers("call", [json_answer(body, 402)])
    with raises(QuotaExceededError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER)
    assert [balance.type for balance in caught.value.balances] == types
    assert caught.value.query_type == query_type
    assert caught.value.current_balance is None


async def test_a_provider_that_asks_for_money_is_no_quota_error(
    signed_in: Page, contract: Contract
) -> None:
    """A 402 that the provider made says nothing about the user's credits."""
    await contract.answers(
        "call", [json_answer({"error": "pay"}, 402, {"x-error-source": "provider"})]
    )
    with raises(ProviderError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER)
    assert (caught.value.code, caught.value.status) == ("pay", 402)


@cases(
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
    contract: Contract,
    status: int,
    body: object,
    code: str,
    message: str,
) -> None:
    """What the provider said is all there, and it is told apart from the gateway's own."""
    headers = {"x-error-source": "provider", "retry-after": "7"}
    await contract.answers("call", [json_answer(body, status, headers)])
    with raises(ProviderError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER)
    error = caught.value
    assert (error.status, error.code, error.message) == (status, code, message)
    assert error.body == body
    assert error.retry_after_s == 7


async def test_a_refusal_that_breaks_off_keeps_its_status(
    signed_in: Page, contract: Contract
) -> None:
    """A body that never ends well costs its words only; the status is known."""
    headers = {"content-type": "application/json"}
    await contract.answers("call", [start(503, headers), send(b'{"error": "bu')])
    with raises(PaywallError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER)
    assert (caught.value.status, caught.value.code, caught.value.body) == (503, "http_503", None)


async def test_an_endless_refusal_is_left(signed_in: Page, contract: Contract) -> None:
    """A refusal is read up to a megabyte; after that the client leaves."""
    await contract.answers("call", [start(500), until_left(b"x" * 100_000)])
    with raises(PaywallError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER)
    assert (caught.value.status, caught.value.body) == (500, None)
