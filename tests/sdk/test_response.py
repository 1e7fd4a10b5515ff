"""An answer arrives byte for byte, as it comes, and a failure never looks like an end."""

import asyncio

import pytest

from tests.sdk.conftest import Page
from tests.support.contract_gateway import PROVIDER, ContractGateway, Exchanged
from tollbridge.sdk import AbortedError, ConfigError, NetworkError

# Cut in the middle of a character, an empty chunk between: what a network does.
CHUNKS = [b"data: gr\xc3", b"\xbc\xc3\x9f", b"", b"e\n\n", b"\x00" * 70_000]


async def in_chunks(call: Exchanged) -> None:
    """Answer with `CHUNKS`."""
    for chunk in CHUNKS:
        await call.send(chunk)
    await call.end()


async def break_off(call: Exchanged) -> None:
    """Send a chunk, and then nothing more."""
    await call.send(b"some")


@pytest.fixture
async def answering(signed_in: Page, contract: ContractGateway) -> Page:
    """Give a page whose provider answers in chunks."""
    contract.script = in_chunks
    return signed_in


async def test_chunks_arrive_as_they_were_sent(answering: Page) -> None:
    """Iterating gives the bytes as the network cut them, and no empty chunk."""
    response = await answering.gateway.call(provider_id=PROVIDER)
    assert [chunk async for chunk in response] == [chunk for chunk in CHUNKS if chunk]


async def test_the_first_chunk_arrives_before_the_second_is_sent(
    signed_in: Page, contract: ContractGateway
) -> None:
    """Nothing is held back: the provider sends a chunk only when the client has the one before."""
    have = [asyncio.Event() for _ in range(3)]

    async def one_by_one(call: Exchanged) -> None:
        for number, event in enumerate(have):
            await call.send(b"%d" % number)
            await event.wait()
        await call.end()

    contract.script = one_by_one
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    async for chunk in response:
        have[int(chunk)].set()


async def test_the_whole_body_can_be_read_in_every_form(answering: Page) -> None:
    """`bytes`, `text` and `json` give the same body, as often as one likes."""
    response = await answering.gateway.call(provider_id=PROVIDER)
    whole = b"".join(CHUNKS)
    assert await response.bytes() == whole
    assert await response.text() == whole.decode()
    assert await response.bytes() == whole
    with pytest.raises(ValueError, match="Expecting value"):
        await response.json()


async def test_json_is_parsed(signed_in: Page) -> None:
    """A JSON answer comes back as an object; status and headers are there."""
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    assert (response.status, response.ok, response.js) == (200, True, None)
    assert response.headers.get("X-Call-Id") == "call_1"
    assert response.headers["x-call-id"] == "call_1"
    assert "X-CALL-ID" in response.headers
    assert response.headers.get("x-none") == ""
    assert await response.json() == {"hello": "world"}


async def test_text_that_is_no_utf8_is_readable(signed_in: Page, contract: ContractGateway) -> None:
    """Bytes that belong to no character become the replacement character."""

    async def latin(call: Exchanged) -> None:
        await call.end(b"caf\xe9")

    contract.script = latin
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    assert await response.text() == "caf\ufffd"


async def test_chunks_can_be_read_once(answering: Page) -> None:
    """A second iteration, or a whole reading after one, is refused and says why."""
    response = await answering.gateway.call(provider_id=PROVIDER)
    async for _ in response:
        pass
    with pytest.raises(ConfigError) as caught:
        aiter(response)
    assert caught.value.code == "body_used"
    with pytest.raises(ConfigError):
        await response.bytes()


async def test_a_cut_answer_raises(signed_in: Page, contract: ContractGateway) -> None:
    """Iterating over an answer that breaks off raises after what had come."""
    contract.script = break_off
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    chunks = aiter(response)
    assert await anext(chunks) == b"some"
    with pytest.raises(NetworkError):
        await anext(chunks)


async def test_a_cut_answer_raises_whole_and_again(
    signed_in: Page, contract: ContractGateway
) -> None:
    """Reading a broken answer whole raises, and so does every later try."""
    contract.script = break_off
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    for read in (response.bytes, response.text, response.json, response.bytes):
        with pytest.raises(NetworkError):
            await read()


async def test_a_cut_before_the_first_byte_raises(
    signed_in: Page, contract: ContractGateway
) -> None:
    """Headers without a body that was due are not an empty answer."""

    async def nothing(call: Exchanged) -> None:
        pass

    contract.script = nothing
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    with pytest.raises(NetworkError):
        await response.bytes()


async def test_a_closed_answer_raises_and_the_gateway_hears_it(
    signed_in: Page, contract: ContractGateway
) -> None:
    """Leaving early reaches the far end; reading on raises."""

    async def endless(call: Exchanged) -> None:
        await call.send(b"a")
        await call.until_left()

    contract.script = endless
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    async with response:
        async for _ in response:
            break
    await contract.requests_to("call")[0].left.wait()
    await response.aclose()
    with pytest.raises(AbortedError):
        await response.bytes()


async def test_a_finished_answer_may_be_closed(answering: Page, contract: ContractGateway) -> None:
    """Closing after the end changes nothing, and nobody asks for balances because of it."""
    response = await answering.gateway.call(provider_id=PROVIDER)
    whole = await response.bytes()
    before = len(contract.requests_to("balances"))
    response.abort()
    await response.aclose()
    assert await response.bytes() == whole
    assert len(contract.requests_to("balances")) == before
