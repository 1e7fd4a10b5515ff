"""Two tabs of one visitor show one balance, and the second one asks nobody for it."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Gateway, OpenTab, Tab
from tests.browser.spa import Spa

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_badge_in_another_tab_follows_without_a_request(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """A call in one tab lowers the counter in the other, which sends nothing for it."""
    tab = await open_tab(gateway.url, cached=True)
    here = Spa(tab.page)
    await here.ready()
    other = Tab(await tab.page.context.new_page())
    other.watch()
    await other.page.goto(gateway.url)
    there = Spa(other.page)
    await there.ready()
    asked: list[str] = []
    other.page.on("request", lambda request: asked.append(request.url))
    await here.ask("Hello")
    await expect(there.counter).to_have_text("19 of 20 left")
    await here.answered()
    await expect(here.counter).to_have_text("19 of 20 left")
    assert asked == []
    assert (tab.complaints, other.complaints) == ([], [])
