"""What of the look a script can measure, in every named state that the pictures show.

WCAG 2.2 AA as far as axe finds it, targets for a finger, nothing wider than the screen, and what
the person's own settings ask for: forced colours, less motion, wider text.
"""

from importlib.resources import files
from typing import Any

import pytest
from playwright.async_api import Page, expect

from building.scene import Scene
from building.states import STATES
from tests.browser.conftest import Gateway, OpenTab

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Under the page's policy no script of a test may be added to it; the debugger's evaluation may.
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERIOUS = ("serious", "critical")
FINGER_PX = 44
POINTER_PX = 24
SIZES = {"phone": (360, 800), "desk": (1280, 800)}
# Playwright's clock, once set, is the clock of every later tab of that browser.
CHANGES_THE_CLOCK = ("start-slow",)
# From the narrowest that WCAG asks for (1.4.10) to a wide window.
WIDTHS = (320, 360, 768, 1280, 1600)

FIND_TARGETS = """() => [document, ...document.querySelectorAll("tollbridge-widget")]
    .map((it) => (it.shadowRoot ?? it).querySelectorAll("button, select, input, textarea, a"))
    .flatMap((found) => [...found])
    .filter((node) => node.checkVisibility({opacityProperty: true, visibilityProperty: true})
        && !node.closest("[inert]")
        && !(node.tagName === "A" && getComputedStyle(node).display === "inline"))
    .map((node) => {
        const box = node.getBoundingClientRect();
        return [box.width, box.height, node.outerHTML.slice(0, 120)];
    })
    .filter(([width, height]) => width && height)"""


class Owner:
    """The owner of the tests' gateway, as `building.states` asks for one."""

    def __init__(self, gateway: Gateway) -> None:
        """Speak for a running gateway."""
        self._gateway = gateway

    async def command(self, *words: str) -> Any:
        """Run the command line tool on its data."""
        return await self._gateway.json(*words)


async def reach(name: str, gateway: Gateway, open_tab: OpenTab, **context: Any) -> Page:
    """Open a tab in a state."""
    cached = name not in CHANGES_THE_CLOCK
    tab = await open_tab(base_url=gateway.url, cached=cached, **context)
    await STATES[name](Scene(tab.page, Owner(gateway)))
    return tab.page


async def look(page: Page, *, width: int, height: int, scheme: Any) -> None:
    """Give the page a size and a colour scheme, and let what moves come to rest."""
    await page.set_viewport_size({"width": width, "height": height})
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")


async def violations(page: Page) -> list[str]:
    """What axe finds to be serious, each with the elements that it means."""
    debugger = await page.context.new_cdp_session(page)
    await debugger.send("Runtime.evaluate", {"expression": AXE})
    found = await page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    return [
        f"{v['id']}: {node['target']} {node.get('failureSummary', '')}"
        for v in found["violations"]
        if v["impact"] in SERIOUS
        for node in v["nodes"]
    ]


async def too_small(page: Page, least_px: int) -> list[str]:
    """The targets that are narrower or lower than so many CSS pixels."""
    found = await page.evaluate(FIND_TARGETS)
    return [
        f"{width:.0f} x {height:.0f}: {what}"
        for width, height, what in found
        if min(width, height) < least_px - 0.5
    ]


@pytest.mark.parametrize("name", STATES)
async def test_every_state_can_be_read_and_touched(
    gateway: Gateway, open_tab: OpenTab, name: str
) -> None:
    """X-M4, X-M6: axe finds nothing serious, a finger finds 44 px, nothing scrolls sideways."""
    page = await reach(
        name,
        gateway,
        open_tab,
        has_touch=True,
        is_mobile=True,
        viewport={"width": 360, "height": 800},
    )
    for size, scheme in (("phone", "dark"), ("desk", "light")):
        await look(page, width=SIZES[size][0], height=SIZES[size][1], scheme=scheme)
        assert await violations(page) == [], size
        assert await too_small(page, FINGER_PX) == [], size
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", ["answered", "quota"])
async def test_a_mouse_finds_every_target(gateway: Gateway, open_tab: OpenTab, name: str) -> None:
    """X-M4: 24 px where the pointer is fine (WCAG 2.2, 2.5.8); and axe in the other schemes."""
    page = await reach(name, gateway, open_tab)
    for size, scheme in (("phone", "light"), ("desk", "dark")):
        await look(page, width=SIZES[size][0], height=SIZES[size][1], scheme=scheme)
        assert await violations(page) == [], size
        assert await too_small(page, POINTER_PX) == [], size


@pytest.mark.parametrize(
    ("rules", "width"),
    [
        (
            "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; "
            "word-spacing: 0.16em !important; } p { margin-block-end: 2em !important; }",
            360,
        ),
        ("html { font-size: 200%; }", 640),
    ],
    ids=["spaced", "twice the size"],
)
async def test_text_may_be_as_its_reader_needs_it(
    gateway: Gateway, open_tab: OpenTab, rules: str, width: int
) -> None:
    """X-M6: spacing of WCAG 1.4.12, and text of twice the size (1.4.4), cut nothing off."""
    page = await reach("answered", gateway, open_tab)
    await page.evaluate(
        """(rules) => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(rules);
            document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
        }""",
        rules,
    )
    await page.set_viewport_size({"width": width, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await expect(page.locator("#send")).to_be_in_viewport()


async def test_who_wants_less_motion_gets_none(gateway: Gateway, open_tab: OpenTab) -> None:
    """X-M6: under reduced motion nothing repeats where something otherwise does."""
    tab = await open_tab(base_url=gateway.url, cached=True, reduced_motion="reduce")
    scene = Scene(tab.page, Owner(gateway))
    await STATES["ready"](scene)
    await scene.ask("Be slow", model="demo-slow")
    await expect(tab.page.locator("#log article").last).to_have_attribute("data-state", "streaming")
    repeating = await tab.page.evaluate(
        """() => document.getAnimations().filter(
            (one) => one.effect.getComputedTiming().activeDuration > 2000).length"""
    )
    assert repeating == 0


async def test_forced_colours_leave_edges(gateway: Gateway, open_tab: OpenTab) -> None:
    """X-M6: where grounds and shades are taken away, every control still has an edge."""
    page = await reach("quota", gateway, open_tab, forced_colors="active")
    bare = await page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, dialog[open]")]
            .filter((node) => node.checkVisibility())
            .filter((node) => parseFloat(getComputedStyle(node).borderTopWidth) === 0)
            .map((node) => node.outerHTML.slice(0, 120))"""
    )
    assert bare == []


async def test_the_person_chooses_light_or_dark(gateway: Gateway, open_tab: OpenTab) -> None:
    """X-M8: the choice beats the system's scheme, and is there again after a reload."""
    page = await reach("ready", gateway, open_tab, color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(ground)
    await page.locator("#more").click()
    for _ in range(2):  # the system's, light, dark
        await page.locator("#theme").click()
    dark = await page.evaluate(ground)
    assert dark != light
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert await page.evaluate(ground) == dark


async def test_live_regions_are_there_before_their_text(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """X-M5: one polite and one assertive region stand in the skeleton, empty before any script."""
    tab = await open_tab(gateway.url, java_script_enabled=False)
    for role in ("status", "alert"):
        region = tab.page.locator(f"body > [role={role}]")
        await expect(region).to_have_count(1)
        await expect(region).to_be_empty()
