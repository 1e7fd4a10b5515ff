"""Every answer says what it took, so that a page's own tools can show it."""

import re

from tests.support.scripted_provider import Answer
from tests.support.world import PAYWALL

FIGURE = r"[a-z]+;dur=\d+\.\d"


async def test_a_call_tells_its_phases(world):
    """In their order; a provider's own are not mixed in."""
    visitor = await world.sign_in()
    theirs = [("server-timing", "cache;dur=1"), ("content-length", "0")]
    world.provider.answers(Answer(200, theirs, framing="close"))
    async with world.call(visitor, headers={"Origin": "https://a.example"}) as answer:
        (told,) = answer.headers.getall("Server-Timing")
        assert "server-timing" in answer.headers["Access-Control-Expose-Headers"]
    assert re.fullmatch(f"{FIGURE}(, {FIGURE})*", told)
    phases = re.findall(r"([a-z]+);", told)
    assert phases == ["admit", "body", "hold", "provider", "settle"]


async def test_a_refused_call_tells_how_far_it_came(world):
    """A 402 has been admitted and read."""
    visitor = await world.sign_in()
    await world.drain(visitor, 0)
    async with world.call(visitor) as answer:
        assert answer.status == 402
        assert re.findall(r"([a-z]+);", answer.headers["Server-Timing"])[:2] == ["admit", "body"]


async def test_other_answers_tell_the_total(world):
    """Errors included."""
    for path, status in [
        ("/healthz", 200),
        ("/nothing", 404),
        (f"/api/v1/paywall/{PAYWALL}/balances", 401),
    ]:
        async with world.client.get(world.url + path) as answer:
            assert answer.status == status
            assert re.fullmatch(r"total;dur=\d+\.\d", answer.headers["Server-Timing"])
