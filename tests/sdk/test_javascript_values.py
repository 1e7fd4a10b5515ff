"""What only JavaScript has: its bodies, its signals, its own answer to a fetch."""

import asyncio

from tests.support.everywhere.contract import (
    CUT,
    PROVIDER,
    USUAL,
    Contract,
    json_answer,
    send,
    until_left,
)
from tests.support.everywhere.interpreter import js
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import CPYTHON, cases, except_on, raises
from tollbridge.sdk import AbortedError, ConfigError, NetworkError, SessionError
from tollbridge.sdk.platform import to_js_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

EVERY_BYTE = bytes(range(256))
NO_JS = "there is no JavaScript, so there are no such values"


def make_body(kind: str) -> "Any":
    """Return a body that only JavaScript has, or, for comparison, one that everybody has."""
    if kind == "json":
        return {"text": "größe €", "list": [1, None, True]}
    js_bytes = to_js_bytes(EVERY_BYTE)
    if kind == "typed array":
        return js_bytes
    if kind == "array buffer":
        return js_bytes.buffer
    if kind == "search params":
        return js.URLSearchParams.new("a=1&b=%E2%82%AC")
    js_blob = js.Blob.new(js.Array.of(js_bytes), js.JSON.parse('{"type": "image/png"}'))
    if kind == "blob":
        return js_blob
    if kind == "stream":
        return js_blob.stream()
    js_form = js.FormData.new()
    js_form.append("text", "größe €")
    js_form.append("file", js_blob, "a.png")
    return js_form


async def upload(page: Page, kind: str) -> None:
    """Send a body of a kind, and read the answer to its end."""
    await (await page.gateway.call(provider_id=PROVIDER, body=make_body(kind))).bytes()


@except_on(CPYTHON, because=NO_JS)
@cases(
    ("kind", "arrives", "content_type"),
    [
        ("typed array", EVERY_BYTE, ""),
        ("array buffer", EVERY_BYTE, ""),
        ("blob", EVERY_BYTE, "image/png"),
        ("stream", EVERY_BYTE, ""),
        ("search params", b"a=1&b=%E2%82%AC", "application/x-www-form-urlencoded;charset=UTF-8"),
    ],
)
async def test_uploads_arrive_as_they_are(
    signed_in: Page, contract: Contract, kind: str, arrives: bytes, content_type: str
) -> None:
    """What is no object passes through, under the type that the browser gives it."""
    await upload(signed_in, kind)
    (call,) = await contract.requests_to("call")
    assert call.body == arrives
    assert call.headers.get("content-type", "") == content_type


@except_on(CPYTHON, because=NO_JS)
async def test_a_form_arrives_with_its_file(signed_in: Page, contract: Contract) -> None:
    """The boundary in the header is the one in the body, and every part is intact."""
    await upload(signed_in, "form")
    (call,) = await contract.requests_to("call")
    kind, _, boundary = call.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    before, text, file, after = call.body.split(b"--" + boundary.encode())
    assert (before, after.strip()) == (b"", b"--")
    assert b'name="text"' in text
    assert text.endswith(b"\r\n\r\n" + "größe €".encode() + b"\r\n")
    assert b'filename="a.png"' in file
    assert file.endswith(b"\r\n\r\n" + EVERY_BYTE + b"\r\n")


@except_on(CPYTHON, because=NO_JS)
@cases("kind", ["json", "form", "blob", "typed array"])
async def test_a_replay_sends_the_same_bytes(
    signed_in: Page, contract: Contract, kind: str
) -> None:
    """After a loss and after a 401 the body goes out again byte for byte, boundary included."""
    await contract.expire_access()
    await contract.answers("call", CUT, USUAL)
    await upload(signed_in, kind)
    calls = await contract.requests_to("call")
    assert len(calls) == 3
    for again in calls[1:]:
        assert again.body == calls[0].body
        for name in ("content-type", "idempotency-key"):
            assert again.headers.get(name) == calls[0].headers.get(name)
    assert calls[1].headers["authorization"] != calls[2].headers["authorization"]


