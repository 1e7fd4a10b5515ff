"""What the widget loads and when, how soon it is there, and what happens when it cannot start."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Request, Route, expect

from tests.browser.conftest import Gateway, OpenTab, Tab
from tests.browser.widget import Host, Widget
from tollbridge import __version__

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# A test says what would be wrong on any machine; the benchmark measures on a quiet one.
ANSWERS_MS = 10_000
TYPES_MS = 1_000  # a tenth of it alone: the benchmark measures that, on a machine with nothing else
_WATCH = """
globalThis.longTasks = []; globalThis.shifts = [];
new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((it) => it.duration)))
  .observe({ type: "longtask", buffered: true });
new PerformanceObserver((list) => shifts.push(...list.getEntries().map((it) => it.value)))
  .observe({ type: "layout-shift", buffered: true });
"""
_KEPT = "[...Object.keys(localStorage), ...Object.keys(sessionStorage), document.cookie].join()"
# Which comes first; and the timers without a delay that a function of Python's asks for.
_ORDER = """
globalThis.order = []; globalThis.pythonTimers = [];
const plainFetch = globalThis.fetch, plainTimeout = globalThis.setTimeout;
globalThis.fetch = (what, ...how) => {
  if (String(what.url ?? what).endsWith("/signin")) order.push("signin");
  return plainFetch(what, ...how);
};
globalThis.setTimeout = (run, ms, ...more) => {
  if (!ms && "_ref" in run) pythonTimers.push(ms);
  return plainTimeout(run, ms, ...more);
};
addEventListener("tollbridge:ready", () => order.push("ready"), true);
"""
# From the press to a panel that has the keyboard and is laid out.
_PRESS = """async (selector) => {
  const { shadowRoot } = document.querySelector("tollbridge-widget");
  const began = performance.now();
  shadowRoot.querySelector(".launcher").click();
  shadowRoot.querySelector("textarea").getBoundingClientRect();
  const took = performance.now() - began;
  return [took, shadowRoot.activeElement.id];
}"""


async def watched(open_tab: OpenTab, url: str, *, script: str = "") -> tuple[Tab, list[str]]:
    """Open a page; the list grows with what it asks for."""
    tab = await open_tab()
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    if script:
        await tab.page.add_init_script(script)
    tab.page.on("request", note)
    await tab.page.goto(url)
    return tab, asked


async def test_nothing_is_asked_for_before_a_press(host: Host, open_tab: OpenTab) -> None:
    """W-M2, W-M7, X-M1: one file, no long task, no shift, nothing kept; near, some kilobytes."""
    tab, asked = await watched(open_tab, host.page(host.tag()), script=_WATCH)
    widget = Widget(tab.page)
    await expect(widget.launcher).to_be_visible()
    await tab.page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith(host.origin)] == [
        f"{host.gateway}/v1/widget.js"
    ]
    assert [took for took in await tab.page.evaluate("longTasks") if took > 50] == []
    assert await tab.page.evaluate("shifts") == []
    assert await tab.page.evaluate(_KEPT) == ""
    assert await tab.page.context.cookies() == []
    del asked[:]
    async with tab.page.expect_request("**/sse_pump.mjs"):
        await widget.launcher.hover()
    await tab.page.wait_for_load_state("networkidle")
    assert {url.rsplit("/", 1)[1] for url in asked} == {
        *("boot.mjs", "downloads.mjs", "manifest.mjs", "sse_pump.mjs", "widget-styles.mjs")
    }
    assert await tab.page.evaluate(_KEPT) == ""


async def test_it_can_be_typed_in_at_once_and_answers_soon(host: Host, open_tab: OpenTab) -> None:
    """The panel is there with the press; the moments that a benchmark reads are marked."""
    tab = await open_tab(host.page(host.tag()))
    widget = Widget(tab.page)
    await expect(widget.launcher).to_be_visible()
    took_ms, focused = await tab.page.evaluate(_PRESS)
    assert took_ms < TYPES_MS
    assert focused == "draft"
    await widget.ask("Hello")
    await widget.answered()
    names = ["tollbridge:click", "tollbridge:session", "tollbridge:first-byte"]
    marks = "names => names.map((it) => performance.getEntriesByName(it)[0].startTime)"
    clicked, session, first = await tab.page.evaluate(marks, names)
    assert clicked < session < first < clicked + ANSWERS_MS


async def test_it_signs_in_while_the_rest_of_its_python_is_imported(
    host: Host, open_tab: OpenTab
) -> None:
    """The request is on its way before the panel is Python's, and no turn of its loop is a timer.

    Browsers keep timers that follow each other four milliseconds apart.
    """
    tab = await open_tab()
    await tab.page.add_init_script(_ORDER)
    await tab.page.goto(host.page(host.tag()))
    widget = Widget(tab.page)
    await widget.open()
    await widget.ask("Hello")
    await widget.answered()
    assert await tab.page.evaluate("order") == ["signin", "ready"]
    assert await tab.page.evaluate("pythonTimers") == []


async def test_a_version_can_be_pinned_with_its_hash(
    host: Host, site: Path, open_tab: OpenTab
) -> None:
    """W-M5: an address that never changes, and a hash that a browser checks."""
    path = f"v{__version__}/widget.js"
    told = (site / f"{path}.sha384").read_text("utf-8").strip()
    tag = f'<script async crossorigin integrity="{told}" data-paywall-id="pw_demo"'
    tab = await open_tab()
    async with tab.page.expect_response(f"**/{path}") as coming:
        await tab.page.goto(host.page(f'{tag} src="{host.gateway}/{path}"></script>'))
    answer = await coming.value
    assert "immutable" in (answer.headers["cache-control"])
    await expect(Widget(tab.page).launcher).to_be_visible()
    floating = await tab.page.request.get(f"{host.gateway}/v1/widget.js")
    assert floating.headers["cache-control"] == "no-cache"
    other = await open_tab(host.page(f'{tag} src="{host.gateway}/v1/../static/x.js"></script>'))
    await expect(Widget(other.page).element).to_have_count(0)


async def test_where_webassembly_is_forbidden_there_is_a_link(
    host: Host, gateway: Gateway, open_tab: OpenTab
) -> None:
    """W-M10, X-M3: without 'wasm-unsafe-eval' the text stays, and a page elsewhere answers."""
    policy = host.policy.replace(" 'wasm-unsafe-eval'", "")
    tab = await open_tab(host.page(host.tag(), policy=policy))
    widget = Widget(tab.page)
    await widget.open()
    await widget.ask("Anybody there?")
    await expect(widget.notice).to_contain_text("could not start here")
    link = widget.notice.get_by_role("link")
    await expect(link).to_have_attribute("href", f"{gateway.url}/")
    await expect(link).to_have_attribute("target", "_blank")
    await expect(widget.turns).to_contain_text("Anybody there?")


async def test_a_slow_start_says_so_and_takes_over_all_the_same(
    host: Host, open_tab: OpenTab
) -> None:
    """W-M10, X-M3: after ten seconds there is a link; when Python comes late, it goes on."""
    tab = await open_tab()
    await tab.page.clock.install()
    held: list[Route] = []
    await tab.page.route("**/micropython.wasm", lambda route: held.append(route))
    await tab.page.goto(host.page(host.tag()))
    widget = Widget(tab.page)
    await widget.open()
    await widget.ask("Still there?")
    await tab.page.clock.run_for(11_000)
    await expect(widget.notice).to_contain_text("longer than it should")
    await tab.page.clock.resume()
    for route in held:
        await route.continue_()
    await widget.answered()
    await expect(widget.notice).to_be_hidden()


@pytest.mark.parametrize("file", ["boot.mjs", "micropython.mjs", "micropython.wasm", ".romfs"])
async def test_a_file_that_was_changed_is_never_run(
    file: str, host: Host, open_tab: OpenTab
) -> None:
    """W-M5: the loader knows the hash of all that follows; another file is refused, and said."""
    tab = await open_tab()

    async def change(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=await answer.body() + b" ")

    await tab.page.route(re.compile(rf".*{re.escape(file)}$"), change)
    await tab.page.goto(host.page(host.tag()))
    widget = Widget(tab.page)
    await widget.open()
    await expect(widget.notice).to_contain_text("could not start here", timeout=ANSWERS_MS)
    await expect(widget.left).to_have_text("")


async def test_after_two_starts_that_took_the_tab_along_it_asks_first(
    host: Host, open_tab: OpenTab
) -> None:
    """W-M10: a crash loop ends with a link, and a button for who wants to try again."""
    tab = await open_tab(host.page(host.tag()))
    await tab.page.evaluate("sessionStorage.setItem('tollbridge-widget-starts', '2')")
    widget = Widget(tab.page)
    await widget.open()
    await expect(widget.notice.get_by_role("link")).to_be_visible()
    await widget.notice.get_by_role("button", name="Try again").click()
    await widget.ask("Hello")
    await widget.answered()


async def test_an_old_browser_gets_a_link(host: Host, open_tab: OpenTab) -> None:
    """W-M10: without popovers there is no panel, and a plain way to the answers."""
    tab, _ = await watched(
        open_tab, host.page(host.tag()), script="delete HTMLElement.prototype.popover"
    )
    link = tab.page.get_by_role("link", name="Ask a question")
    await expect(link).to_have_attribute("href", f"{host.gateway}/")


async def test_a_nonce_is_handed_on(host: Host, open_tab: OpenTab) -> None:
    """W-M4: under a policy of nonces alone, what the loader loads has the loader's."""
    policy = host.policy.replace(f"script-src 'self' {host.gateway}", "script-src 'nonce-abc'")
    tag = host.tag().replace("<script", '<script nonce="abc"')
    tab = await open_tab(host.page(tag, policy=policy))
    widget = Widget(tab.page)
    await widget.open()
    await widget.ask("Hello")
    await widget.answered()
    assert tab.complaints == []
