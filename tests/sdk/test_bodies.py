"""What a call carries arrives as it was given."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sdk.conftest import Page
from tests.support.contract_gateway import PROVIDER, ContractGateway
from tollbridge.sdk import ConfigError


@pytest.mark.parametrize("body", [{"a": [1, None, "ü"]}, [1, 2], {}, []])
async def test_objects_and_lists_become_json(
    signed_in: Page, contract: ContractGateway, body: Any
) -> None:
    """A dict or list arrives as JSON and says so."""
    await (await signed_in.gateway.call(provider_id=PROVIDER, body=body)).bytes()
    (call,) = contract.requests_to("call")
    assert json.loads(call.body) == body
    assert call.headers["content-type"] == "application/json"


async def test_the_callers_content_type_wins(signed_in: Page, contract: ContractGateway) -> None:
    """Who names the type of a JSON body keeps it, however it is written."""
    headers = {"CONTENT-TYPE": "application/vnd.x+json"}
    await (await signed_in.gateway.call(provider_id=PROVIDER, body={}, headers=headers)).bytes()
    (call,) = contract.requests_to("call")
    assert call.headers["content-type"] == "application/vnd.x+json"


@pytest.mark.parametrize(
    ("body", "arrives"),
    [
        ("plain ü", "plain ü".encode()),
        (b"\x00\xff", b"\x00\xff"),
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"abc")[1:], b"bc"),
        (None, b""),
    ],
)
async def test_text_and_bytes_pass_untouched(
    signed_in: Page, contract: ContractGateway, body: Any, arrives: bytes
) -> None:
    """Text and bytes arrive as they are, without a content type of ours."""
    await (await signed_in.gateway.call(provider_id=PROVIDER, body=body)).bytes()
    (call,) = contract.requests_to("call")
    assert call.body == arrives
    assert "content-type" not in call.headers


async def test_a_stream_of_bytes_is_sent_as_it_comes(
    signed_in: Page, contract: ContractGateway
) -> None:
    """On CPython an async iterable streams."""

    async def parts() -> AsyncIterator[bytes]:
        for part in (b"one ", b"two ", b"three"):
            yield part

    await (await signed_in.gateway.call(provider_id=PROVIDER, body=parts())).bytes()
    (call,) = contract.requests_to("call")
    assert call.body == b"one two three"


async def test_a_get_has_no_body(signed_in: Page, contract: ContractGateway) -> None:
    """A GET goes out as one, in whatever case it is written."""
    response = await signed_in.gateway.call(provider_id=PROVIDER, path="v1/x", method="get")
    await response.bytes()
    (call,) = contract.requests_to("call")
    assert (call.method, call.body) == ("GET", b"")


@pytest.mark.parametrize("body", [5, 1.5, True, object(), {"a": object()}, {1, 2}])
async def test_what_cannot_be_sent_is_refused(
    signed_in: Page, contract: ContractGateway, body: Any
) -> None:
    """Anything else is named, and nothing is sent."""
    with pytest.raises(ConfigError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER, body=body)
    assert caught.value.code == "invalid_argument"
    assert contract.requests_to("call") == []
