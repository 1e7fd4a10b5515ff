"""The README's page of one's own, as a newcomer would save it, in Chromium against a gateway."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from building.site import build_site
from tests.browser.conftest import PYTHON_UP_MS, OpenTab, serving
from tests.support.readme import page_of_ones_own

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_newcomers_page_asks_and_counts(tmp_path: Path, open_tab: OpenTab) -> None:
    """Fourteen lines of Python sign in, show the balance, ask, and show the answer."""
    mine = tmp_path / "mine.html"
    mine.write_text(page_of_ones_own(), "utf-8")
    build_site(tmp_path / "site", page=mine)
    (tmp_path / "data").mkdir()
    async with serving(tmp_path / "site", tmp_path / "data") as gateway:
        tab = await open_tab(gateway.url)
        left = tab.page.locator("#left")
        await tab.page.get_by_role("button", name="Ask").click()
        await expect(left).to_have_text("20 left", timeout=PYTHON_UP_MS)
        await tab.page.get_by_role("button", name="Ask").click()
        await expect(tab.page.locator("#answer")).to_contain_text("demo provider")
        await expect(left).to_have_text("19 left")
        assert tab.complaints == []
        assert tab.origins <= {gateway.url, ""}
