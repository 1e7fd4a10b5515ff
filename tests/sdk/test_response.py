"""An answer arrives byte for byte, as it comes, and a failure never looks like an end."""

from tests.support.everywhere.contract import (
    PROVIDER,
    Contract,
    end,
    send,
    until_left,
    wait_for,
)
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import every, raises
from tollbridge.sdk import AbortedError, ConfigError, NetworkError, Response

# Cut in the middle of a character, an empty chunk between: what a network does.
CHUNKS = [b"data: gr\xc3", b"\xbc\xc3\x9f", b"", b"e\n\n", b"\x00" * 70_000]


EVERY_BYTE = bytes(range(256))
WHOLE = b"".join(CHUNKS)
# Broken off as soon as the test says so: a browser throws away what nobody has read by then.
BROKEN = [send(b"some"), wait_for("cut")]


async def call_for_chunks(page: Page, contract: Contract) -> Response:
    """Call a provider that answers in chunks."""
    await contract.goes_on(*[send(chunk) for chunk in CHUNKS if chunk], end())
    return await page.gateway.call(provider_id=PROVIDER)


async def test_chunks_arrive_as_they_were_sent(signed_in: Page, contract: Contract) -> None:
    """Iterating gives the bytes as the network cut them, and no empty chunk."""
    response = await call_for_chunks(signed_in, contract)
    chunks = await every(response)
    assert all(chunks)
    assert b"".join(chunks) == WHOLE


async def test_the_first_chunk_arrives_before_the_second_is_sent(
    signed_in: Page, contract: Contract
) -> None:
    """Nothing is held back: the provider sends a chunk only when the client has the one before."""
    steps = []
    for number in "012":
        steps += [send(number.encode()), wait_for(number)]
    await contract.goes_on(*steps, end())
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    got = []
    async for chunk in response:
        got.append(chunk)
        await contract.go_on(chunk.decode())
    assert got == [b"0", b"1", b"2"]


async def test_a_long_answer_arrives_whole(signed_in: Page, contract: Contract) -> None:
    """A megabyte of every byte there is arrives, and what the gateway says of it is readable."""
    await contract.goes_on(send(EVERY_BYTE * 64, times=64), end())
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    assert await response.bytes() == EVERY_BYTE * 4096
    assert response.headers.get("X-Credits-Remaining") == "19"


async def test_an_empty_answer_is_an_end(signed_in: Page, contract: Contract) -> None:
    """An answer that ends properly without a byte is empty, and no failure."""
    await contract.goes_on(end())
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    assert await response.bytes() == b""


async def test_the_whole_body_can_be_read_in_every_form(
    signed_in: Page, contract: Contract
) -> None:
    """`bytes`, `text` and `json` give the same body, as often as one likes."""
    response = await call_for_chunks(signed_in, contract)
    assert await response.bytes() == WHOLE
    assert await response.text() == WHOLE.decode()
    assert await response.bytes() == WHOLE
    with raises(ValueError):
        await response.json()


async def test_json_is_parsed(signed_in: Page) -> None:
    """A JSON answer comes back as an object; status and headers are there."""
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    assert (response.status, response.ok) == (200, True)
    assert response.headers.get("X-Call-Id") == "call_1"
    assert response.headers["x-call-id"] == "call_1"
    assert "X-CALL-ID" in response.headers
    assert response.headers.get("x-none") == ""
    assert await response.json() == {"hello": "world"}


async def test_text_that_is_no_utf8_is_readable(signed_in: Page, contract: Contract) -> None:
    """Bytes that belong to no character become the replacement character."""
    await contract.goes_on(end(b"caf\xe9"))
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    assert await response.text() == "caf\ufffd"


async def test_chunks_can_be_read_once(signed_in: Page, contract: Contract) -> None:
    """A second iteration, or a whole reading after one, is refused and says why."""
    response = await call_for_chunks(signed_in, contract)
    async for _ in response:
        pass
    with raises(ConfigError) as caught:
        response.__aiter__()
    assert caught.value.code == "body_used"
    with raises(ConfigError):
        await response.bytes()


async def test_a_cut_answer_raises(signed_in: Page, contract: Contract) -> None:
    """Iterating over an answer that breaks off raises after what had come."""
    await contract.goes_on(*BROKEN)
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    chunks = response.__aiter__()
    assert await chunks.__anext__() == b"some"
    await contract.go_on("cut")
    with raises(NetworkError):
        await chunks.__anext__()


async def test_a_cut_answer_raises_whole_and_again(signed_in: Page, contract: Contract) -> None:
    """Reading a broken answer whole raises, and so does every later try."""
    await contract.goes_on(*BROKEN)
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    await contract.go_on("cut")
    for read in (response.bytes, response.text, response.json, response.bytes):
        with raises(NetworkError):
            await read()


async def test_a_cut_before_the_first_byte_raises(signed_in: Page, contract: Contract) -> None:
    """Headers without a body that was due are not an empty answer."""
    await contract.goes_on()
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    with raises(NetworkError):
        await response.bytes()


async def test_a_closed_answer_raises_and_the_gateway_hears_it(
    signed_in: Page, contract: Contract
) -> None:
    """Leaving early reaches the far end; reading on raises."""
    await contract.goes_on(send(b"a"), until_left())
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    async with response:
        async for _ in response:
            break
    await contract.until_left()
    await response.aclose()
    with raises(AbortedError):
        await response.bytes()


async def test_a_finished_answer_may_be_closed(signed_in: Page, contract: Contract) -> None:
    """Closing after the end changes nothing, and nobody asks for balances because of it."""
    response = await call_for_chunks(signed_in, contract)
    await response.bytes()
    before = await contract.count("balances")
    response.abort()
    await response.aclose()
    assert await response.bytes() == WHOLE
    assert await contract.count("balances") == before
