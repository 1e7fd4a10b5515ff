"""Python takes over from the page that was alive before it: what waited is done, once, in order."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import PYTHON_UP_MS, Gateway, OpenTab
from tests.browser.early import EarlyPage, Held, never

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_late_start_does_what_waited(gateway: Gateway, open_tab: OpenTab) -> None:
    """X-M2, X-M3: three messages, a press and a draft outlive a long silence and a reload.

    The explanation goes by itself, each message is answered once, and each costs one credit.
    """
    tab = await open_tab()
    page, held = EarlyPage(tab.page), Held()
    await tab.page.clock.install(time=0)
    await tab.page.route("**/*.wasm", held)
    await tab.page.goto(gateway.url, wait_until="commit")
    await page.listening()
    await page.spa.send_text("First of three")
    await page.spa.send_text("Second of three")
    await page.reload()
    await page.spa.send_text("Third of three")
    await page.spa.draft.fill("Not sent")
    await page.page.get_by_role("button", name="More").click()
    await page.page.get_by_role("button", name="Keyboard shortcuts").click()
    await tab.page.clock.fast_forward(11_000)
    await expect(page.slow).to_contain_text("Nothing has come for ten seconds")
    held.let_go()
    shortcuts = page.page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(shortcuts).to_be_visible(timeout=PYTHON_UP_MS)
    await expect(page.slow).to_be_hidden()
    await tab.page.keyboard.press("Escape")
    await expect(page.spa.counter).to_have_text("17 of 20 left", timeout=PYTHON_UP_MS)
    asked = tab.page.locator('#log article[data-role="user"] [data-part=words]')
    await expect(asked).to_have_text(["First of three", "Second of three", "Third of three"])
    answers = tab.page.locator('#log article[data-role="assistant"][data-state="done"]')
    await expect(answers).to_have_count(3, timeout=PYTHON_UP_MS)
    await expect(page.bubbles).to_have_count(0)
    await expect(page.spa.draft).to_have_value("Not sent")
    await expect(page.spa.counter).to_have_text("17 of 20 left")


async def test_python_goes_on_with_the_draft(gateway: Gateway, open_tab: OpenTab) -> None:
    """SPA-M6: words and cursor stay where they are, and Enter then sends them."""
    tab = await open_tab()
    page, held = EarlyPage(tab.page), Held()
    await tab.page.route("**/*.wasm", held)
    await tab.page.goto(gateway.url, wait_until="commit")
    await page.listening()
    await page.spa.draft.press_sequentially("Typed early")
    held.let_go()
    await page.spa.ready()
    await expect(page.spa.draft).to_have_value("Typed early")
    await expect(page.spa.draft).to_be_focused()
    await page.spa.draft.press("Enter")
    await page.spa.answered()
    await expect(page.spa.turns.first).to_contain_text("Typed early")
    assert tab.complaints == []


async def test_what_waited_outlives_a_slow_sign_in(gateway: Gateway, open_tab: OpenTab) -> None:
    """X-M2: Python has taken over, the gateway does not answer, and the person reloads."""
    tab = await open_tab()
    page, held = EarlyPage(tab.page), Held()
    await tab.page.route("**/*.wasm", held)
    await tab.page.route("**/auth/anonymous/signin", never)
    await tab.page.goto(gateway.url, wait_until="commit")
    await page.listening()
    await page.spa.send_text("Typed early")
    held.let_go()
    root = tab.page.locator("html")
    await expect(root).to_have_attribute("data-state", "ready", timeout=PYTHON_UP_MS)
    await expect(page.bubbles).to_have_count(1)
    await tab.page.unroute("**/auth/anonymous/signin")
    await tab.page.reload()
    await page.spa.ready()
    await expect(page.spa.turns.first).to_contain_text("Typed early")
    await expect(page.spa.turns.first).to_contain_text("Not sent")
