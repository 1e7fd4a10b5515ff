"""A body reaches the provider as it was sent: gathered where rules read it, else as it comes."""

import asyncio
import io
import random

import aiohttp
import pytest

from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer

MEGABYTE = 1024 * 1024
BINARY = {"Content-Type": "application/octet-stream"}


def in_pieces(body, size=50_001):
    """Give a body piece by piece, without a length."""

    async def pieces():
        for at in range(0, len(body), size):
            yield body[at : at + size]

    return pieces()


@pytest.mark.parametrize(
    "typed", ["application/octet-stream", "text/plain; charset=utf-8", "image/png", "audio/webm"]
)
@pytest.mark.parametrize("announced", [True, False], ids=["with a length", "chunked"])
async def test_bytes_pass_untouched(world, typed, announced):
    """Binary and text keep type, length and bytes; without a length they travel chunked."""
    body = random.Random(typed).randbytes(300_000)
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    data = body if announced else in_pieces(body)
    async with world.call(visitor, data=data, headers={"Content-Type": typed}) as answer:
        assert answer.status == 200
    request = await world.provider.next_request()
    assert request.body == body
    assert request.header("content-type") == typed
    assert request.header("content-length") == ("300000" if announced else None)
    assert request.header("transfer-encoding") == (None if announced else "chunked")


async def test_a_form_passes_untouched(world):
    """Multipart keeps its boundary and its bytes."""
    form = aiohttp.FormData()
    form.add_field("file", b"\x00\x01\r\n--x" * 1000, filename="Grüße.bin")
    form.add_field("purpose", "test")
    written = form()
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    async with world.call(visitor, data=written) as answer:
        assert answer.status == 200
    request = await world.provider.next_request()
    boundary = written.boundary
    assert request.header("content-type") == f"multipart/form-data; boundary={boundary}"
    assert request.body.count(b"--" + boundary.encode()) == 3
    assert b"\x00\x01\r\n--x" * 1000 in request.body


async def test_an_upload_is_not_gathered(world):
    """The provider has the first part before the page has sent the last one."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    seen = asyncio.Event()

    async def parts():
        yield b"first"
        await seen.wait()
        yield b"last"

    calling = asyncio.create_task(world.call(visitor, data=parts(), headers=BINARY).__aenter__())
    request = await world.provider.next_request()
    await request.has_received(len(b"first"))
    seen.set()
    assert (await calling).status == 200
    assert request.body == b"firstlast"


@pytest.mark.parametrize("typed", ["application/json", "application/vnd.api+json; charset=utf-8"])
@pytest.mark.parametrize("announced", [True, False], ids=["with a length", "chunked"])
async def test_json_keeps_its_bytes(world, typed, announced):
    """JSON is gathered, and sent on as the very bytes that came, with their length."""
    body = b'{ "b" : 1.0,\n\t"a":"\\u00fc", "a": 1e5 }'
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    data = body if announced else in_pieces(body, 3)
    async with world.call(visitor, data=data, headers={"Content-Type": typed}) as answer:
        assert answer.status == 200
    request = await world.provider.next_request()
    assert (request.body, request.header("content-type")) == (body, typed)
    assert request.header("content-length") == str(len(body))


async def too_large(world, visitor, data, typed, limit):
    """Send a body that is refused, and look that it cost nothing."""
    headers = {"Content-Type": typed}
    async with world.call(visitor, data=data, headers=headers) as answer:
        body = await answer.json()
        assert (answer.status, body["error"]) == (413, "body_too_large")
        assert body["details"] == {"max_bytes": limit}
    assert await world.balance(visitor) == 20


@pytest.mark.parametrize("announced", [True, False], ids=["with a length", "chunked"])
async def test_the_limit_of_json_on_each_side(world, announced):
    """As much as the provider allows passes, a byte more is refused before anything is held."""
    await world.add_provider(max_body_bytes=1000)
    visitor = await world.sign_in()
    more = b'"' + b"x" * 999 + b'"'
    data = more if announced else in_pieces(more, 100)
    await too_large(world, visitor, data, "application/json", 1000)
    assert world.provider.requests == []
    world.provider.answers(Answer.json({}))
    most = b'"' + b"x" * 998 + b'"'
    data = most if announced else in_pieces(most, 100)
    typed = {"Content-Type": "application/json"}
    async with world.call(visitor, data=data, headers=typed) as answer:
        assert answer.status == 200
    assert world.provider.requests[0].body == most


@pytest.mark.parametrize("announced", [True, False], ids=["with a length", "chunked"])
async def test_the_limit_of_a_stream_on_each_side(world, announced):
    """32 MiB pass; a byte more is refused, after the hold where no length announced it."""
    visitor = await world.sign_in()
    limit = 32 * MEGABYTE
    body = b"x" * (limit + 1)
    data = io.BytesIO(body) if announced else in_pieces(body, 1_000_000)
    await too_large(world, visitor, data, "application/octet-stream", limit)
    if announced:
        assert world.provider.requests == []
    else:
        await (await world.provider.next_request()).left.wait()
        await check_outcome(world, visitor, "failed")
    world.provider.answers(Answer.json({}))
    data = io.BytesIO(body[1:]) if announced else in_pieces(body[1:], 1_000_000)
    async with world.call(visitor, data=data, headers=BINARY) as answer:
        assert answer.status == 200
    assert len(world.provider.requests[-1].body) == limit


async def test_a_get_has_no_body(world):
    """What a GET carries is not sent on, and not accepted."""
    visitor = await world.sign_in()
    async with world.call(visitor, method="GET", data=b"x") as answer:
        assert (answer.status, (await answer.json())["error"]) == (413, "body_too_large")
    assert world.provider.requests == []


async def test_a_compressed_body_is_refused(world):
    """Rules cannot read it, and it may unfold to anything."""
    visitor = await world.sign_in()
    coded = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    async with world.call(visitor, data=b"\x1f\x8b", headers=coded) as answer:
        assert (answer.status, (await answer.json())["error"]) == (415, "unsupported_body")
