"""One scale of type, one of space, one list of colours: what the stylesheets may name."""

import re
from pathlib import Path

import pytest

from tests.tidy.tree import ROOT

# The demo of the widget plays a page of somebody else's, with a look of its own.
_OTHERS = ("tokens.css", "widget-demo.css")
SHEETS = sorted(path for path in (ROOT / "static").glob("*.css") if path.name not in _OTHERS)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([a-z-]+):\s*([^;{}]+);")
_TOKEN = re.compile(r"var\(--[a-z0-9-]+\)")
# What grows with the window, between two bounds.
_BETWEEN = re.compile(r"clamp\([^()]*\)")


def rules(path: Path) -> list[tuple[str, str]]:
    """Return the properties of a stylesheet with their values."""
    return _RULE.findall(_COMMENT.sub("", path.read_text("utf-8")))


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_type_is_on_its_scale(path: Path) -> None:
    """Sizes of text are the tokens, or parts of the text around."""
    sizes = [value for name, value in rules(path) if name == "font-size"]
    assert [
        value for value in sizes if not re.fullmatch(r"var\(--text-[a-z]+\)|[0-9.]+em", value)
    ] == []
    assert {value for name, value in rules(path) if name == "font"} <= {"inherit"}


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_space_is_on_its_scale(path: Path) -> None:
    """Margins, paddings and gaps name no length of their own."""
    spaces = [
        (name, value)
        for name, value in rules(path)
        if re.match(r"(margin|padding|gap|row-gap|column-gap)\b", name)
    ]
    off = [
        (name, value)
        for name, value in spaces
        if re.search(r"[0-9.](rem|px|vh|vw|ch)\b", _BETWEEN.sub("", _TOKEN.sub("", value)))
    ]
    assert off == []


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_colours_are_tokens(path: Path) -> None:
    """So that both schemes have each of them."""
    named = r"#[0-9a-fA-F]{3,8}\b|\b(rgb|rgba|hsl|hsla|oklch)\("
    assert [rule for rule in rules(path) if re.search(named, rule[1])] == []
