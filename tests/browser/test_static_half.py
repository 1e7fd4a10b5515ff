"""The static half on hosts of its own, under their headers, with the gateway on another origin."""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Request, expect

from building.hosting import next_steps
from building.site import build_site
from tests.browser.conftest import Gateway, OpenTab, Tab, origin_of, serving
from tests.browser.spa import Spa
from tests.support.static_host import github_pages, static_host

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HOSTS = ("with headers", "with headers and .br", "GitHub Pages")
# Chromium notes every answer above 399 on its console, also those that we mean.
NOTED = "Failed to load resource: the server responded with a status of "
_BLOCKED = """async (url) => {
  const said = new Promise((resolve) =>
    document.addEventListener("securitypolicyviolation", (event) => resolve(event.blockedURI)));
  const answer = await fetch(url).then(() => "answered", () => "failed");
  return [answer, await said];
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(site: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway of its own: these tests change what its paywall lists."""
    async with serving(site, tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="module")
def dist(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `build.py dist --gateway` writes."""
    out = tmp_path_factory.mktemp("dist") / "dist"
    build_site(out, gateway_url=gateway.url)
    return out


def hosted(host: str, dist: Path) -> AbstractAsyncContextManager[str]:
    """Serve the site; gives the address of the page."""
    if host == "GitHub Pages":
        return github_pages(dist, "my-app")
    return static_host(dist, brotli=host.endswith(".br"))


async def list_origin(gateway: Gateway, dist: Path, origin: str) -> None:
    """List the page's origin, by the very line that the build tells, and wait until it counts."""
    told = next_steps((dist / "index.html").read_text("utf-8"), gateway.url)
    (line,) = [line for line in told.splitlines() if "tollbridge paywall set" in line]
    words = line.replace("https://PAGE.EXAMPLE", origin).split()
    await gateway.run(*words[1:], "--data-dir", str(gateway.data_dir))
    # The gateway may go by what it read before, for two seconds; a page can be quicker than that.
    balances = f"{gateway.url}/api/v1/paywall/pw_demo/balances"
    status = 403
    while status == 403:
        async with aiohttp.request("GET", balances, headers={"Origin": origin}) as answer:
            status = answer.status
    assert status == 401  # nobody is signed in


async def use(tab: Tab, address: str) -> Spa:
    """Open the page, ask once, and see what it cost."""
    await tab.page.goto(address)
    spa = Spa(tab.page)
    await spa.ready()
    await spa.ask("From elsewhere")
    await spa.answered()
    await expect(spa.counter).to_have_text("19 of 20 left")
    return spa


@pytest.mark.parametrize("host", HOSTS)
async def test_it_works_from_another_origin(
    gateway: Gateway, dist: Path, open_tab: OpenTab, host: str
) -> None:
    """SPA-M1, X-M10: copied to a host it signs in, streams and counts, and asks nobody else."""
    async with hosted(host, dist) as address:
        await list_origin(gateway, dist, origin_of(address))
        tab = await open_tab()
        await use(tab, address)
    assert tab.origins == {origin_of(address), origin_of(gateway.url)}
    assert tab.complaints == []


async def test_what_goes_wrong_is_told_as_at_home(
    gateway: Gateway, dist: Path, open_tab: OpenTab
) -> None:
    """SPA-M5: a provider's failure with its request id, and an empty balance."""
    async with static_host(dist) as address:
        await list_origin(gateway, dist, address)
        tab = await open_tab()
        spa = await use(tab, address)
        await spa.ask("And fail", model="demo-500")
        await expect(spa.answer).to_contain_text("Request req_")
        await gateway.debit(await tab.user_id(), 19)
        await spa.send_text("Nothing left")
        await expect(spa.quota).to_be_visible()
    assert [text for text in tab.complaints if not text.startswith(NOTED)] == []


async def test_an_origin_that_is_not_listed_learns_why(
    gateway: Gateway, dist: Path, open_tab: OpenTab
) -> None:
    """SPA-M5: whoever forgot the list reads it on the page, not in the browser's console alone."""
    await list_origin(gateway, dist, "https://app.example")
    async with static_host(dist) as address:
        tab = await open_tab(address)
        await expect(tab.page.locator("body")).to_contain_text("origin_not_allowed", timeout=60_000)
        await expect(tab.page.locator("body")).to_contain_text("req_")
    assert [text for text in tab.complaints if not text.startswith(NOTED)] == []


async def test_below_a_repositorys_name(gateway: Gateway, dist: Path, open_tab: OpenTab) -> None:
    """SPA-M1: without its slash, by a link with a query and a fragment, and under no header."""
    async with github_pages(dist, "my-app") as address:
        await list_origin(gateway, dist, origin_of(address))
        tab = await open_tab()
        asked: list[str] = []

        def note(request: Request) -> None:
            if origin_of(request.url) == origin_of(address):
                asked.append(urlsplit(request.url).path)

        tab.page.on("request", note)
        await use(tab, f"{address.removesuffix('/')}?from=mail#/chat")
        assert tab.page.url == f"{address}?from=mail#/chat"
        assert asked.pop(0) == "/my-app"
        assert [path for path in asked if not path.startswith("/my-app/")] == []
        # The policy in the page holds where the host has none.
        elsewhere = "http://127.0.0.1:9/"
        blocked = await tab.page.evaluate(_BLOCKED, elsewhere)
        assert blocked == ["failed", elsewhere]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_an_address_that_leads_nowhere(
    dist: Path, open_tab: OpenTab, host: str, scheme: str
) -> None:
    """SPA-M1: a page that says so, dressed at any depth, with a way home, and without script."""
    ground = "rgb(17, 21, 20)" if scheme == "dark" else "rgb(246, 247, 244)"
    async with hosted(host, dist) as address:
        home = address.removesuffix("/")
        tab = await open_tab(color_scheme=scheme)
        for wrong, way in (
            ("wrong", "Go to the start"),
            ("wrong/path", "Go one level up"),
            ("wrong.mjs/", "Go one level up"),
        ):
            answer = await tab.page.goto(f"{home}/{wrong}")
            assert answer is not None
            assert answer.status == 404
            heading = tab.page.get_by_role("heading", name="There is no such page")
            await expect(heading).to_have_css("font-size", "24px")
            await expect(tab.page.locator("body")).to_have_css("background-color", ground)
            assert await tab.page.locator("script").count() == 0
            leads_to = await tab.page.get_by_role("link", name=way).evaluate("link => link.href")
            assert leads_to.removesuffix("/") == home
    assert [text for text in tab.complaints if not text.startswith(NOTED)] == []


async def test_a_phone_can_press_the_way_home(dist: Path, open_tab: OpenTab) -> None:
    """At 360 px nothing scrolls sideways, and a finger finds 44 px."""
    async with static_host(dist) as address:
        tab = await open_tab(
            f"{address}/nowhere", viewport={"width": 360, "height": 740}, has_touch=True
        )
        assert await tab.page.evaluate("document.documentElement.scrollWidth") == 360
        for link in await tab.page.get_by_role("link").all():
            box = await link.bounding_box()
            assert box is not None
            assert box["height"] >= 44


async def test_pages_of_a_host_have_one_address_each(dist: Path, open_tab: OpenTab) -> None:
    """Cloudflare moves `/index.html` to `/`; the page starts there all the same."""
    async with static_host(dist) as address:
        tab = await open_tab()
        answer = await tab.page.goto(f"{address}/index.html")
        assert answer is not None
        assert answer.status == 200
        assert re.sub(r"/$", "", tab.page.url) == address
        await expect(tab.page.get_by_role("textbox", name="Your message")).to_be_visible()
