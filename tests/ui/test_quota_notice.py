"""Where the dialog stays closed, a notice in the page says what ran out, and opens it."""

from collections.abc import AsyncIterator

import pytest

from tests.support.dom import Page as Dom
from tests.support.dom import Proxy
from tests.support.world import World
from tests.ui.desk import Desk, open_desk
from tollbridge.ui import balance_watch, dom
from tollbridge.ui.quota_notice import QuotaNotice
from tollbridge.ui.tasks import Tasks


class Noticed:
    """A page with the dialog and the notice.

    Attributes:
        said: What was said to those who listen to the page.
    """

    def __init__(self, desk: Desk) -> None:
        """Put the notice beside the dialog."""
        self.desk = desk
        self.said: list[str] = []
        self.notice = QuotaNotice(
            paywall=desk.paywall,
            billing=desk.billing,
            give_focus_back=desk.dom.node("draft").focus,
            say=self.said.append,
            tasks=Tasks(),
        )

    def part(self, name: str) -> str:
        """What a part of the notice says, "" where that is hidden."""
        node = self.desk.dom.node("quota")
        return "" if node.hidden else str(dom.part(node, name).textContent)

    def press(self, name: str) -> None:
        """Press a button of the notice, as somebody at the keyboard."""
        button = dom.part(self.desk.dom.node("quota"), name)
        button.focus()
        button.fire("click")


@pytest.fixture
async def noticed(page: Dom, world: World) -> AsyncIterator[Noticed]:
    """A page that is signed in and has counted."""
    async with open_desk(page, world) as desk:
        noticed = Noticed(desk)
        yield noticed
        noticed.notice.destroy()


@pytest.fixture(autouse=True)
def _seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balance_watch, "POLL_S", 3600)


async def test_it_takes_the_dialogs_place_when_that_is_closed(noticed: Noticed) -> None:
    """While the dialog stands there is no notice; after it the way back is at hand."""
    await noticed.desk.run_out()
    assert noticed.part("title") == ""
    noticed.desk.press("paywall-close")
    assert noticed.part("title") == "You have used all 20 credits of standard."
    assert noticed.part("kept") == "Your message is kept."
    assert noticed.said == ["You have used all 20 credits of standard."]
    noticed.press("open")
    assert noticed.desk.says("paywall-title") == "You have used all 20 credits of standard."
    assert noticed.part("title") == ""


async def test_it_stands_where_the_dialog_does_not_open_again(noticed: Noticed) -> None:
    """The second refusal after a person closed the dialog opens the notice alone."""
    await noticed.desk.run_out()
    noticed.desk.press("paywall-close")
    noticed.press("close")
    assert noticed.part("title") == ""
    assert noticed.desk.dom.document.activeElement is noticed.desk.dom.node("draft")
    await noticed.desk.refused()
    assert noticed.part("title") == "You have used all 20 credits of standard."
    assert noticed.desk.events == ["open", "close", "blocked"]


@pytest.mark.parametrize("how", ["by itself", "on coming back"])
async def test_it_goes_when_credits_came(
    noticed: Noticed, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads the balances while it stands, so that the counter rises without a reload."""
    monkeypatch.setattr(balance_watch, "POLL_S", 0.01 if how == "by itself" else 3600)
    await noticed.desk.run_out()
    noticed.desk.press("paywall-close")
    await noticed.desk.grant(5)
    if how == "on coming back":
        noticed.desk.dom.window.fire("focus")
    await noticed.desk.until(lambda: not noticed.notice.is_open)
    assert noticed.part("title") == ""
    assert noticed.said[-1] == "There are credits again."
    assert noticed.desk.dom.window.listeners == []


async def test_credits_while_the_dialog_stands_are_the_dialogs_to_tell(noticed: Noticed) -> None:
    """Nobody hears it twice."""
    await noticed.desk.run_out()
    noticed.desk.redeem(await noticed.desk.voucher())
    await noticed.desk.until(lambda: "close" in noticed.desk.events)
    assert noticed.said == []
    assert noticed.part("title") == ""


async def test_destroyed_it_lets_go(page: Dom, world: World) -> None:
    """Of the page and of the dialog."""
    async with open_desk(page, world) as desk:
        before = Proxy.alive
        noticed = Noticed(desk)
        noticed.notice.destroy()
        assert Proxy.alive == before
        await desk.run_out()
        desk.press("paywall-close")
        assert noticed.part("title") == ""
