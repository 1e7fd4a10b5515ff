"""A page that was there before starts without a network, and works up to the call."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Response, expect

from building.pages import HOSTS, STRICT
from building.site import build_site
from tests.browser.conftest import PYTHON_UP_MS, Gateway, OpenTab, Tab, serving
from tests.browser.spa import Spa
from tests.support.static_host import github_pages

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

_KEPT = (
    "caches.keys().then(async (names) => (await Promise.all(names.map(async (name) =>"
    " (await (await caches.open(name)).keys()).map(({ url }) => url)))).flat())"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    """A gateway that serves our page on the strict host, or the one that the test names."""
    site = tmp_path_factory.mktemp("offline") / "site"
    build_site(site, host=getattr(request, "param", STRICT))
    async with serving(site, tmp_path_factory.mktemp("data")) as running:
        yield running


async def visited(open_tab: OpenTab, gateway: Gateway) -> tuple[Tab, Spa]:
    """Visit, ask once, and wait until the page is kept."""
    tab = await open_tab(gateway.url, service_workers="allow")
    spa = Spa(tab.page)
    await spa.ready()
    await spa.ask("What is a toll bridge?")
    await spa.answered()
    await expect(tab.page.locator("html")).to_have_attribute(
        "data-offline", "kept", timeout=PYTHON_UP_MS
    )
    return tab, spa


@pytest.mark.parametrize("gateway", HOSTS, indirect=True)
async def test_the_second_visit_needs_no_network(gateway: Gateway, open_tab: OpenTab) -> None:
    """SPA-D1: Python is up, what was said is there, and a message is kept with its reason."""
    tab, spa = await visited(open_tab, gateway)
    await tab.page.context.set_offline(True)
    await tab.page.reload()
    await expect(spa.turns).to_have_count(2)
    await expect(tab.page.locator("html")).to_have_attribute(
        "data-state", "ready", timeout=PYTHON_UP_MS
    )
    await spa.send_text("Is anybody there?")
    await expect(spa.turns).to_have_count(4)
    await expect(spa.answer).to_contain_text("offline")
    await tab.page.context.set_offline(False)
    await spa.ready("19 of 20 left")
    await spa.answer.get_by_role("button", name="Try again").click()
    await spa.answered()
    await expect(spa.counter).to_have_text("18 of 20 left")


async def from_worker(tab: Tab, spa: Spa) -> set[bool]:
    """Visit again, and tell whether the page's files came from its service worker."""
    found: set[bool] = set()

    def note(response: Response) -> None:
        if re.search(r"-[0-9a-f]{10}[./]", response.url):
            found.add(response.from_service_worker)

    tab.page.on("response", note)
    await tab.page.reload()
    await spa.ready("19 of 20 left")
    return found


async def test_a_host_that_lets_files_be_kept_is_left_to_the_browser(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """The browser's own cache has the WebAssembly compiled, which starts sooner."""
    assert await from_worker(*await visited(open_tab, gateway)) == {False}


async def test_elsewhere_the_second_visit_starts_from_what_was_kept(
    gateway: Gateway, open_tab: OpenTab, tmp_path: Path
) -> None:
    """A host of ten minutes would be asked for every file again."""
    build_site(tmp_path / "dist", gateway_url=gateway.url, host=STRICT)
    async with github_pages(tmp_path / "dist", "my-app") as address:
        seen = await visited(open_tab, Gateway(address, gateway.data_dir))
        assert await from_worker(*seen) == {True}


async def test_what_is_kept_is_the_page_and_never_an_answer(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """Files with a hash in their name, and the page itself; no call, no balance, no session."""
    tab, _ = await visited(open_tab, gateway)
    kept = await tab.page.evaluate(_KEPT)
    assert f"{gateway.url}/" in kept
    others = [url for url in kept if url != f"{gateway.url}/"]
    assert any(url.endswith("pyodide.asm.wasm") for url in others)
    assert all(tab.page.url in url and "/api/" not in url for url in others)
    assert len(others) == len(set(others))


async def test_a_new_version_is_seen_at_once(
    gateway: Gateway, open_tab: OpenTab, tmp_path: Path
) -> None:
    """The page is asked for first; what was kept of the old one goes when the new one is."""
    tab, spa = await visited(open_tab, gateway)
    before = set(await tab.page.evaluate(_KEPT))
    await tab.page.route(gateway.url + "/", lambda route: route.continue_())
    gone = f"{gateway.url}/static-0000000000/gone.css"
    await tab.page.evaluate(
        "async ([page, url]) => (await caches.open('tollbridge ' + new URL(page).pathname))"
        ".put(url, new Response('old'))",
        [f"{gateway.url}/", gone],
    )
    await tab.page.reload()
    await spa.ready("19 of 20 left")
    await expect(tab.page.locator("html")).to_have_attribute("data-offline", "kept")
    after = set(await tab.page.evaluate(_KEPT))
    assert gone not in after
    assert after == before
