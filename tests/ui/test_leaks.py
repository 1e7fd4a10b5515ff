"""Nothing that the page opens stays in JavaScript's hands when it is closed."""

from tests.support.dom import Page, Proxy
from tests.support.scripted_provider import Answer, Cut
from tests.support.world import World
from tests.ui.chat import open_chat, says, whole
from tollbridge.ui.chat_kept import Kept
from tollbridge.ui.transcript_text import to_text

OPENED = 200


async def test_a_chat_leaves_nothing_behind(page: Page, world: World) -> None:
    """200 times opened with a conversation in it, used and closed: as many proxies as after one."""
    async with open_chat(page, world) as chat:
        world.provider.answers(whole("```py\ncode\n```"), Answer.sse(says("Half of "), Cut()))
        await chat.ask("One")
        await chat.ask("Two")
        kept = Kept(transcript=to_text(chat.conversation.transcript), draft="x")
    alive, listening = Proxy.alive, _listeners(page)
    from tollbridge.pages.spa import Page as Spa

    for _ in range(OPENED):
        spa = Spa(kept)
        page.node("counter").fire("click")
        page.document.press("?", target=page.document.body, repeat=False)
        await spa.close()
    page.paint()
    assert Proxy.alive == alive
    assert _listeners(page) == listening
    assert [child for child in page.node("log").children if not isinstance(child, str)] == []


def _listeners(page: Page) -> int:
    """How many listeners there are on the page."""
    nodes = [page.window, page.document, *page.document.below()]
    return sum(len(node.listeners) for node in nodes)
