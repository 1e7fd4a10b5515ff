"""The examples of `docs/examples`: other people's packages in a page, unmodified, in Chromium.

Each is built as `build.py run --page` builds it. The four stand in one folder and share a gateway;
what in them has the same name is the same file.
"""

import base64
import json
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from building.site import ROOT, build_site
from tests.browser.conftest import PYTHON_UP_MS, Gateway, OpenTab, Tab, serving

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

EXAMPLES = ROOT / "docs" / "examples"
NAMES = ["openai", "anthropic", "requests", "urllib"]
LAST_WORDS = "a real model answers in my place."


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def examples(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway that serves all of them, `openai.html` and so on."""
    folder = tmp_path_factory.mktemp("examples")
    for name in NAMES:
        build_site(folder / name, page=EXAMPLES / f"{name}.html")
        shutil.copytree(folder / name, folder / "site", dirs_exist_ok=True)
        shutil.copy(folder / name / "index.html", folder / "site" / f"{name}.html")
    async with serving(folder / "site", tmp_path_factory.mktemp("data")) as running:
        yield running


class Example:
    """An open example, and who visits it."""

    def __init__(self, tab: Tab, gateway: Gateway, user_id: str) -> None:
        """Take the tab; `user_id` is whom its Python signed in."""
        self.tab = tab
        self.gateway = gateway
        self.user_id = user_id
        self.answer = tab.page.locator("#answer")
        self.left = tab.page.locator("#left")
        self.dialog = tab.page.get_by_role("dialog")

    async def press(self, name: str) -> None:
        """Press one of its buttons."""
        await self.tab.page.get_by_role("button", name=name, exact=True).click()

    async def spend_all(self) -> None:
        """Leave the visitor nothing, while the page does not look."""
        balances = await self.gateway.json(
            *("user", "show", "--paywall", "pw_demo", "--user", self.user_id)
        )
        await self.gateway.debit(self.user_id, balances["balances"][0]["count"])


async def opened(name: str, gateway: Gateway, open_tab: OpenTab) -> Example:
    """Open an example, and wait until it can be asked."""
    tab = await open_tab()
    page: Page = tab.page
    async with page.expect_request("**/balances", timeout=PYTHON_UP_MS) as asked:
        await page.goto(f"{gateway.url}/{name}.html")
    user_id = user_of((await asked.value).headers["authorization"])
    await expect(page.locator("#ask")).to_be_enabled(timeout=PYTHON_UP_MS)
    example = Example(tab, gateway, user_id)
    await expect(example.left).to_have_text("20 left")
    return example


def user_of(authorization: str) -> str:
    """Whose token it is; a worker keeps no session where a test could look."""
    claims = authorization.split(".")[1]
    found: str = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
    return found


@pytest.mark.parametrize("name", ["openai", "anthropic", "requests"])
async def test_a_stream_is_read_stopped_and_refused(
    name: str, examples: Gateway, open_tab: OpenTab
) -> None:
    """Words come one by one; Stop reaches the provider; without credits the error is ours.

    `openai` cancels the task, `anthropic` closes the stream, `requests` closes the response, in a
    worker. Where there is a dialog, it opens by itself.
    """
    example = await opened(name, examples, open_tab)
    await example.press("Ask")
    await expect(example.answer).to_contain_text("I am the demo provider")
    assert LAST_WORDS not in await example.answer.inner_text()
    await expect(example.left).to_have_text("19 left")
    await example.press("Stop")
    assert (await examples.ended_request("demo"))["state"] == "client_left"
    assert "I am the demo provider" in await example.answer.inner_text()
    await example.press("Ask")
    await expect(example.answer).to_contain_text(LAST_WORDS)
    await expect(example.left).to_have_text("18 left")
    assert (await examples.ended_request("demo"))["state"] == "finished"
    await example.spend_all()
    await example.press("Ask")
    await expect(example.answer).to_contain_text("0 left")
    await expect(example.left).to_have_text("0 left")
    await expect(example.dialog).to_be_visible(visible=name != "requests")
    assert example.tab.origins <= {examples.url, ""}
    assert [text for text in example.tab.complaints if "402" not in text] == []


async def test_urllib_reads_whole_answers(examples: Gateway, open_tab: OpenTab) -> None:
    """The counter falls, and without credits the dialog opens."""
    example = await opened("urllib", examples, open_tab)
    await example.press("Ask")
    await expect(example.answer).to_contain_text(LAST_WORDS)
    await expect(example.left).to_have_text("19 left")
    await example.spend_all()
    await example.press("Ask")
    await expect(example.dialog).to_be_visible()
    await expect(example.left).to_have_text("0 left")
    assert example.tab.origins <= {examples.url, ""}
    assert [text for text in example.tab.complaints if "402" not in text] == []
