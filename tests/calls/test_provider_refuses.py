"""Row 3 of the table: the provider answers with something else than a 2xx."""

import pytest

from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer, Cut, Never

BODY = b'{"error": {"message": "no", "type": "their_own"}}\n'


@pytest.mark.parametrize("status", [400, 404, 405, 409, 413, 418, 422, 429, 500, 503, 529])
async def test_its_refusal_passes_unchanged(world, status):
    """Status and body are the provider's, the credit is back before they leave."""
    visitor = await world.sign_in()
    own = [("content-type", "application/problem+json"), ("retry-after", "7")]
    world.provider.answers(Answer(status, own, [BODY], framing="length"))
    async with world.call(visitor) as answer:
        assert answer.status == status
        assert answer.headers["X-Error-Source"] == "provider"
        assert answer.headers["X-Credits-Charged"] == "0"
        assert answer.headers["X-Credits-Remaining"] == "20"
        assert "X-Query-Type" not in answer.headers
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"] == "7"
        assert await world.balance(visitor) == 20
        assert await answer.read() == BODY
    await check_outcome(world, visitor, "failed", provider_status=status)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
async def test_a_redirect_is_never_followed(world, status):
    """A 3xx is told as 502 `provider_redirect`; where it led to is neither called nor said."""
    visitor = await world.sign_in()
    there = [("location", f"{world.provider.url}/v1/elsewhere")]
    world.provider.answers(Answer(status, there, framing="length"))
    async with world.call(visitor) as answer:
        body = await answer.json()
        assert (answer.status, body["error"]) == (502, "provider_redirect")
        assert body["details"] == {"status": status}
        assert answer.headers["X-Error-Source"] == "gateway"
        assert "Location" not in answer.headers
    await check_outcome(world, visitor, "failed", provider_status=status)
    assert len(world.provider.requests) == 1


@pytest.mark.parametrize("status", [401, 402, 403, 407])
async def test_a_refusal_of_our_account_is_not_the_pages(world, status):
    """A page that saw the provider's 401 or 402 would sign in again or ask for money."""
    visitor = await world.sign_in()
    secret = [("www-authenticate", "Key"), ("content-type", "application/json")]
    world.provider.answers(Answer(status, secret, [b'"sk-the-key is wrong"'], framing="length"))
    async with world.call(visitor) as answer:
        text = await answer.text()
        assert answer.status == 502
        assert '"provider_rejected"' in text
        assert "sk-the-key" not in text
        assert "WWW-Authenticate" not in answer.headers
    await check_outcome(world, visitor, "failed", provider_status=status)


async def test_a_refusal_that_is_cut_is_no_end(world):
    """A provider that breaks off in its error has our answer broken off; the credit stays back."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(500, chunks=[b"half", Cut()]))
    async with await world.raw_call(visitor) as connection:
        answer = await connection.read_answer()
    assert (answer.status, answer.body, answer.complete) == (500, b"half", False)
    await check_outcome(world, visitor, "failed", provider_status=500)


async def test_a_page_that_leaves_a_refusal(world):
    """The credit is back already, and the upstream is cancelled."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(500, chunks=[b"half", Never()]))
    async with await world.raw_call(visitor) as connection:
        await connection.read_head()
    await (await world.provider.next_request()).left.wait()
    await check_outcome(world, visitor, "failed", provider_status=500)
