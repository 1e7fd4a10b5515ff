"""Using the SDK wrongly fails at once, names the option and shows the value, secrets aside."""

from tests.support.everywhere.contract import PAYWALL, PROVIDER, Contract
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import (
    CPYTHON,
    IN_A_PAGE,
    UNDER_NODE,
    cases,
    except_on,
    raises,
)
from tollbridge.sdk import ApiGatewayClient, AuthClient, BillingClient, ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.sdk.transport import Transport

ORIGIN = "http://gateway.test"
CLIENTS = [ApiGatewayClient, AuthClient, BillingClient]
GOOD = {"paywall_id": PAYWALL, "api_origin": ORIGIN}


@cases("client", CLIENTS)
@cases(
    ("given", "says"),
    [
        ({"api_origin": ORIGIN}, "paywall_id must be a paywall's id, not ''"),
        ({"paywall_id": 7, "api_origin": ORIGIN}, "not 7"),
        ({"paywall_id": "sk_live_0123456789abcdef", "api_origin": ORIGIN}, "sk_…cdef"),
        ({"paywall_id": PAYWALL}, "api_origin is missing"),
        ({"paywall_id": PAYWALL, "api_origin": None}, "it is None"),
        ({"paywall_id": PAYWALL, "api_origin": b"http://x"}, "must be a str, not b'http://x'"),
        ({"paywall_id": PAYWALL, "api_origin": "gateway.test"}, "https://"),
        ({"paywall_id": PAYWALL, "api_origin": "ftp://gateway.test"}, "'ftp://gateway.test'"),
        ({"paywall_id": PAYWALL, "api_origin": "https://"}, "scheme and host"),
        ({"paywall_id": PAYWALL, "api_origin": "https://a.b/api"}, "'https://a.b/api'"),
        ({"paywall_id": PAYWALL, "api_origin": "https://a.b?x=1"}, "scheme and host"),
        ({"paywall_id": PAYWALL, "api_origin": "https://u:p@a.b"}, "scheme and host"),
        ({"paywall_id": PAYWALL, "api_origin": "https://a b"}, "scheme and host"),
        (GOOD | {"transport": "fetch"}, "transport must be callable, not 'fetch'"),
    ],
)
def test_a_wrong_option_is_named_with_its_value(
    client: "Any", given: "dict[str, Any]", says: str
) -> None:
    """Every client refuses at construction what cannot work later."""
    with raises(ConfigError) as caught:
        client(**given)
    assert caught.value.code == "invalid_config"
    assert says in caught.value.message


@cases("client", CLIENTS)
@cases(
    ("option", "nearest"),
    [("paywallId", "paywall_id"), ("api_orgin", "api_origin"), ("apiOrigin", "api_origin")],
)
def test_an_unknown_option_names_the_nearest_one(client: "Any", option: str, nearest: str) -> None:
    """A spelling mistake is answered with the spelling."""
    with raises(ConfigError) as caught:
        client(**(GOOD | {option: "x"}))
    assert caught.value.code == "invalid_config"
    assert f"no option {option!r}; the nearest one is {nearest!r}" in caught.value.message


@cases(
    ("client", "option", "value", "says"),
    [
        (AuthClient, "storage", {}, "storage must have get_item()"),
        (AuthClient, "clock", 5, "clock must be callable, not 5"),
        (BillingClient, "auth", "token", "auth must have get_access_token(), and 'token' has not"),
        (BillingClient, "identity", {}, "identity must be"),
        (BillingClient, "identity", {"id": "x"}, "{'id': 'x'}"),
        (BillingClient, "identity", "user", "not 'user'"),
        (ApiGatewayClient, "auth", object(), "auth must have get_access_token()"),
        (ApiGatewayClient, "user_id", "", "user_id must be a user's id, not ''"),
        (ApiGatewayClient, "capabilities", "a,b", "capabilities must be a list"),
        (ApiGatewayClient, "on_charge_success", True, "on_charge_success must be callable"),
        (ApiGatewayClient, "on_quota_exceeded", [], "on_quota_exceeded must be callable"),
        (ApiGatewayClient, "meter", object(), "meter must have begin()"),
    ],
)
def test_an_option_of_the_wrong_kind_is_refused(
    client: "Any", option: str, value: object, says: str
) -> None:
    """What would fail in the middle of a call fails at construction."""
    with raises(ConfigError) as caught:
        client(**(GOOD | {option: value}))
    assert caught.value.code == "invalid_config"
    assert says in caught.value.message


