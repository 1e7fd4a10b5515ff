"""The door to the DOM: what it binds it can let go of, and keys mean what people expect."""

from typing import Any

import pytest

from tests.support.dom import Page, Proxy
from tollbridge.sdk.signals import Signal
from tollbridge.ui import dom

TYPING = {
    "an input method composes": {"isComposing": True},
    "Safari says so by its key code": {"keyCode": 229},
    "Shift breaks the line": {"shiftKey": True},
    "Control": {"ctrlKey": True},
    "Alt": {"altKey": True},
    "Meta": {"metaKey": True},
}


def test_a_bound_text_follows_its_signal_until_the_undo(page: Page) -> None:
    """It shows the value at once, then every change, then none."""
    signal = Signal("20 of 20 left")
    undo = dom.bind_text(signal, page.node("counter"))
    assert page.node("counter").textContent == "20 of 20 left"
    signal.set("19 of 20 left")
    assert page.node("counter").textContent == "19 of 20 left"
    undo()
    signal.set("18 of 20 left")
    assert page.node("counter").textContent == "19 of 20 left"
    assert not signal.has_listeners


def test_a_bound_attribute_follows_its_signal_until_the_undo(page: Page) -> None:
    """Words are its value; True has it stand there alone, False and None take it away."""
    node = page.node("send")
    signal: Signal = Signal("Send")
    undo = dom.bind_attr(signal, node, "title")
    shown = []
    for value in ("Send", True, "Stop", False, 3, None):
        signal.set(value)
        shown.append(node.getAttribute("title"))
    assert shown == ["Send", "", "Stop", None, "3", None]
    signal.set("Again")
    undo()
    undo()
    signal.set("Later")
    assert node.getAttribute("title") == "Again"
    assert not signal.has_listeners


class Row:
    """A row of a list, which notes what became of it."""

    def __init__(self, item: tuple[str, int], parent: Any) -> None:
        """Make its node, somewhere."""
        self.node = dom.add(parent, "p", "row")  # taken to its place by who asked for it
        self.closed = 0
        self.update(item)

    def update(self, item: tuple[str, int]) -> None:
        """Show another item of the same key."""
        self.node.textContent = f"{item[0]} {item[1]}"

    def close(self) -> None:
        """Let go of it."""
        self.closed += 1


def test_a_bound_list_makes_moves_and_closes_rows(page: Page) -> None:
    """A row per key, made once: it is moved and told anew, and closed when its item is gone."""
    parent = dom.add(page.node("composer"), "section", "rows")
    made: list[Row] = []

    def make(item: tuple[str, int]) -> Row:
        made.append(Row(item, parent))
        return made[-1]

    def shown() -> list[str]:
        return [node.textContent for node in parent.children]

    signal: Signal = Signal([("a", 1), ("b", 1)])
    undo = dom.bind_list(signal, parent, key=lambda item: item[0], make=make)
    assert shown() == ["a 1", "b 1"]
    a, b = made
    signal.set([("c", 1), ("b", 2), ("a", 1)])
    assert shown() == ["c 1", "b 2", "a 1"]
    assert made[:2] == [a, b]
    for node, row in zip(parent.children, (made[2], b, a), strict=True):
        assert node is row.node
    signal.set([("a", 3)])
    assert shown() == ["a 3"]
    assert [row.closed for row in made] == [0, 1, 1]
    undo()
    undo()
    signal.set([("d", 1)])
    assert shown() == []
    assert [row.closed for row in made] == [1, 1, 1]
    assert not signal.has_listeners


def test_an_undo_frees_the_proxy_and_may_be_called_twice(page: Page) -> None:
    """Nothing of ours stays in JavaScript's hands."""
    heard: list[str] = []
    undo = dom.on(page.node("send"), "click", lambda: heard.append("click"))
    page.node("send").fire("click")
    undo()
    undo()
    page.node("send").fire("click")
    assert heard == ["click"]
    assert Proxy.alive == 0


def test_a_handler_may_undo_itself(page: Page) -> None:
    """As the notice's Close button does."""
    undo = dom.on_press(page.node("send"), lambda: undo())
    page.node("send").fire("click")
    assert Proxy.alive == 0


def test_the_second_click_of_a_double_click_presses_nothing(page: Page) -> None:
    """The button under it may have become another one."""
    presses: list[int] = []
    dom.on_press(page.node("stop"), lambda: presses.append(1))
    for detail in (0, 1, 2, 3):  # 0 comes from the keyboard
        page.node("stop").fire("click", detail=detail)
    assert len(presses) == 2


def test_a_key_alone_is_ours_and_kept_from_the_browser(page: Page) -> None:
    """Enter sends and breaks no line."""
    pressed: list[int] = []
    dom.on_key(page.node("draft"), "Enter", lambda: pressed.append(1) is None)
    assert page.node("draft").press("Enter")
    assert not page.node("draft").press("a")
    assert len(pressed) == 1


@pytest.mark.parametrize("fields", TYPING.values(), ids=TYPING)
def test_a_key_with_company_stays_the_browsers(page: Page, fields: dict[str, object]) -> None:
    """UX-M5: Enter ends the word of an input method, and Shift+Enter breaks the line."""
    pressed: list[int] = []
    dom.on_key(page.node("draft"), "Enter", lambda: pressed.append(1) is None)
    assert not page.node("draft").press("Enter", **fields)
    assert pressed == []


def test_a_key_that_its_handler_does_not_want_stays_the_browsers(page: Page) -> None:
    """Escape without an answer to stop leaves full screen as ever."""
    dom.on_page_key("Escape", lambda: False)
    assert not page.document.press("Escape")


def test_added_words_leave_what_stands_there_alone(page: Page) -> None:
    """A long answer is not written anew with every word."""
    node = page.node("log")
    dom.append_text(node, "one ")
    first = node.lastChild
    dom.append_text(node, "two")
    assert node.lastChild is first
    assert node.textContent == "one two"


def test_a_command_keeps_its_text_when_its_words_stand_apart(page: Page) -> None:
    """Copying by hand gives the command itself."""
    dom.set_words(page.node("log"), "tollbridge user grant  --amount 5")
    assert page.node("log").textContent == "tollbridge user grant  --amount 5"


async def test_what_cannot_be_copied_is_selected(page: Page) -> None:
    """A page on plain http has no clipboard."""
    assert await dom.copy_text("x", page.node("log"))
    assert page.copied == ["x"]
    page.copied = None
    assert not await dom.copy_text("x", page.node("log"))
    assert page.selected is page.node("log")


def test_a_missing_part_is_named(page: Page) -> None:
    """Somebody who changes the skeleton learns what is gone."""
    with pytest.raises(LookupError, match="no-such-id"):
        dom.by_id("no-such-id")
    with pytest.raises(LookupError, match="no-such-part"):
        dom.part(page.node("quota"), "no-such-part")


def test_an_empty_setting_is_the_default(page: Page) -> None:
    """The gateway is the page's own origin until the build names another."""
    assert dom.meta("tollbridge-gateway", dom.page_origin()) == "https://page.example"
    assert dom.meta("tollbridge-paywall") == "pw_demo"
    assert dom.meta("no-such-setting") == ""
