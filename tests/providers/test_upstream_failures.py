"""What is said when no answer can be had, and that nothing is left behind."""

import asyncio
import socket
import ssl
from collections.abc import Callable

import pytest
import trustme

from tests.providers.conftest import MakeProvider
from tests.support.scripted_provider import (
    Answer,
    Cut,
    Never,
    Raw,
    ReadBody,
    Reset,
    ScriptedProvider,
    Wait,
)
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.http import Upstream
from tollbridge.gateway.providers.provider import Provider
from tollbridge.gateway.secret import Secret

OK = Answer.json({"ok": True})
# Soon over; and yet a request has come to the provider by then, on a busy machine, too.
SHORT_S = 0.3


async def refusal(upstream: Upstream, provider: Provider, **fields: object) -> Refusal:
    """Send a request that must fail, and return what is said about it."""
    with pytest.raises(Refusal) as refused:
        await upstream.open(provider, "POST", "v1/x", b"", [], b"{}", **fields)
    assert upstream._running == 0
    return refused.value


def is_about(refused: Refusal, status: int, reason: str) -> bool:
    """Tell whether a refusal has this status and this reason."""
    return refused.status == status and refused.details == {"reason": reason}


async def test_a_refused_connection(upstream: Upstream, new_provider: MakeProvider) -> None:
    """A port where nobody listens is `provider_unreachable`, with no address in the message."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    provider = new_provider(base_url=f"http://127.0.0.1:{port}", allow_private=True)
    refused = await refusal(upstream, provider)
    assert refused.code == "provider_unreachable"
    assert is_about(refused, 502, "refused")
    assert "127.0.0.1" not in refused.message


async def test_a_name_that_does_not_resolve(upstream: Upstream, new_provider: MakeProvider) -> None:
    """A host that does not exist is told as such."""
    provider = new_provider(base_url="https://no-such-host.invalid")
    assert is_about(await refusal(upstream, provider), 502, "dns")


@pytest.mark.parametrize("step", [Cut(), Reset()])
async def test_a_connection_that_dies_before_the_headers(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider, step: Cut | Reset
) -> None:
    """A new connection that dies is not tried again: the request may have been acted on."""
    scripted.answers(Answer(before=[step]), OK)
    assert is_about(await refusal(upstream, provider), 502, "disconnected")
    assert len(scripted.requests) == 1


async def test_a_get_is_not_sent_again_either(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """What is sent twice is decided here, not by the client library."""
    scripted.answers(Answer(before=[Cut()]), OK)
    with pytest.raises(Refusal):
        await upstream.open(provider, "GET", "v1/x", b"", [], None)
    assert len(scripted.requests) == 1


async def test_headers_that_are_cut(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """Half a head is no head."""
    scripted.answers(Answer(raw_head=b"HTTP/1.1 200 OK\r\ncontent-le", chunks=[Cut()]))
    assert is_about(await refusal(upstream, provider), 502, "disconnected")


async def test_headers_that_do_not_come_in_time(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """The wait for the first byte has a bound, after which the provider is let go."""
    scripted.answers(Answer(before=[Never()]))
    refused = await refusal(upstream, provider, first_byte_timeout_s=SHORT_S)
    assert refused.code == "provider_timeout"
    assert is_about(refused, 504, "first_byte_timeout")
    await (await scripted.next_request()).left.wait()


async def test_headers_that_drip_do_not_come_in_time(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """Interim answers and half heads do not stop the clock."""
    drip = [Raw(b"HTTP/1.1 102 Processing\r\n\r\n"), Raw(b"HTTP/1.1 200 OK\r\nx-a:"), Never()]
    scripted.answers(Answer(before=drip))
    refused = await refusal(upstream, provider, first_byte_timeout_s=SHORT_S)
    assert is_about(refused, 504, "first_byte_timeout")


async def test_a_page_that_uploads_slowly_is_no_slow_provider(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """Waiting for the page's next part does not count as waiting for the provider."""
    page_goes_on = asyncio.Event()
    asyncio.get_running_loop().call_later(3, page_goes_on.set)

    async def body():
        yield b"first"
        await page_goes_on.wait()
        yield b" second"

    scripted.answers(OK)
    answer = await upstream.open(provider, "POST", "v1/x", b"", [], body(), first_byte_timeout_s=2)
    answer.close()
    assert scripted.requests[0].body == b"first second"


