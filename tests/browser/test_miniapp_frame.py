"""The Mini App inside Telegram Web: an iframe of another origin, where little can be kept."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Frame, Page, expect

from tests.browser.conftest import Gateway, OpenTab, serving
from tests.browser.miniapp import MiniApp, address, set_bot

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TELEGRAM_WEB = "https://web.telegram.org"
# Keeps what the app says to it, as the real one hears it: by messages.
PARENT = """<!doctype html><meta charset="utf-8"><title>Telegram Web</title>
<script>
  const heard = [];
  addEventListener("message", ({ data }) => heard.push(JSON.parse(data)));
  const say = (eventType, eventData) =>
    document.querySelector("iframe").contentWindow.postMessage(
      JSON.stringify({ eventType, eventData }), "*");
</script>
<iframe style="width: 360px; height: 640px"></iframe>"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway whose demo has a bot of its own."""
    async with serving(site, tmp_path_factory.mktemp("data")) as running:
        await set_bot(running)
        yield running


async def framed(page: Page, url: str, origin: str = TELEGRAM_WEB) -> Frame:
    """Put a page into an iframe of another origin."""
    # The gateway is on this machine; what it is asked for by a page of the world needs a word.
    await page.context.grant_permissions(["local-network-access"], origin=origin)
    await page.route(
        f"{origin}/", lambda route: route.fulfill(body=PARENT, content_type="text/html")
    )
    await page.goto(f"{origin}/")
    await page.evaluate("url => { document.querySelector('iframe').src = url }", url)
    return page.frames[-1]


async def test_it_answers_inside_telegram_web(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M8: with other origins' cookies blocked and storage apart, it needs neither.

    Its words go to the parent, and the parent's reach it.
    """
    tab = await open_tab(viewport={"width": 400, "height": 700})
    debugger = await tab.page.context.new_cdp_session(tab.page)
    await debugger.send("Network.setCookieControls", {"enableThirdPartyCookieRestriction": True})
    frame = await framed(tab.page, address(gateway))
    app = MiniApp(tab, frame)
    await app.ready()
    await app.chat.ask("What is a toll bridge?")
    await app.chat.answered()
    await expect(app.chat.counter).to_have_text("19 of 20 left")
    await app.chat.draft.fill("half a thought")
    heard = await tab.page.evaluate("heard.map(({ eventType }) => eventType)")
    assert {"iframe_ready", "web_app_ready", "web_app_setup_closing_behavior"} <= set(heard)
    await app.chat.counter.click()
    await tab.page.evaluate("say('back_button_pressed', {})")
    await expect(app.dialog).to_have_count(0)
    assert tab.origins == {gateway.url, TELEGRAM_WEB}
    assert await tab.page.context.cookies() == []
    assert tab.complaints == []


async def test_a_frame_whose_storage_is_blocked(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M8: where the browser gives a frame no storage at all, the chat works all the same."""
    tab = await open_tab(viewport={"width": 400, "height": 700})
    await tab.page.add_init_script(
        """for (const area of ["localStorage", "sessionStorage"]) {
          const get = () => { throw new DOMException("no", "SecurityError"); };
          Object.defineProperty(globalThis, area, { get });
        }"""
    )
    frame = await framed(tab.page, address(gateway))
    app = MiniApp(tab, frame)
    await app.ready()
    await app.chat.ask("Hello")
    await app.chat.answered()
    assert tab.complaints == []


async def test_what_telegram_web_says_of_its_style_harms_nothing(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """Its scroll bars are no business of ours: the policy refuses them, and the start goes on."""
    tab = await open_tab(viewport={"width": 400, "height": 700})
    await tab.page.add_init_script(
        """if (parent !== self) document.addEventListener("DOMContentLoaded", () =>
          dispatchEvent(new MessageEvent("message", {source: parent,
            origin: "https://web.telegram.org",
            data: JSON.stringify({eventType: "set_custom_style", eventData: "a{}"})})))"""
    )
    frame = await framed(tab.page, address(gateway))
    app = MiniApp(tab, frame)
    await app.ready()
    assert await frame.evaluate("document.getElementById('start').dataset.stuck") is None
    assert [said for said in tab.complaints if "TrustedHTML" in said]


@pytest.mark.parametrize(
    ("name", "origin"), [("miniapp.html", "https://evil.example"), ("index.html", TELEGRAM_WEB)]
)
async def test_nobody_else_frames_it(
    gateway: Gateway, open_tab: OpenTab, name: str, origin: str
) -> None:
    """TG-M8: Telegram Web alone, and this page alone, by the header."""
    tab = await open_tab()
    async with tab.page.expect_console_message(lambda said: "frame-ancestors" in said.text):
        await framed(tab.page, f"{gateway.url}/{name}", origin)
    answer = await tab.page.request.get(f"{gateway.url}/{name}")
    expected = TELEGRAM_WEB if name == "miniapp.html" else "'none'"
    assert f"frame-ancestors {expected}" in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers
    assert json.dumps(answer.headers).count("frame-ancestors") == 1
