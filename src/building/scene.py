"""A visitor's tab and the gateway's owner, for whoever brings a page into a state."""

import json
import re
from dataclasses import dataclass
from typing import Any, Protocol

from playwright.async_api import Page, Route, expect

# Python's start on a busy machine, and an answer of the demo.
PYTHON_MS = 60_000
ANSWER_MS = 30_000

PROSE = "Show me a table, a list and some code"


class Owner(Protocol):
    """What an owner can do to the gateway behind the page, by the command line."""

    async def command(self, *words: str) -> Any:
        """Run `tollbridge *words --json` on the gateway's data and return what it printed."""
        ...


@dataclass
class Scene:
    """A visitor's tab before anything was opened in it, and the gateway's owner.

    Attributes:
        page: The tab; its base URL is the gateway's.
        owner: Grants credits, makes vouchers.
    """

    page: Page
    owner: Owner

    async def user_id(self) -> str:
        """Who the page signed in; the SDK keeps the session in `localStorage`."""
        kept = await self.page.evaluate("Object.values(localStorage)")
        users = [json.loads(text).get("user") for text in kept if text.startswith("{")]
        found: str = next(user["id"] for user in users if user)
        return found

    async def ask(self, text: str, *, model: str = "demo") -> None:
        """Choose who answers and send a message."""
        await self.page.locator("#model").select_option(model)
        await self.page.locator("#draft").fill(text)
        await self.page.locator("#send").click()

    async def last(self, state: str) -> None:
        """Wait until the last turn is in a state."""
        turn = self.page.locator("#log article").last
        await expect(turn).to_have_attribute("data-state", state, timeout=ANSWER_MS)


async def hold_runtime(page: Page) -> None:
    """Let the runtime's files never arrive, so that the start stays as it is."""

    async def hold(route: Route) -> None:
        """Answer nothing."""

    await page.route(re.compile(r"/pyodide-[^/]+/"), hold)


async def take(scene: Scene, amount: int) -> None:
    """Take credits from the visitor, as the owner's server may; the page hears nothing of it."""
    key = await scene.owner.command("key", "create", "--paywall", "pw_demo")
    answer = await scene.page.request.post(
        "./api/v1/paywall/pw_demo/balances",
        headers={"x-api-key": key["key"]},
        data={
            "user_id": await scene.user_id(),
            "type": "standard",
            "amount": amount,
            "op": "debit",
        },
    )
    assert answer.ok, await answer.text()
