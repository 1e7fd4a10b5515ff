"""The bridge to `fetch`, from Python in Chromium to a gateway on another origin."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from email.parser import BytesParser
from email.policy import HTTP

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.contract_gateway import ContractGateway, Exchanged
from tests.support.interpreters import Interpreter, interpreter_host
from tests.support.loopback import loopback

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

EVERY_BYTE = bytes(range(256))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def host() -> AsyncIterator[str]:
    """Serve the interpreters."""
    async with interpreter_host() as origin:
        yield origin


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=["pyodide", "micropython"])
async def started(
    request: pytest.FixtureRequest, chromium: Browser, host: str
) -> AsyncIterator[Interpreter]:
    """Start each interpreter once for all tests."""
    context = await chromium.new_context()
    interpreter = Interpreter(await context.new_page())
    await interpreter.start(f"{host}/page", request.param)
    yield interpreter
    await context.close()


@pytest.fixture
def python(started: Interpreter) -> Interpreter:
    """Give the interpreter, with nothing uncaught so far."""
    assert started.errors == []
    return started


@pytest.fixture
def contract() -> ContractGateway:
    """Give a gateway without users."""
    return ContractGateway()


@pytest_asyncio.fixture(loop_scope="session")
async def origin(contract: ContractGateway) -> AsyncIterator[str]:
    """Serve `contract` on an origin that is not the page's."""

    async def expire(call: Exchanged) -> None:
        contract.expire_access()
        await call.json({})

    async def spend_all(call: Exchanged) -> None:
        contract.change("user_1", -20)
        await call.json({})

    async def thinking(call: Exchanged) -> None:
        await contract.until("call")
        await call.json({})

    contract.answers["expire"] = expire
    contract.answers["spend-all"] = spend_all
    contract.answers["thinking"] = thinking
    async with loopback(contract) as served:
        yield served


async def test_bytes_are_equal_and_no_chunk_is_held_back(
    python: Interpreter, origin: str, contract: ContractGateway
) -> None:
    """Each chunk is the provider's, and it sends one only when Python has the one before."""
    sent = [b"data: gr\xc3", b"\xbc\xc3\x9fe\n\n", EVERY_BYTE, b"\x00" * 20_000]

    async def one_by_one(call: Exchanged) -> None:
        for number, chunk in enumerate(sent, start=1):
            await call.send(chunk)
            await contract.until("ack", number)
        await call.end()

    contract.script = one_by_one
    assert await python.run("chunks", origin=origin) == [list(chunk) for chunk in sent]


async def test_a_long_answer_arrives_whole(
    python: Interpreter, origin: str, contract: ContractGateway
) -> None:
    """A megabyte arrives, and the gateway's own headers are readable across origins."""
    sent = EVERY_BYTE * 4 * 1024

    async def long(call: Exchanged) -> None:
        await call.end(sent)

    contract.script = long
    expected = [len(sent), sum(sent), ["call_1", "19"]]
    assert await python.run("whole", origin=origin) == expected


async def test_an_empty_answer_is_an_end(
    python: Interpreter, origin: str, contract: ContractGateway
) -> None:
    """An answer that ends properly without a byte is empty, and no failure."""
    contract.script = Exchanged.end
    assert (await python.run("whole", origin=origin))[:2] == [0, 0]


async def test_the_browsers_own_answer_is_untouched(python: Interpreter, origin: str) -> None:
    """`response.js` can be read by whoever knows the browser; Python then says `body_used`."""
    assert await python.run("browsers_own", origin=origin) == ['{"hello": "world"}', "body_used"]


@pytest.mark.parametrize(
    ("kind", "arrives", "content_type"),
    [
        ("text", "größe €".encode(), "text/plain;charset=UTF-8"),
        ("bytes", EVERY_BYTE, None),
        ("typed array", EVERY_BYTE, None),
        ("array buffer", EVERY_BYTE, None),
        ("blob", EVERY_BYTE, "image/png"),
        ("stream", EVERY_BYTE, None),
        ("search params", b"a=1&b=%E2%82%AC", "application/x-www-form-urlencoded;charset=UTF-8"),
    ],
)
async def test_uploads_arrive_as_they_are(
    python: Interpreter,
    origin: str,
    contract: ContractGateway,
    kind: str,
    arrives: bytes,
    content_type: str | None,
) -> None:
    """What is no object passes through, under the type that the browser gives it."""
    await python.run("upload", origin=origin, kind=kind)
    (call,) = contract.requests_to("call")
    assert call.body == arrives
    assert call.headers.get("content-type") == content_type


async def test_json_arrives_as_json(
    python: Interpreter, origin: str, contract: ContractGateway
) -> None:
    """A dict arrives as JSON, whatever order its keys come in."""
    await python.run("upload", origin=origin, kind="json")
    (call,) = contract.requests_to("call")
    assert json.loads(call.body) == {"text": "größe €", "list": [1, None, True]}
    assert call.headers["content-type"] == "application/json"


async def test_a_form_arrives_with_its_file(
    python: Interpreter, origin: str, contract: ContractGateway
) -> None:
    """The boundary in the header is the one in the body, and every part is intact."""
    await python.run("upload", origin=origin, kind="form")
    (call,) = contract.requests_to("call")
    head = f"content-type: {call.headers['content-type']}\r\n\r\n".encode()
    text, file = BytesParser(policy=HTTP).parsebytes(head + call.body).iter_parts()
    assert text.get_payload(decode=True) == "größe €".encode()
    assert file.get_filename() == "a.png"
    assert file.get_payload(decode=True) == EVERY_BYTE


