"""The widget and the page around it leave each other alone."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenTab
from tests.browser.widget import Host, Widget

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HOSTILE = '<link rel="stylesheet" href="hostile.css">'
COVER = '<div id="cover"></div>'
# How each part of the widget looks, in every property that there is.
_PARTS = [".launcher", ".panel", "h2", ".scroller", ".composer", "textarea", ".send", ".left"]
_LOOK = """(parts) => {
  const root = document.querySelector("tollbridge-widget").shadowRoot;
  return parts.map((selector) => {
    const style = getComputedStyle(root.querySelector(selector));
    return Object.fromEntries([...style].map((name) => [name, style.getPropertyValue(name)]));
  });
}"""
_COPY = """() => {
  const node = document.querySelector("#copy");
  const style = getComputedStyle(node), box = node.getBoundingClientRect();
  const values = [...style].map((name) => style.getPropertyValue(name));
  return [box.x, box.y, box.width, box.height, ...values];
}"""
# All that another script would notice: names of the window, and of what everybody shares.
_NAMES = """() => {
  const shared = [Object, Array, Function, Promise, Element, Node, Document, EventTarget];
  const names = (thing) => Reflect.ownKeys(thing).map(String);
  return [names(window), ...shared.map((it) => names(it.prototype)), names(document)];
}"""
_BUILT_IN = """() => {
  const touched = [fetch, Element.prototype.attachShadow, customElements.define,
    history.pushState, EventTarget.prototype.addEventListener];
  return touched.every((it) => `${it}`.includes("[native code]"));
}"""


async def _look(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await page.evaluate(_LOOK, _PARTS)
    return found


async def test_a_page_that_resets_everything_changes_nothing(host: Host, open_tab: OpenTab) -> None:
    """W-M3: every computed style is what it is on a page without any style."""
    plain = await open_tab(host.page(host.tag()))
    await Widget(plain.page).open()
    await expect(Widget(plain.page).left).to_contain_text("left")
    hostile = await open_tab(host.page(host.tag() + COVER, head=HOSTILE))
    widget = Widget(hostile.page)
    await widget.open()
    await expect(widget.left).to_contain_text("left")
    for ours, plains in zip(await _look(hostile.page), await _look(plain.page), strict=True):
        assert {it for it in ours.items() if plains[it[0]] != it[1]} == set()
    await widget.ask("Can you still hear me?")
    await widget.answered()


async def test_it_lies_over_whatever_the_page_has(host: Host, open_tab: OpenTab) -> None:
    """W-M3: over the largest `z-index`, outside of every transform, filter and containment."""
    tab = await open_tab(host.page(host.tag() + COVER, head=HOSTILE))
    widget = Widget(tab.page)
    await expect(widget.launcher).to_be_visible()
    box = await widget.launcher.bounding_box()
    size = tab.page.viewport_size
    assert box is not None
    assert size is not None
    assert size["width"] - (box["x"] + box["width"]) == pytest.approx(16, abs=1)
    assert size["height"] - (box["y"] + box["height"]) == pytest.approx(16, abs=1)
    top = "([x, y]) => document.elementFromPoint(x, y).localName"
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    assert await tab.page.evaluate(top, middle) == "tollbridge-widget"


async def test_the_page_looks_as_it_did(host: Host, open_tab: OpenTab) -> None:
    """W-M3: nothing of the widget's styles gets out, before a press and after."""
    without = await open_tab(host.page(""))
    alone = await without.page.evaluate(_COPY)
    tab = await open_tab(host.page(host.tag()))
    widget = Widget(tab.page)
    await expect(widget.launcher).to_be_visible()
    assert await tab.page.evaluate(_COPY) == alone
    await widget.open()
    await expect(widget.left).to_contain_text("left")
    assert await tab.page.evaluate(_COPY) == alone


async def test_one_global_and_no_built_in_touched(host: Host, open_tab: OpenTab) -> None:
    """W-M3: `tollbridge`, and nothing else, also when Python runs."""
    without = await open_tab(host.page(""))
    before = await without.page.evaluate(_NAMES)
    tab = await open_tab(host.page(host.tag()))
    widget = Widget(tab.page)
    await widget.open()
    await widget.ask("Hello")
    await widget.answered()
    window, *shared = await tab.page.evaluate(_NAMES)
    assert set(window) - set(before[0]) == {"tollbridge"}
    assert shared == before[1:]
    assert await tab.page.evaluate(_BUILT_IN)


async def test_two_frameworks_do_not_hear_each_other(host: Host, open_tab: OpenTab) -> None:
    """W-M3: what is typed into the widget is no shortcut of the page's; no attribute leaks."""
    script = '<script src="page.js"></script>'
    tab = await open_tab(host.page(script + host.tag(controller="menu", turbo_track="reload")))
    widget = Widget(tab.page)
    await widget.open()
    await widget.draft.press_sequentially("j/k?")
    assert await tab.page.evaluate("heardKeys") == []
    assert await widget.element.evaluate("it => it.getAttributeNames()") == ["data-paywall-id"]


async def test_right_to_left_it_stands_on_the_left(host: Host, open_tab: OpenTab) -> None:
    """W-M11: the page's direction is the widget's."""
    tab = await open_tab(host.page(host.tag(), root=' dir="rtl"'))
    widget = Widget(tab.page)
    await widget.open()
    launcher, send = await widget.launcher.bounding_box(), widget.element.locator(".send")
    sends, draft = await send.bounding_box(), await widget.draft.bounding_box()
    assert launcher is not None
    assert sends is not None
    assert draft is not None
    assert launcher["x"] == pytest.approx(16, abs=1)
    assert sends["x"] < draft["x"]


async def test_it_follows_the_visitor_s_wishes(host: Host, open_tab: OpenTab) -> None:
    """W-M11, X-M6: dark where the system is, nothing moves, edges where colours are forced."""
    tab = await open_tab(
        host.page(host.tag()), color_scheme="dark", reduced_motion="reduce", forced_colors="active"
    )
    widget = Widget(tab.page)
    await widget.open()
    style = "(it, name) => getComputedStyle(it)[name]"
    assert await widget.panel.evaluate(style, "animationName") == "none"
    assert await widget.panel.evaluate(style, "borderTopWidth") == "1px"
    await tab.page.emulate_media(color_scheme="dark", forced_colors="none")
    dark = await widget.panel.evaluate(style, "backgroundColor")
    await widget.element.evaluate("it => it.setAttribute('theme', 'light')")
    light = await widget.panel.evaluate(style, "backgroundColor")
    assert (dark, light) == ("rgb(26, 31, 30)", "rgb(255, 255, 255)")


async def test_a_small_screen_is_filled_and_shut_off(host: Host, open_tab: OpenTab) -> None:
    """X-M6: at 320 px nothing is cut off, what is behind is shut off; 44 px for a finger."""
    phone = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}
    tab = await open_tab(host.page(host.tag()), **phone)
    widget = Widget(tab.page)
    await widget.launcher.tap()
    await widget.ask("Show me a table, a list and some code")
    await widget.answered()
    assert await widget.panel.bounding_box() == {"x": 0, "y": 0, "width": 320, "height": 640}
    assert await widget.panel.evaluate("it => it.matches(':modal')")
    assert await widget.panel.evaluate("it => it.scrollWidth") <= 320
    for button in await widget.panel.get_by_role("button").all():
        box = await button.bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= 44, await button.inner_text()