async def test_a_provider_that_does_not_take_the_body_is_slow(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """An upload that the provider leaves standing ends by the same bound."""

    async def body():
        while True:
            yield bytes(256 * 1024)

    scripted.answers(Answer(before=[Never(), ReadBody()], reads_body=False))
    refused = await refusal_of_upload(upstream, provider, body())
    assert is_about(refused, 504, "first_byte_timeout")


async def refusal_of_upload(upstream: Upstream, provider: Provider, body: object) -> Refusal:
    """Upload a streamed body that the provider does not take in time."""
    with pytest.raises(Refusal) as refused:
        await upstream.open(provider, "POST", "v1/x", b"", [], body, first_byte_timeout_s=SHORT_S)
    return refused.value


async def test_a_connection_that_is_not_made_in_time(new_provider: MakeProvider) -> None:
    """Connecting, the TLS handshake included, has a bound of its own; nothing is left open."""
    left = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    # Enough for a machine that does much else to connect, before the handshake that never ends.
    upstream = Upstream(connect_timeout_s=0.5)
    await upstream.start()
    provider = new_provider(base_url=f"https://localhost:{port}", allow_private=True)
    refused = await refusal(upstream, provider)
    assert refused.code == "provider_timeout"
    assert is_about(refused, 504, "connect_timeout")
    await left.wait()
    await upstream.close()
    server.close()


async def test_too_many_requests_at_once_are_refused(
    provider: Provider, scripted: ScriptedProvider
) -> None:
    """Below the bound a request goes out, above it it is `busy`, and an end makes room."""
    upstream = Upstream(requests_max=2)
    await upstream.start()
    go_on = asyncio.Event()
    scripted.always(Answer(chunks=[b"a", Wait(go_on)]))
    opened = [await upstream.open(provider, "GET", "v1/x", b"", [], None) for _ in range(2)]
    with pytest.raises(Refusal) as refused:
        await upstream.open(provider, "GET", "v1/x", b"", [], None)
    assert (refused.value.code, refused.value.status) == ("busy", 503)
    opened[0].close()
    opened.append(await upstream.open(provider, "GET", "v1/x", b"", [], None))
    go_on.set()
    for answer in opened[1:]:
        assert [chunk async for chunk in answer.chunks()] == [b"a"]
    assert upstream._running == 0  # complete answers need no connection, closed or not
    for answer in opened:
        answer.close()
    assert upstream._running == 0
    await upstream.close()


async def test_no_message_shows_the_key(
    upstream: Upstream, scripted: ScriptedProvider, new_provider: MakeProvider
) -> None:
    """Neither the refusal nor what it came from holds the key, whatever a logger prints."""
    provider = new_provider(base_url=scripted.url, allow_private=True, key=Secret("sk_secret"))
    scripted.answers(Answer(raw_head=b"nonsense\r\n\r\n"))
    headers = [("authorization", "Bearer sk_secret")]
    with pytest.raises(Refusal) as refused:
        await upstream.open(provider, "POST", "v1/x", b"", headers, b"{}")
    assert "sk_secret" not in repr(refused.value) + str(refused.value.details)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def tls_for(authority: trustme.CA, name: str) -> ssl.SSLContext:
    """Return a server's TLS with a certificate for `name`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


async def test_tls_of_an_unknown_authority_is_refused(
    upstream: Upstream, new_provider: MakeProvider
) -> None:
    """A certificate that nobody vouches for is refused, private or not; no request goes out."""
    async with ScriptedProvider(tls=tls_for(trustme.CA(), "localhost")) as scripted:
        provider = new_provider(base_url=scripted.url, allow_private=True)
        assert is_about(await refusal(upstream, provider), 502, "tls")
        assert scripted.requests == []


async def test_tls_for_another_name_is_refused(
    new_provider: MakeProvider, trusting: Callable[[trustme.CA], object]
) -> None:
    """A trusted certificate for another host is refused."""
    authority = trustme.CA()
    async with ScriptedProvider(tls=tls_for(authority, "other.example")) as scripted:
        upstream = Upstream(ssl_context=trusting(authority))
        await upstream.start()
        provider = new_provider(base_url=scripted.url, allow_private=True)
        assert is_about(await refusal(upstream, provider), 502, "tls")
        await upstream.close()


async def test_tls_of_a_trusted_authority_is_fine(
    new_provider: MakeProvider, trusting: Callable[[trustme.CA], object]
) -> None:
    """A certificate that is vouched for is accepted, and the request goes out over TLS."""
    authority = trustme.CA()
    async with ScriptedProvider(tls=tls_for(authority, "localhost")) as scripted:
        scripted.answers(OK)
        upstream = Upstream(ssl_context=trusting(authority))
        await upstream.start()
        provider = new_provider(base_url=scripted.url, allow_private=True)
        answer = await upstream.open(provider, "POST", "v1/x", b"", [], b"{}")
        assert answer.status == 200
        answer.close()
        await upstream.close()


async def test_ssl_cert_file_is_honoured(
    new_provider: MakeProvider, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An authority in the file that `SSL_CERT_FILE` names is trusted, with no setting of ours."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with ScriptedProvider(tls=tls_for(authority, "localhost")) as scripted:
        scripted.answers(OK)
        upstream = Upstream()
        await upstream.start()
        provider = new_provider(base_url=scripted.url, allow_private=True)
        answer = await upstream.open(provider, "POST", "v1/x", b"", [], b"{}")
        assert answer.status == 200
        answer.close()
        await upstream.close()


@pytest.fixture
def trusting() -> Callable[[trustme.CA], ssl.SSLContext]:
    """A maker of TLS contexts that trust one authority."""

    def make(authority: trustme.CA) -> ssl.SSLContext:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    return make