@except_on(*IN_A_PAGE, because="no key at all is taken there, as the next test shows")
@cases(
    ("key", "says"),
    [("hunter2-is-my-secret", "not …cret"), (5, "not a int"), ("sk_a b", "not sk_…")],
)
def test_what_is_no_key_is_refused(key: object, says: str) -> None:
    """A key is a key of ours, and the message shows no more than its end."""
    with raises(ConfigError, says=says) as caught:
        BillingClient(**(GOOD | {"api_key": key}))
    assert caught.value.code == "invalid_config"


@except_on(CPYTHON, *UNDER_NODE, because="there an owner's key is at home")
@cases("client", [BillingClient, ApiGatewayClient])
def test_an_owners_key_is_refused_in_a_page(client: "Any") -> None:
    """Where every visitor could read it no client is made; the message shows the key's end."""
    with raises(ConfigError, says="sk_…cdef") as caught:
        client(**(GOOD | {"api_key": "sk_live_0123456789abcdef"}))
    assert caught.value.code == "apikey_in_browser"
    assert "0123456789" not in caught.value.message


def test_a_factory_passes_its_overrides_on(transport: "Transport") -> None:
    """The factory refuses the same mistakes."""
    billing = BillingClient(transport=transport, **GOOD)
    with raises(ConfigError, says="nearest one is 'on_charge_success'"):
        billing.create_api_gateway_client(onChargeSuccess=print)


@cases(
    ("given", "says"),
    [
        ({}, "provider_id must be a provider's id, not ''"),
        ({"provider_id": None}, "not None"),
        ({"provider_id": ".."}, "not '..'"),
        ({"provider_id": PROVIDER, "path": 5}, "path must be a str, not 5"),
        ({"provider_id": PROVIDER, "path": "v1/../../x"}, "dot segments"),
        ({"provider_id": PROVIDER, "path": "v1/%2E%2e/x"}, "dot segments"),
        ({"provider_id": PROVIDER, "path": "v1/.\t./x"}, "control characters"),
        ({"provider_id": PROVIDER, "path": "v1\\..\\x"}, "'\\'"),
        ({"provider_id": PROVIDER, "path": "v1#x"}, "'#'"),
        ({"provider_id": PROVIDER, "method": "DELETE"}, "not 'DELETE'"),
        ({"provider_id": PROVIDER, "method": None}, "not None"),
        ({"provider_id": PROVIDER, "method": "GET", "body": {}}, "a GET carries no body"),
        ({"provider_id": PROVIDER, "headers": [("a", "b")]}, "headers must be a dict"),
        ({"provider_id": PROVIDER, "headers": {"a b": "c"}}, "'a b' cannot be the name"),
        ({"provider_id": PROVIDER, "headers": {"": "c"}}, "cannot be the name"),
        ({"provider_id": PROVIDER, "headers": {5: "c"}}, "cannot be the name"),
        ({"provider_id": PROVIDER, "headers": {"a": "b\r\nc: d"}}, "the header 'a' must be"),
        ({"provider_id": PROVIDER, "headers": {"a": "ü"}}, "printable ASCII"),
        ({"provider_id": PROVIDER, "headers": {"a": 5}}, "the header 'a' must be a str"),
        ({"provider_id": PROVIDER, "signal": "stop"}, "signal must be"),
        ({"provider_id": PROVIDER, "transport": "fetch"}, "transport must be callable"),
        ({"provider": PROVIDER}, "call has no option 'provider'; the nearest one is 'provider_id'"),
        ({"provider_id": PROVIDER, "json": {}}, "call has no option 'json'"),
    ],
)
async def test_a_wrong_argument_of_a_call_is_named(
    signed_in: Page, contract: Contract, given: "dict[str, Any]", says: str
) -> None:
    """A call that cannot be meant is refused before anything is sent."""
    with raises(ConfigError) as caught:
        await signed_in.gateway.call(**given)
    assert caught.value.code == "invalid_argument"
    assert says in caught.value.message
    assert await contract.count("call") == 0


async def test_a_path_with_dots_in_names_is_fine(signed_in: Page, contract: Contract) -> None:
    """Dots inside a segment or in the query lead nowhere and are sent."""
    path = "v1/a..b/.hidden/x.json?up=../.."
    await (await signed_in.gateway.call(provider_id=PROVIDER, path=path)).bytes()
    assert await contract.count("call") == 1
