"""Tabs tell each other what changed, where the interpreter has a line between them."""

from tests.support.everywhere.heard import Heard
from tests.support.everywhere.interpreter import js
from tests.support.everywhere.testing import CPYTHON, except_on, reported
from tollbridge.sdk.tabs import Tabs

NO_CHANNEL = "there is no BroadcastChannel, so there is nobody to tell"


async def listening(name: str) -> tuple[Tabs, Heard]:
    """Return an open line and who listens on it for `news`."""
    tabs = Tabs(name)
    heard = Heard()
    tabs.subscribe("news", heard)
    await tabs.opened()
    return tabs, heard


@except_on(CPYTHON, because=NO_CHANNEL)
async def test_the_others_hear_and_oneself_does_not() -> None:
    """A value arrives at every other line of the name, whole, and nowhere else."""
    value = {"text": "größe €", "list": [1, None, True]}
    one, at_one = await listening("a")
    other, at_other = await listening("a")
    third, at_third = await listening("b")
    one.post("news", value)
    await at_other.until(value)
    other.post("news", "back")
    await at_one.until("back")
    assert at_third.told == []
    for tabs in (one, other, third):
        tabs.close()


@except_on(CPYTHON, because=NO_CHANNEL)
async def test_what_is_posted_while_it_opens_is_told_in_order() -> None:
    """Nobody has to wait for the line before using it."""
    listener, heard = await listening("order")
    tabs = Tabs("order")
    for value in range(3):
        tabs.post("news", value)
    await heard.until(0, 1, 2)
    tabs.close()
    listener.close()


@except_on(CPYTHON, because=NO_CHANNEL)
async def test_kinds_are_kept_apart() -> None:
    """Who listens for one kind hears no other, and a listener's bug stays its own."""

    def broken(value: object) -> None:
        raise LookupError(value)

    listener, heard = await listening("kinds")
    listener.subscribe("other", broken)
    tabs = Tabs("kinds")
    with reported() as errors:
        tabs.post("other", "bug")
        tabs.post("news", 1)
        await heard.until(1)
    assert [str(error) for error in errors] == ["bug"]
    tabs.close()
    listener.close()


@except_on(CPYTHON, because=NO_CHANNEL)
async def test_an_undone_listener_and_a_closed_line_hear_nothing() -> None:
    """After the undo and after `close`, each called twice for good measure, it is quiet."""
    undone_line, undone = await listening("quiet")
    undo = undone_line.subscribe("more", undone)
    undo()
    undo()
    closed_line, closed = await listening("quiet")
    closed_line.close()
    closed_line.close()
    last_line, last = await listening("quiet")
    tabs = Tabs("quiet")
    tabs.post("more", 1)
    tabs.post("news", 2)
    await last.until(2)
    assert undone.told == [2]
    assert closed.told == []
    closed_line.post("news", 3)
    for line in (undone_line, last_line, tabs):
        line.close()


@except_on(CPYTHON, because=NO_CHANNEL)
async def test_what_another_program_posts_is_ignored() -> None:
    """Text that is no JSON, JSON of another shape, and what is no text at all."""
    line, heard = await listening("foreign")
    js_channel = js.BroadcastChannel.new("foreign")
    for text in ("{half a", "[]", "null", '"news"', '{"kind": "news"}', '{"value": 1}'):
        js_channel.postMessage(text)
    js_channel.postMessage(js.JSON.parse('{"kind": "news", "value": 1}'))
    js_channel.postMessage('{"kind": "news", "value": 2}')
    await heard.until(2)
    js_channel.close()
    line.close()


@except_on(CPYTHON, because=NO_CHANNEL)
async def test_a_line_that_is_closed_while_it_opens_stays_closed() -> None:
    """A page that is left at once leaves nothing behind that hears."""
    line = Tabs("brief")
    heard = Heard()
    line.subscribe("news", heard)
    line.close()
    other, at_other = await listening("brief")
    tabs = Tabs("brief")
    tabs.post("news", 1)
    await at_other.until(1)
    assert heard.told == []
    other.close()
    tabs.close()


async def test_everybody_may_use_it_whether_there_is_a_line_or_not() -> None:
    """On a server nothing is told, nothing is heard, and nothing fails."""
    line, heard = await listening("alone")
    line.post("news", 1)
    line.close()
    assert heard.told == []
