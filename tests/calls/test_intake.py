"""The page's side of a call, coming in: its body, its leaving, and what it may take together."""

import asyncio
import contextlib

import pytest

from tollbridge.gateway.calls.intake import Intake, Memory
from tollbridge.gateway.errors import PageLeft, Refusal
from tollbridge.gateway.settings import Limits

LEFT = {"type": "http.disconnect"}


class Page:
    """An ASGI `receive` that gives messages and then stays silent."""

    def __init__(self, *messages):
        self._messages = list(messages)
        self._more = asyncio.Event()

    async def __call__(self):
        """See ASGI."""
        while not self._messages:
            await self._more.wait()
            self._more.clear()
        return self._messages.pop(0)

    def leave(self):
        """Close the connection."""
        self._messages.append(LEFT)
        self._more.set()


def part(body, *, more=True):
    """Make one message of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


async def time_passes(seconds):
    """Let real time pass, where time itself is what is measured."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


async def test_bodies_share_one_limit():
    """What is gathered counts until its call is over; beyond the limit the next one is refused."""
    memory = Memory(bytes_max=10)
    first = Intake(Page(part(b"12345678", more=False)), memory, Limits())
    assert await first.gather(100, None) == b"12345678"
    second = Intake(Page(part(b"ab"), part(b"c", more=False)), memory, Limits())
    with pytest.raises(Refusal) as refused:
        await second.gather(100, None)
    assert (refused.value.code, refused.value.status) == ("busy", 503)
    assert refused.value.headers["retry-after"] == "1"
    second.close()
    first.close()
    third = Intake(Page(part(b"1234567890", more=False)), memory, Limits())
    assert await third.gather(100, None) == b"1234567890"
    third.close()


async def test_a_stream_takes_nothing_of_it():
    """Parts that go straight on are nobody's memory."""
    intake = Intake(Page(part(b"abc"), part(b"def", more=False)), Memory(bytes_max=1), Limits())
    assert [piece async for piece in intake.stream(100, None)] == [b"abc", b"def"]
    intake.close()


async def test_an_announced_body_is_refused_unread():
    """Nothing is read of a body that says itself that it is too large."""
    intake = Intake(Page(), Memory(), Limits())
    with pytest.raises(Refusal, match="larger than the 5 bytes"):
        await intake.gather(5, 6)
    with pytest.raises(Refusal, match="larger than the 5 bytes"):
        intake.stream(5, 6)
    intake.close()


async def test_leaving_is_told_once():
    """Whoever asked to be told is told, though both the connection and `receive` say it."""
    page, told = Page(part(b"", more=False)), []
    lost = asyncio.get_running_loop().create_future()
    intake = Intake(page, Memory(), Limits(), lost)
    intake.when_left(lambda: told.append("left"))
    await intake.gather(0, 0)
    page.leave()
    lost.set_result(None)
    for _ in range(5):
        await asyncio.sleep(0)
    assert intake.left
    assert told == ["left"]
    intake.close()


async def test_who_asks_late_is_told_at_once():
    """A page that has left has left."""
    intake, told = Intake(Page(part(b"x"), LEFT), Memory(), Limits()), []
    with pytest.raises(PageLeft):
        await intake.gather(10, None)
    intake.when_left(lambda: told.append("left"))
    assert told == ["left"]
    intake.close()


async def test_after_the_end_nobody_is_told():
    """A connection that closes after its call disturbs nobody."""
    page, told = Page(part(b"", more=False)), []
    lost = asyncio.get_running_loop().create_future()
    intake = Intake(page, Memory(), Limits(), lost)
    intake.when_left(lambda: told.append("left"))
    await intake.gather(0, 0)
    intake.close()
    page.leave()
    lost.set_result(None)
    for _ in range(3):
        await asyncio.sleep(0)
    assert told == []


async def test_a_page_that_stalls_is_refused():
    """Between two parts of a body there may be 15 seconds, here a hundredth of one."""
    intake = Intake(Page(part(b"ab")), Memory(), Limits(upload_idle_s=0.01))
    with pytest.raises(Refusal) as refused:
        await intake.gather(100, None)
    assert refused.value.code == "upload_timeout"


async def test_a_page_that_drips_is_refused_in_the_end():
    """Each part comes in time, all of them together do not."""

    async def drip():
        await time_passes(0.004)
        return part(b"x")

    intake = Intake(drip, Memory(), Limits(upload_idle_s=5, upload_s=0.02))
    with pytest.raises(Refusal) as refused:
        await intake.gather(10_000, None)
    assert refused.value.code == "upload_timeout"


async def test_a_slow_provider_is_not_the_pages_fault():
    """Only the time that the page takes counts: parts that wait for us are on time."""
    messages = [part(b"x") for _ in range(50)]
    intake = Intake(Page(*messages, part(b"", more=False)), Memory(), Limits(upload_s=0.5))
    size = 0
    async for piece in intake.stream(100, None):
        size += len(piece)
        await time_passes(0.02)
    assert size == 50
    intake.close()


async def test_a_body_that_has_gone_out_frees_its_memory():
    """An answer may stream for half an hour; the request's body need not be counted that long."""
    memory = Memory(bytes_max=4)
    first = Intake(Page(part(b"abcd", more=False)), memory, Limits())
    assert await first.gather(10, None) == b"abcd"
    first.release()
    second = Intake(Page(part(b"efgh", more=False)), memory, Limits())
    assert await second.gather(10, None) == b"efgh"
    first.close()
    second.close()
    memory.take(4)
