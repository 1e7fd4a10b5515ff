"""The warning before the last credit: once per mark and grant, true while it stands."""

from collections.abc import AsyncIterator

import pytest

from tests.support.dom import Page as Dom
from tests.support.world import World
from tests.ui.desk import Desk, open_desk
from tollbridge.sdk import Balance
from tollbridge.ui import dom
from tollbridge.ui.low_balance import LowBalance, due, mark_of, warned_of
from tollbridge.ui.tasks import Tasks


def standard(count: int, granted: int = 20) -> Balance:
    """A balance of the usual type."""
    return Balance("standard", count, 1, granted)


@pytest.mark.parametrize(
    ("count", "granted", "mark"),
    [
        (20, 20, 0),
        (5, 20, 0),
        (4, 20, 1),
        (2, 20, 1),
        (1, 20, 2),
        (0, 20, 0),
        (200, 1000, 1),
        (201, 1000, 0),
        (50, 1000, 2),
        (51, 1000, 1),
        (1, 2, 2),
        (1, 1, 0),
        (3, 0, 0),
    ],
)
def test_low_is_a_fifth_and_very_low_a_twentieth(count: int, granted: int, mark: int) -> None:
    """Or the last credit; what is empty, whole or of unknown size is not low."""
    assert mark_of(standard(count, granted)) == mark


def test_each_mark_is_warned_of_once_per_grant() -> None:
    """Coming back over a mark, as a returned credit does, is not news; a grant begins anew."""
    warned: dict[str, list[int]] = {}
    counts = [5, 4, 3, 4, 5, 4, 1, 2, 1, 0, 1]
    assert [bool(due([standard(count)], warned)) for count in counts] == [
        False,
        True,
        False,
        False,
        False,
        False,
        True,
        False,
        False,
        False,
        False,
    ]
    assert due([standard(5, 25)], warned) is not None
    assert due([standard(3, 25)], warned) is None


def test_the_lowest_of_several_is_told() -> None:
    """One warning at a time."""
    found = due([Balance("advanced", 2, 1, 10), standard(1)], {})
    assert found is not None
    assert found.type == "standard"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"standard": 3}', '{"standard": ["a", 1]}'])
def test_what_cannot_be_read_was_not_warned_of(text: str) -> None:
    """The tab's memory is anybody's to write."""
    assert warned_of(text) == {}


def test_what_was_kept_is_read() -> None:
    """After a reload nobody is warned twice."""
    assert due([standard(4)], warned_of('{"standard": [20, 1]}')) is None


class Warned:
    """A page with the warning.

    Attributes:
        said: What was said to those who listen to the page.
        opened: How often the dialog was asked for.
    """

    def __init__(self, desk: Desk) -> None:
        """Follow the balances."""
        self.desk = desk
        self.said: list[str] = []
        self.opened = 0
        self.low = LowBalance(
            billing=desk.billing,
            open_paywall=self._open,
            give_focus_back=desk.dom.node("draft").focus,
            say=self.said.append,
            tasks=Tasks(),
        )

    def _open(self) -> None:
        self.opened += 1

    @property
    def text(self) -> str:
        """What it says, "" where it is hidden."""
        node = self.desk.dom.node("low")
        return "" if node.hidden else str(dom.part(node, "text").textContent)

    def press(self, name: str) -> None:
        """Press one of its buttons, as somebody at the keyboard."""
        button = dom.part(self.desk.dom.node("low"), name)
        button.focus()
        button.fire("click")

    async def left(self, count: int) -> None:
        """Have that many credits left, and know it."""
        await self.desk.world.drain(self.desk.visitor, count)
        await self.desk.billing.get_balances(force=True)


@pytest.fixture
async def warned(page: Dom, world: World) -> AsyncIterator[Warned]:
    """A page that is signed in and has counted."""
    async with open_desk(page, world) as desk:
        warned = Warned(desk)
        yield warned
        warned.low.destroy()


async def test_it_says_how_many_are_left_and_stays_true(warned: Warned) -> None:
    """In words, once aloud; the number follows, and at none the dialog has the word."""
    await warned.left(4)
    await warned.desk.until(lambda: warned.text)
    assert warned.text == "Your credits of standard run low: 4 of 20 left."
    await warned.left(3)
    await warned.desk.until(lambda: "3 of 20 left" in warned.text)
    assert warned.said == ["Your credits of standard run low: 4 of 20 left."]
    await warned.left(1)
    await warned.desk.until(lambda: "last" in warned.text)
    assert warned.text == "Your last credit of standard: 1 of 20 left."
    assert len(warned.said) == 2
    await warned.left(0)
    await warned.desk.until(lambda: not warned.text)


async def test_closed_it_stays_closed_until_the_next_mark(warned: Warned) -> None:
    """And gives the keyboard back."""
    await warned.left(4)
    await warned.desk.until(lambda: warned.text)
    warned.press("close")
    assert warned.text == ""
    assert warned.desk.dom.document.activeElement is warned.desk.dom.node("draft")
    await warned.left(3)
    await warned.left(1)
    await warned.desk.until(lambda: warned.text)
    warned.press("open")
    assert (warned.text, warned.opened) == ("", 1)


async def test_a_grant_takes_it_away(warned: Warned) -> None:
    """It is no longer true."""
    await warned.left(4)
    await warned.desk.until(lambda: warned.text)
    await warned.desk.grant(20)
    await warned.desk.billing.get_balances(force=True)
    await warned.desk.until(lambda: not warned.text)
