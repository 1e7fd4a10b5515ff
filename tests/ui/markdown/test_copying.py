"""A block of code is copied by its button, which lets go of what it holds (UX-M4)."""

import asyncio

import pytest

from tests.support.dom import Node, Proxy
from tests.ui.markdown.shown import Shown
from tollbridge.ui.markdown import code_block


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A button says that it has copied for no time at all."""
    monkeypatch.setattr(code_block, "COPIED_S", 0)


def button_of(shown: Shown) -> Node:
    """The last button."""
    return [node for node in shown.node.below() if node.tag == "button"][-1]


async def test_the_button_copies_the_code_as_it_was_written(shown: Shown) -> None:
    """UX-M4: no fence, no marks of the item around it, every blank."""
    shown.whole("1. a\n   ```py\n   def f():\n   \treturn 1\n   ```\n")
    said = []
    button_of(shown).fire("click")
    (task,) = shown.tasks.running
    while not task.done():
        said.append(button_of(shown).textContent)
        await asyncio.sleep(0)
    assert shown.page.copied == ["def f():\n\treturn 1"]
    assert "Copied" in said
    assert button_of(shown).textContent == "Copy code"


async def test_code_that_is_still_coming_is_copied_as_far_as_it_is_here(shown: Shown) -> None:
    """UX-M4: the line that is not complete is part of it."""
    shown.coming("```\na = 1\nb =")
    button_of(shown).fire("click")
    await asyncio.gather(*shown.tasks.running)
    assert shown.page.copied == ["a = 1\nb ="]
    shown.coming(" 2\n")
    button_of(shown).fire("click")
    await asyncio.gather(*shown.tasks.running)
    assert shown.page.copied == ["a = 1\nb =", "a = 1\nb = 2"]


async def test_code_that_cannot_be_copied_is_selected(shown: Shown) -> None:
    """A page on plain http has no clipboard."""
    shown.whole("```\na\n```")
    shown.page.copied = None
    button_of(shown).fire("click")
    await asyncio.gather(*shown.tasks.running)
    assert shown.page.selected is not None
    assert shown.page.selected.tag == "code"


def test_no_proxy_outlives_its_view(shown: Shown) -> None:
    """Whether the view is closed, or shows another text, or takes an unclear line back."""
    for _ in range(3):
        shown.view.set("```\na\n```\n\n> ```\n> b\n\n```\nc")
        assert Proxy.alive == 3
    shown.view.set("")
    assert Proxy.alive == 0
    shown.coming(*"- ```\n  a\n\n~~~js\nb\n~~~\n")
    assert Proxy.alive == 2
    shown.view.close()
    shown.view.close()
    assert Proxy.alive == 0