@pytest.mark.parametrize("kind", ["json", "bytes", "form", "blob"])
async def test_a_replay_sends_the_same_bytes(
    python: Interpreter, origin: str, contract: ContractGateway, kind: str
) -> None:
    """After a 401 the body goes out once more byte for byte, boundary included."""
    assert await python.run("upload_on_ended_session", origin=origin, kind=kind) == 200
    first, second = contract.requests_to("call")
    assert first.body == second.body
    assert first.headers.get("content-type") == second.headers.get("content-type")
    assert first.headers["authorization"] != second.headers["authorization"]


async def test_a_stream_is_not_replayed(
    python: Interpreter, origin: str, contract: ContractGateway
) -> None:
    """A ReadableStream is sent once."""
    assert await python.run("upload_on_ended_session", origin=origin, kind="stream") == 401
    assert len(contract.requests_to("call")) == 1


@pytest.mark.parametrize("how", ["signal", "js signal", "abort", "aclose", "cancel"])
async def test_whoever_stops_a_stream_the_gateway_sees_it(
    python: Interpreter, origin: str, contract: ContractGateway, how: str
) -> None:
    """Each way to stop ends the reading that waits, and closes the connection."""

    async def until_left(call: Exchanged) -> None:
        await call.send(b"a")
        await call.until_left()

    contract.script = until_left
    ended = "cancelled" if how == "cancel" else "aborted"
    assert await python.run("stop_stream", origin=origin, how=how) == [ended, "aborted"]
    await contract.requests_to("call")[0].left.wait()


@pytest.mark.parametrize("how", ["signal", "js signal", "cancel"])
async def test_whoever_stops_a_call_without_headers_the_gateway_sees_it(
    python: Interpreter, origin: str, contract: ContractGateway, how: str
) -> None:
    """Also while the provider still thinks."""
    contract.answers["call"] = Exchanged.until_left
    ended = "cancelled" if how == "cancel" else "aborted"
    assert await python.run("stop_before_headers", origin=origin, how=how) == ended
    await contract.requests_to("call")[0].left.wait()


@pytest.mark.parametrize("how", ["signal", "js signal"])
async def test_an_aborted_signal_sends_nothing(
    python: Interpreter, origin: str, contract: ContractGateway, how: str
) -> None:
    """A call that was stopped before it began never begins."""
    assert await python.run("stopped_before", origin=origin, how=how) == "aborted"
    assert contract.requests_to("call") == []


async def test_a_cut_stream_raises(
    python: Interpreter, origin: str, contract: ContractGateway
) -> None:
    """A connection that breaks off in the middle never looks like an end."""

    async def break_off(call: Exchanged) -> None:
        await call.send(b"some")
        await contract.until("ack")  # Chromium throws away what nobody has read at a cut

    contract.script = break_off
    outcome = await python.run("cut_stream", origin=origin)
    assert outcome == ["some", "network_error", "network_error"]


async def test_nobody_there_is_a_network_error(python: Interpreter) -> None:
    """A refused connection is no abort."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = await python.run("no_answer", origin=f"http://127.0.0.1:{port}")
    assert outcome == "network_error"


async def test_a_402_is_a_quota_error_and_the_counter_right(
    python: Interpreter, origin: str, contract: ContractGateway
) -> None:
    """The body of a 402 crosses origins, and its balances show at once."""
    fields, balances, shown = await python.run("quota", origin=origin)
    assert fields == ["not_enough_queries", 402, "standard", "grant 5", "req_1"]
    assert balances == [{"type": "standard", "count": 0, "version": 2, "granted": 20}]
    assert shown == [20, 0]


async def test_the_counter_falls_by_what_the_answer_says(
    python: Interpreter, origin: str, contract: ContractGateway
) -> None:
    """The charge is read from headers that a page of another origin may see."""
    assert await python.run("count", origin=origin) == [20, 19]


async def test_an_owners_key_is_refused_in_a_page(python: Interpreter, origin: str) -> None:
    """Construction fails, and the message shows no more than the key's end."""
    code, message = await python.run("owners_key", origin=origin)
    assert code == "apikey_in_browser"
    assert "sk_…cdef" in message
    assert "0123456789" not in message


async def test_a_reload_brings_the_same_user_back(
    python: Interpreter, origin: str, contract: ContractGateway
) -> None:
    """The refresh token waits in `localStorage`; the access token never gets there."""
    first, second = await python.run("same_user_after_reload", origin=origin)
    assert first == second
    kept = await python.page.evaluate("JSON.stringify(localStorage)")
    assert "refresh_" in kept
    assert "access_" not in kept
    await python.page.evaluate("localStorage.clear()")


async def test_storage_keeps_text(python: Interpreter, origin: str) -> None:
    """What is kept is read back, and gone once forgotten."""
    assert await python.run("store", origin=origin) == [None, "größe €", None]


async def test_without_storage_a_session_lasts_as_long_as_the_page(
    chromium: Browser, host: str, origin: str
) -> None:
    """Where the browser refuses `localStorage`, memory stands in, and calls work from no origin.

    On MicroPython, because there nothing that throws in JavaScript can be caught by plain means.
    """
    context = await chromium.new_context()
    interpreter = Interpreter(await context.new_page())
    await interpreter.start(f"{host}/sandbox", "micropython")
    assert await interpreter.run("store", origin=origin) == [None, "größe €", None]
    assert await interpreter.run("count", origin=origin) == [20, 19]
    assert interpreter.errors == []
    await context.close()


async def test_nothing_was_left_uncaught(python: Interpreter) -> None:
    """After all of the above no promise was rejected without somebody to hear it."""
    await asyncio.sleep(0)
    assert python.errors == []
