"""A call of a template sends a name and texts; it is a call like any other."""

import json

from tests.support.everywhere.contract import Contract, json_answer, refusal, send, until_left
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import cases, raises
from tollbridge.sdk import (
    AbortController,
    AbortedError,
    ConfigError,
    PaywallError,
    QuotaExceededError,
)
from tollbridge.wire import error_body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ASK = "tpl_ask-docs"


async def test_a_page_sends_the_template_and_its_texts(signed_in: Page, contract: Contract) -> None:
    """To the template's address, as JSON, under a key and the session's token."""
    texts = {"question": 'Why "so"?\n{{x}} 🌍', "language": ""}
    response = await signed_in.gateway.call_template(ASK, texts)
    assert await response.json() == {"hello": "world"}
    (call,) = await contract.requests_to("call")
    assert (call.method, call.address) == (
        "POST",
        "/api/v1/api-gateway/tpl_ask-docs?paywall_id=pw_test",
    )
    assert json.loads(call.body.decode()) == {"template": ASK, "variables": texts}
    assert call.headers["content-type"] == "application/json"
    assert call.headers["authorization"] == "Bearer access_1"
    assert len(call.headers["idempotency-key"]) > 16


async def test_a_template_may_have_no_variables(signed_in: Page, contract: Contract) -> None:
    """Then the page says no more than its name."""
    await (await signed_in.gateway.call_template(ASK)).bytes()
    (call,) = await contract.requests_to("call")
    assert json.loads(call.body.decode()) == {"template": ASK, "variables": {}}


async def test_the_counter_follows(signed_in: Page) -> None:
    """What it cost is subtracted, as after any call."""
    await signed_in.billing.get_balances()
    await (await signed_in.gateway.call_template(ASK, {"question": "?"})).bytes()
    assert signed_in.shown == [20, 19]


async def test_a_key_of_ones_own_goes_along(signed_in: Page, contract: Contract) -> None:
    """So that the page may repeat it after a reload."""
    headers = {"Idempotency-Key": "question-7"}
    await (await signed_in.gateway.call_template(ASK, {}, headers=headers)).bytes()
    assert (await contract.requests_to("call"))[0].headers["idempotency-key"] == "question-7"


async def test_it_streams_and_stops(signed_in: Page, contract: Contract) -> None:
    """Piece by piece, and its signal ends it at the provider."""
    await contract.goes_on(send(b"data: one\n\n"), until_left())
    stop = AbortController()
    response = await signed_in.gateway.call_template(ASK, {"question": "?"}, signal=stop.signal)
    events = response.sse()
    assert (await events.__anext__()).data == "one"
    stop.abort()
    with raises(AbortedError):
        await events.__anext__()
    await contract.until_left()


async def test_an_empty_balance_is_a_quota_error(signed_in: Page, contract: Contract) -> None:
    """Which a paywall listens to, as to any call's."""
    await contract.change(-20)
    heard: list[str] = []
    signed_in.gateway.on_quota(lambda error: heard.append(error.query_type))
    with raises(QuotaExceededError):
        await signed_in.gateway.call_template(ASK, {"question": "?"})
    assert heard == ["standard"]


async def test_a_refused_variable_is_told_with_its_limit(
    signed_in: Page, contract: Contract
) -> None:
    """In `details`, by which a page can help; the code tells it from other refusals."""
    details = {"variable": "question", "problem": "too_long", "max_chars": 2000}
    body = error_body("template_variable", "It is too long.", details, "req_1")
    await contract.answers("call", [json_answer(body, 422, {"x-error-source": "gateway"})])
    with raises(PaywallError) as caught:
        await signed_in.gateway.call_template(ASK, {"question": "?" * 2001})
    assert (caught.value.code, caught.value.status) == ("template_variable", 422)
    assert caught.value.details == details


@cases(
    ("code", "status"),
    [("template_not_found", 404), ("templates_only", 403), ("provider_failed", 502)],
)
async def test_the_codes_of_templates_are_codes(
    signed_in: Page, contract: Contract, code: str, status: int
) -> None:
    """Each with its status."""
    await contract.answers("call", [refusal(code, "A sentence.")])
    with raises(PaywallError) as caught:
        await signed_in.gateway.call_template(ASK)
    assert (caught.value.code, caught.value.status) == (code, status)


@cases(
    ("template_id", "variables", "says"),
    [
        ("", {}, "template_id must be a template's id 'tpl_…', not ''"),
        (None, {}, "not None"),
        ("prov_things", {}, "not 'prov_things'"),
        (ASK, ["question"], "variables must be a dict"),
        (ASK, "question", "not 'question'"),
        (ASK, {"question": 5}, "'question' is none"),
        (ASK, {"question": None}, "'question' is none"),
        (ASK, {5: "x"}, "5 is none"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    signed_in: Page, contract: Contract, template_id: "Any", variables: "Any", says: str
) -> None:
    """Before anything is sent."""
    with raises(ConfigError) as caught:
        await signed_in.gateway.call_template(template_id, variables)
    assert caught.value.code == "invalid_argument"
    assert says in caught.value.message
    assert await contract.count("call") == 0
