"""Developing a Mini App without Telegram: `?mock=telegram` plays its client in any browser."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from building.site import build_site
from tests.browser.conftest import Gateway, OpenTab, serving
from tests.browser.miniapp import SIZE, MiniApp, says, set_bot, voucher

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """What `build.py run` starts: the demo, and the site with the mock in it."""
    site = tmp_path_factory.mktemp("mock") / "site"
    build_site(site, mock_telegram=True)
    async with serving(site, tmp_path_factory.mktemp("data")) as running:
        yield running


async def test_the_app_opens_in_any_browser(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M11: signed in, answered, redeemed by the large button, gone back, closed and reopened."""
    tab = await open_tab(f"{gateway.url}/miniapp.html?mock=telegram&id=7&theme=dark", viewport=SIZE)
    app = MiniApp(tab, tab.page)
    await app.ready()
    assert (
        await app.page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    )
    await app.page.get_by_role("button", name="Theme").click()
    assert await app.page.evaluate("getComputedStyle(document.documentElement).colorScheme") == (
        "light"
    )
    await app.chat.ask("Hello")
    await app.chat.answered()
    await app.chat.counter.click()
    await app.page.get_by_role("button", name="Back").click()
    await expect(app.dialog).to_have_count(0)
    await app.chat.counter.click()
    await app.code.fill(await voucher(gateway))
    await app.page.get_by_role("button", name="Redeem").click()
    await expect(app.chat.counter).to_contain_text("24 of")
    await app.page.reload()
    await app.ready("24 of 25 left")
    await app.page.get_by_role("button", name="Close").click()
    await app.page.get_by_role("button", name="Open the app again").click()
    await app.ready("24 of 25 left")
    assert tab.origins == {gateway.url}
    assert tab.complaints == []


async def test_what_it_signs_is_good_for_no_other_bot(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M11: the gateway refuses it as soon as the paywall has a bot of its own."""
    await set_bot(gateway)
    tab = await open_tab(f"{gateway.url}/miniapp.html?mock=telegram")
    await says(MiniApp(tab, tab.page), "Telegram's sign-in is not meant for this app.")
