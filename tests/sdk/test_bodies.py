"""What a call carries arrives as it was given."""

import json

from tests.support.everywhere.contract import PROVIDER, Contract
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import cases, raises
from tollbridge.sdk import ConfigError


@cases("body", [{"a": [1, None, "ü"]}, [1, 2], {}, []])
async def test_objects_and_lists_become_json(
    signed_in: Page, contract: Contract, body: object
) -> None:
    """A dict or list arrives as JSON and says so."""
    await (await signed_in.gateway.call(provider_id=PROVIDER, body=body)).bytes()
    (call,) = await contract.requests_to("call")
    assert json.loads(call.body) == body
    assert call.headers["content-type"] == "application/json"


async def test_the_callers_content_type_wins(signed_in: Page, contract: Contract) -> None:
    """Who names the type of a JSON body keeps it, however it is written."""
    headers = {"CONTENT-TYPE": "application/vnd.x+json"}
    await (await signed_in.gateway.call(provider_id=PROVIDER, body={}, headers=headers)).bytes()
    (call,) = await contract.requests_to("call")
    assert call.headers["content-type"] == "application/vnd.x+json"


@cases(
    ("body", "arrives"),
    [
        (b"\x00\xff", b"\x00\xff"),
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"abc")[1:], b"bc"),
        (None, b""),
    ],
)
async def test_bytes_pass_untouched(
    signed_in: Page, contract: Contract, body: object, arrives: bytes
) -> None:
    """Bytes arrive as they are, without a content type of ours."""
    await (await signed_in.gateway.call(provider_id=PROVIDER, body=body)).bytes()
    (call,) = await contract.requests_to("call")
    assert call.body == arrives
    assert "content-type" not in call.headers


async def test_text_passes_untouched(signed_in: Page, contract: Contract) -> None:
    """Text arrives as it is; a browser says that it is plain text, and nobody says more."""
    await (await signed_in.gateway.call(provider_id=PROVIDER, body="plain ü")).bytes()
    (call,) = await contract.requests_to("call")
    assert call.body == "plain ü".encode()
    assert call.headers.get("content-type", "text/plain;charset=UTF-8").startswith("text/plain")


async def test_a_get_has_no_body(signed_in: Page, contract: Contract) -> None:
    """A GET goes out as one, in whatever case it is written."""
    response = await signed_in.gateway.call(provider_id=PROVIDER, path="v1/x", method="get")
    await response.bytes()
    (call,) = await contract.requests_to("call")
    assert (call.method, call.body) == ("GET", b"")


@cases("body", [5, 1.5, True, object(), {"a": object()}, {1, 2}, {1: 2}, [float("nan")]])
async def test_what_cannot_be_sent_is_refused(
    signed_in: Page, contract: Contract, body: object
) -> None:
    """Anything else is named, and nothing is sent."""
    with raises(ConfigError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER, body=body)
    assert caught.value.code == "invalid_argument"
    assert await contract.count("call") == 0