@except_on(CPYTHON, because=NO_JS)
async def test_a_stream_whose_answer_was_lost_is_not_replayed(
    signed_in: Page, contract: Contract
) -> None:
    """A ReadableStream can be read once, so it is sent once."""
    await contract.answers("call", CUT, USUAL)
    with raises(NetworkError):
        await upload(signed_in, "stream")
    assert await contract.count("call") == 1


@except_on(CPYTHON, because=NO_JS)
async def test_a_stream_on_an_ended_session_is_not_replayed(
    signed_in: Page, contract: Contract
) -> None:
    """It is not sent again under a new token either."""
    await contract.expire_access()
    with raises(SessionError):
        await upload(signed_in, "stream")
    assert await contract.count("call") == 1


@except_on(CPYTHON, because=NO_JS)
async def test_the_browsers_own_answer_is_untouched(signed_in: Page) -> None:
    """`response.js` can be read by whoever knows the browser; Python then says `body_used`."""
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    assert str(await response.js.text()) == '{"hello": "world"}'
    with raises(ConfigError) as caught:
        await response.bytes()
    assert caught.value.code == "body_used"


@except_on(CPYTHON, because=NO_JS)
async def test_an_aborted_signal_sends_nothing(signed_in: Page, contract: Contract) -> None:
    """A call that was stopped before it began never begins."""
    js_controller = js.AbortController.new()
    js_controller.abort()
    with raises(AbortedError):
        await signed_in.gateway.call(provider_id=PROVIDER, signal=js_controller.signal)
    assert await contract.count("call") == 0


@except_on(CPYTHON, because=NO_JS)
async def test_a_signal_stops_a_call_that_waits_for_headers(
    signed_in: Page, contract: Contract
) -> None:
    """The browser's own signal ends the call, and the gateway hears of it."""
    await contract.answers("call", [until_left()])
    js_controller = js.AbortController.new()
    calling = asyncio.create_task(
        signed_in.gateway.call(provider_id=PROVIDER, signal=js_controller.signal)
    )
    await contract.until("call")
    js_controller.abort()
    with raises(AbortedError):
        await calling
    await contract.until_left()


@except_on(CPYTHON, because=NO_JS)
async def test_a_signal_stops_a_stream(signed_in: Page, contract: Contract) -> None:
    """It ends a reading that waits for the next chunk, and the gateway hears of it."""
    await contract.goes_on(send(b"a"), until_left())
    js_controller = js.AbortController.new()
    response = await signed_in.gateway.call(provider_id=PROVIDER, signal=js_controller.signal)
    chunks = response.__aiter__()
    assert await chunks.__anext__() == b"a"
    reading = asyncio.create_task(chunks.__anext__())
    await asyncio.sleep(0)
    js_controller.abort()
    with raises(AbortedError):
        await reading
    await contract.until_left()
    with raises(AbortedError):
        await response.bytes()


@except_on(CPYTHON, because=NO_JS)
async def test_a_signal_ends_the_waiting_before_a_replay(
    signed_in: Page, contract: Contract
) -> None:
    """A call that waits for its first sending is stopped by the browser's signal too."""
    headers = {"retry-after": "5", "x-error-source": "gateway"}
    await contract.answers("call", [json_answer({"error": "call_in_progress"}, 409, headers)])
    js_controller = js.AbortController.new()
    calling = asyncio.create_task(
        signed_in.gateway.call(provider_id=PROVIDER, signal=js_controller.signal)
    )
    await contract.until("call")
    # Once the 409 was read nothing is asked of the gateway any more; give it the time for that.
    await signed_in.billing.get_balances()
    js_controller.abort()
    with raises(AbortedError):
        await calling
    assert await contract.count("call") == 1
