"""The single-page app as a visitor sees it in a browser."""

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import PYTHON_UP_MS


class Spa:
    """The page as a visitor sees it."""

    def __init__(self, page: Page) -> None:
        """Name its parts as a person would."""
        self.page = page
        self.draft = page.get_by_role("textbox", name="Your message")
        self.counter = page.locator("#counter")
        self.model = page.get_by_label("Who answers")
        self.send = page.get_by_role("button", name="Send", exact=True)
        self.stop = page.get_by_role("button", name="Stop", exact=True)
        self.turns = page.get_by_role("log").get_by_role("article")
        self.status = page.locator("#status")
        self.quota = page.get_by_role("dialog", name="You have used all")
        self.command = self.quota.get_by_role("code")

    @property
    def answer(self) -> Locator:
        """The last bubble."""
        return self.turns.last

    @property
    def words(self) -> Locator:
        """What the last bubble says."""
        return self.answer.locator("[data-part=words]")

    async def ready(self, shown: str = "20 of 20 left") -> None:
        """Wait until Python is up and has counted."""
        await expect(self.counter).to_have_text(shown, timeout=PYTHON_UP_MS)
        await expect(self.send).to_be_enabled()

    async def ask(self, text: str, *, model: str = "demo") -> None:
        """Send a message, and wait until its answer has a bubble."""
        before = await self.turns.count()
        await self.model.select_option(model)
        await self.send_text(text)
        await expect(self.turns).to_have_count(before + 2)

    async def send_text(self, text: str) -> None:
        """Type and press Enter."""
        await self.draft.fill(text)
        await self.draft.press("Enter")

    async def answered(self) -> None:
        """Wait for the end of the answer."""
        await expect(self.answer).to_have_attribute("data-state", "done", timeout=30_000)
