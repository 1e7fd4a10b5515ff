"""The Mini App as a person in Telegram sees it, with the client around it played by the test."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Gateway, OpenTab, Tab
from tests.browser.spa import Spa
from tests.support.telegram import TOKEN, launch

CLIENT = Path(__file__).with_name("telegram.js").read_text("utf-8")
SIZE = {"width": 360, "height": 740}

# As Telegram's own clients have them: Web in light, Desktop in dark, and iOS in both.
LIGHT = {
    "bg_color": "#ffffff",
    "text_color": "#000000",
    "hint_color": "#707579",
    "link_color": "#3390ec",
    "button_color": "#3390ec",
    "button_text_color": "#ffffff",
    "secondary_bg_color": "#f4f4f5",
    "section_bg_color": "#ffffff",
    "destructive_text_color": "#e53935",
}
DARK = {
    "bg_color": "#17212b",
    "text_color": "#f5f5f5",
    "hint_color": "#708499",
    "link_color": "#6ab3f3",
    "button_color": "#5288c1",
    "button_text_color": "#ffffff",
    "secondary_bg_color": "#232e3c",
    "section_bg_color": "#17212b",
    "destructive_text_color": "#ec3942",
}
IOS_LIGHT = {
    **LIGHT,
    "hint_color": "#8e8e93",
    "link_color": "#007aff",
    "button_color": "#007aff",
    "secondary_bg_color": "#efeff4",
}
IOS_DARK = {
    "bg_color": "#000000",
    "text_color": "#ffffff",
    "hint_color": "#98989e",
    "link_color": "#3e88f7",
    "button_color": "#3e88f7",
    "button_text_color": "#ffffff",
    "secondary_bg_color": "#1c1c1d",
    "section_bg_color": "#2c2c2e",
    "destructive_text_color": "#eb5545",
}
# Of whom each test is another one; nobody else's launches are then its own.
_next_person = iter(range(7_342_037_359, 8_000_000_000))


class MiniApp:
    """The app in one tab.

    Attributes:
        chat: What it shares with the single-page app.
    """

    def __init__(self, tab: Tab, page: Page | Any) -> None:
        """Name its parts; `page` is the tab's, or a frame in it."""
        self.tab = tab
        self.page = page
        self.chat = Spa(page)
        self.dialog = page.get_by_role("dialog")
        self.code = self.dialog.get_by_role("textbox")
        self.reopen = page.locator("#reopen")

    async def last(self, name: str) -> Any:
        """What the page last asked of the client under a name; None where it never did."""
        return await self.page.evaluate("name => client.last(name)", name)

    async def until(self, name: str, **fields: Any) -> Any:
        """The same, once it has these fields."""
        return await self.page.evaluate(
            "([name, fields]) => client.until(name, fields)", [name, fields]
        )

    async def asked(self) -> list[str]:
        """The names of all that the page asked of the client so far."""
        names: list[str] = await self.page.evaluate("client.posted.map(({ name }) => name)")
        return names

    async def hears(self, name: str, **data: Any) -> None:
        """Have the client say something."""
        await self.page.evaluate(
            "([name, data]) => Telegram.WebView.receiveEvent(name, data)", [name, data]
        )

    async def sign_in_told(self) -> "asyncio.Future[dict[str, Any]]":
        """What the gateway will answer to the page's first sign-in."""
        told: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

        async def pass_on(route: Route) -> None:
            answer = await route.fetch()
            if not told.done():
                told.set_result(await answer.json())
            await route.fulfill(response=answer)

        await self.page.route("**/telegram/signin", pass_on)
        return told

    async def state(self) -> str:
        """`starting`, `ready` or `failed`."""
        return str(await self.page.evaluate("document.documentElement.dataset.state"))

    async def ready(self, shown: str = "20 of 20 left") -> None:
        """Wait until Python is up and has counted."""
        await self.chat.ready(shown)


def new_person() -> int:
    """Somebody who was never here."""
    return next(_next_person)


def address(
    gateway: Gateway,
    *,
    person: int | None = None,
    age_s: int = 0,
    version: str = "8.0",
    theme: dict[str, str] | None = None,
    page: str = "miniapp.html",
    **more: str,
) -> str:
    """Where a client opens the app: behind the `#` stands what it has to know."""
    raw = launch(int(time.time()) - age_s, person or new_person(), TOKEN, **more)
    told = {
        "tgWebAppData": raw,
        "tgWebAppVersion": version,
        "tgWebAppPlatform": "ios",
        "tgWebAppThemeParams": json.dumps(LIGHT if theme is None else theme),
    }
    words = "&".join(f"{name}={quote(value, safe='')}" for name, value in told.items())
    return f"{gateway.url}/{page}#{words}"


async def prepared(open_tab: OpenTab, **context: Any) -> MiniApp:
    """An empty tab in which a client is listening."""
    tab = await open_tab(viewport=SIZE, has_touch=True, **context)
    await tab.page.add_init_script(CLIENT)
    return MiniApp(tab, tab.page)


async def opened(open_tab: OpenTab, url: str, **context: Any) -> MiniApp:
    """The app in a tab of its own, up and counted."""
    app = await prepared(open_tab, **context)
    await app.page.goto(url)
    await app.ready()
    return app


async def set_bot(gateway: Gateway, token: str = TOKEN) -> None:
    """Let a bot's Mini App sign people in at the demo's paywall, and wait until it does."""
    words = ("telegram", "set", "--paywall", "pw_demo", "--bot-token-env", "BOT_TOKEN")
    await gateway.json(*words, BOT_TOKEN=token)
    # The gateway may go by what it read before, for two seconds; a page can be quicker than that.
    sign_in = f"{gateway.url}/api/v1/paywall/pw_demo/auth/telegram/signin"
    status = 401
    while status == 401:
        shown = {"init_data": launch(int(time.time()), new_person(), token)}
        async with aiohttp.request("POST", sign_in, json=shown) as answer:
            status = answer.status
    assert status == 200


async def voucher(gateway: Gateway, amount: int = 5) -> str:
    """A code that is worth credits."""
    words = ("voucher", "create", "--paywall", "pw_demo", "--type", "standard")
    made = await gateway.json(*words, "--amount", str(amount))
    return str(made["code"])


async def says(app: MiniApp, sentence: str) -> None:
    """Look that the app asks to be opened again, in this sentence."""
    await expect(app.reopen).to_be_visible()
    await expect(app.reopen.locator("[data-part=cause]")).to_contain_text(sentence)
