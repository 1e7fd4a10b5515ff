"""Row 2 of the table: the provider is not reached, TLS fails, or no headers come in time."""

import socket
import ssl

import pytest
import trustme

from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer, Cut, Never, Raw, Reset, ScriptedProvider
from tests.support.world import open_world
from tollbridge.gateway.settings import Limits


async def refuse(world, visitor):
    """Make a call that fails; return status and body, having looked that nothing was charged."""
    async with world.call(visitor) as answer:
        body = await answer.json()
        assert answer.headers["X-Error-Source"] == "gateway"
        assert answer.headers["X-Credits-Charged"] == "0"
        assert answer.headers["X-Credits-Remaining"] == "20"
        assert "X-Query-Type" not in answer.headers
    receipt = await check_outcome(world, visitor, "failed")
    assert receipt["call_id"] == answer.headers["X-Call-Id"]
    return answer.status, body


async def test_nobody_listens(world):
    """A refused connection is a 502 and gives the credit back."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # taken, but nobody listens
        await world.add_provider(base_url=f"http://localhost:{bound.getsockname()[1]}")
        status, body = await refuse(world, await world.sign_in())
    assert (status, body["error"]) == (502, "provider_unreachable")
    assert body["details"] == {"reason": "refused"}


async def test_the_certificate_is_not_trusted(world):
    """A certificate of an unknown authority is refused, and nothing is sent over it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    async with ScriptedProvider(tls=context) as provider:
        await world.add_provider(base_url=provider.url)
        status, body = await refuse(world, await world.sign_in())
        assert provider.requests == []
    assert (status, body["error"]) == (502, "provider_unreachable")
    assert body["details"] == {"reason": "tls"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(before=[Cut()]), "disconnected"),
        (Answer(before=[Reset()]), "disconnected"),
        (Answer(before=[Raw(b"HTTP/1.1 200 OK\r\nx-half: "), Cut()]), "disconnected"),
        (Answer(before=[Raw(b"220 mail.example ESMTP\r\n\r\n"), Never()]), "invalid_answer"),
        (Answer(999, chunks=[b"x"]), "invalid_answer"),
        (Answer(raw_head=b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n"), "invalid_answer"),
        (Answer(200, [("content-length", "3")], framing="chunked"), "invalid_answer"),
    ],
    ids=["cut", "reset", "half a head", "no http", "no status", "no header", "two lengths"],
)
async def test_what_comes_is_no_answer(world, answer, reason):
    """Whatever is not a whole head of HTTP is a 502 of ours and gives the credit back."""
    world.provider.answers(answer)
    status, body = await refuse(world, await world.sign_in())
    assert (status, body["error"]) == (502, "provider_unreachable")
    assert body["details"] == {"reason": reason}


async def test_no_headers_in_time(tmp_path):
    """The limit FIRST_BYTE_S is a 504; the provider sees that nobody waits any more."""
    async with open_world(tmp_path, limits=Limits(first_byte_s=0.5)) as world:
        world.provider.answers(Answer(before=[Never()]))
        status, body = await refuse(world, await world.sign_in())
        assert (status, body["error"]) == (504, "provider_timeout")
        await (await world.provider.next_request()).left.wait()


async def test_a_provider_may_have_its_own_time(tmp_path):
    """A provider's own limit counts in place of the gateway's, here a longer one."""
    async with open_world(tmp_path, limits=Limits(first_byte_s=0.05)) as world:
        await world.add_provider(first_byte_timeout_s=1)
        world.provider.answers(Answer(before=[Never()]))
        _, body = await refuse(world, await world.sign_in())
        assert body["message"] == "The provider sent no answer within 1 s."
