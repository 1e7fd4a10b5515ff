"""The DOM that these tests use does what a browser does, as far as it goes."""

import pytest

from tests.support.dom import Page, Proxy, Text

HTML = """<html><body><p id="a" hidden>one <b data-part="x">two</b></p>
<template id="t"><article><i data-part="x">inside</i></article></template></body></html>"""


def test_html_becomes_elements_with_their_text() -> None:
    """Attributes, nesting and text are there."""
    page = Page(HTML)
    assert page.node("a").textContent == "one two"
    assert page.node("a").hidden
    assert page.document.documentElement.tag == "html"


def test_what_a_template_holds_is_not_on_the_page() -> None:
    """A search of the page passes over it, and a copy of it is independent."""
    page = Page(HTML)
    assert page.document.querySelector('[data-part="x"]').textContent == "two"
    twin = page.node("t").content.firstElementChild.cloneNode(True)
    twin.querySelector('[data-part="x"]').textContent = "changed"
    assert page.node("t").textContent == "inside"
    assert twin.page is page


def test_elements_come_and_go() -> None:
    """What is removed is nobody's child any more."""
    page = Page(HTML)
    child = page.document.createElement("span")
    page.node("a").appendChild(child)
    assert page.node("a").contains(child)
    page.document.documentElement.appendChild(child)  # it cannot be in two places
    assert not page.node("a").contains(child)
    child.remove()
    assert not page.document.documentElement.contains(child)


def test_a_destroyed_proxy_cannot_be_called() -> None:
    """Nor destroyed again; the browser's bridge raises for both."""
    before = Proxy.alive
    proxy = Proxy(lambda: None)
    assert Proxy.alive == before + 1
    proxy.destroy()
    assert Proxy.alive == before
    with pytest.raises(AssertionError):
        proxy()
    with pytest.raises(AssertionError):
        proxy.destroy()


def test_html_that_does_not_nest_is_refused() -> None:
    """A skeleton with a tag left open would be another tree in a browser."""
    with pytest.raises(AssertionError, match="closes nothing"):
        Page("<html><p></html>")


def test_text_grows_in_place() -> None:
    """As a text node's `appendData` does."""
    text = Text("one")
    text.appendData(" two")
    assert (text.data, text.nodeType) == ("one two", 3)
