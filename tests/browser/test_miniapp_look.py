"""The Mini App can be read and touched in the colours of Telegram's own clients."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import Gateway, OpenTab, serving
from tests.browser.miniapp import (
    DARK,
    IOS_DARK,
    IOS_LIGHT,
    LIGHT,
    MiniApp,
    address,
    opened,
    prepared,
    says,
    set_bot,
)
from tests.browser.test_look import FINGER_PX, too_small, violations

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WIDTHS = (320, 360, 1280)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway whose demo has a bot of its own."""
    async with serving(site, tmp_path_factory.mktemp("data")) as running:
        await set_bot(running)
        yield running


async def look_at(app: MiniApp, what: str) -> None:
    """Find nothing that cannot be read or touched, and nothing wider than the screen."""
    assert await violations(app.page) == [], what
    assert await too_small(app.page, FINGER_PX) == [], what
    for width in WIDTHS:
        await app.page.set_viewport_size({"width": width, "height": 740})
        assert await app.page.evaluate("document.documentElement.scrollWidth") <= width, what
    await app.page.set_viewport_size({"width": 360, "height": 740})


@pytest.mark.parametrize(
    "theme",
    [
        pytest.param(LIGHT, id="web-light"),
        pytest.param(DARK, id="desktop-dark"),
        pytest.param(IOS_LIGHT, id="ios-light"),
        pytest.param(IOS_DARK, id="ios-dark"),
        pytest.param({}, id="none-told"),
    ],
)
async def test_every_state_can_be_read_and_touched(
    gateway: Gateway, open_tab: OpenTab, theme: dict[str, str]
) -> None:
    """TG-M4, X-M4, X-M6: contrast in the person's own colours, 44 px for a finger, no overflow."""
    app = await opened(open_tab, address(gateway, theme=theme), reduced_motion="reduce")
    await look_at(app, "welcome")
    await app.chat.ask("Show me a table, a list and some code")
    await app.chat.answered()
    await look_at(app, "answered")
    await app.chat.ask("Fail", model="demo-500")
    await expect(app.chat.answer).to_have_attribute("data-state", "failed")
    await app.chat.turns.first.get_by_role("button", name="Edit").click()
    await look_at(app, "failed, and editing")
    await app.chat.counter.click()
    await app.hears("main_button_pressed")
    await expect(app.dialog).to_contain_text("Type or paste the code first.")
    await look_at(app, "dialog")


@pytest.mark.parametrize("theme", [LIGHT, DARK])
async def test_what_asks_to_be_opened_again(
    gateway: Gateway, open_tab: OpenTab, theme: dict[str, str]
) -> None:
    """TG-M10, X-M5: it can be read, and is read aloud; the button is large enough."""
    app = await prepared(open_tab, reduced_motion="reduce")
    await app.page.goto(address(gateway, theme=theme, age_s=9000))
    await says(app, "opened too long ago")
    await expect(app.page.get_by_role("alert").filter(has_text="too long ago")).to_be_visible()
    await look_at(app, "reopen")
