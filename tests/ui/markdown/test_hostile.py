"""No text takes more than its length: what would nest or be searched again and again is bounded."""

import time

import pytest

from tests.support.dom import Page
from tests.ui.markdown.shown import Shown
from tollbridge.ui.markdown.lines import TABLE_COLUMNS_MAX

_LENGTH = 200_000
_LENGTH_IN_STEPS = 50_000
# Reading and showing it takes a second or less; what grows with the square takes minutes.
_ENOUGH_S = 40
_STEP = 300

HOSTILE = {
    "stars": "*",
    "stars apart": "* ",
    "openers": "*a ",
    "openers of three kinds": "*a _b ~~c ",
    "closers": "a* ",
    "both": "*a_",
    "runs that do not match": "a**b*c***",
    "underscores": "_",
    "tildes": "~",
    "brackets": "[",
    "closing brackets": "]",
    "images": "![",
    "links that never end": "[a](",
    "links with addresses that never end": "[a](https://e.com/b",
    "links with titles that never end": '[a](https://e.com "b',
    "links in parentheses": "[a](((((",
    "links in links": "[a](https://e.com) [",
    "addresses": "https://",
    "addresses without end": "https://e.com/(",
    "ticks": "`",
    "ticks apart": "`a ",
    "angles": "<",
    "angles with addresses": "<https://e.com ",
    "entities": "&",
    "numbers of entities": "&#1",
    "backslashes": "\\",
    "blanks": " ",
    "tabs": "\t",
    "lines": "a\n",
    "empty lines": "\n",
    "quotes": ">",
    "quotes apart": "> ",
    "lines of quotes": ">>>>>>>>>>>>>>>>> a\n",
    "items": "- ",
    "lines of items": "- a\n",
    "items moved in": "- a\n" + "".join(f"{'  ' * depth}- b\n" for depth in range(40)),
    "numbers": "1. ",
    "digits": "1",
    "hashes": "#",
    "headings": "# a\n",
    "bars": "|",
    "escaped bars": "\\|",
    "heads": "|a\n|-\n\n",
    "rows": "|a|b|\n|-|-|\n" + "|1|2|\n" * 50,
    "fences": "```\n",
    "dashes": "-",
    "lines across": "---\n",
    "letters": "a",
    "characters of four bytes": "😀",
}


# A text that is not only a few characters again and again.
_MADE = {
    "ticks of every length": "".join("`" * length + " " for length in range(1, 17)) * 1300,
    "a wide table": "|a" * 5_000 + "\n" + "|-" * 5_000 + "\n" + "|b\n" * 9_000,
    "a wide row": "|a" * TABLE_COLUMNS_MAX + "\n" + "|-" * TABLE_COLUMNS_MAX + "\n" + "|b" * 95_000,
}


@pytest.mark.parametrize("name", [*HOSTILE, *_MADE])
def test_no_text_takes_more_than_its_length(page: Page, name: str) -> None:
    """200 KB of anything are shown without nesting deeply or searching in vain."""
    shown = Shown(page)
    started = time.process_time()
    shown.view.set(_text_of(name, _LENGTH))
    assert time.process_time() - started < _ENOUGH_S
    assert _depth_of(shown) <= 60  # MicroPython follows no deeper than about 150 calls


@pytest.mark.parametrize("name", [*HOSTILE, *_MADE])
def test_no_text_takes_more_while_it_comes(page: Page, name: str) -> None:
    """What was read is not read again with every step."""
    text = _text_of(name, _LENGTH_IN_STEPS)
    shown = Shown(page)
    started = time.process_time()
    for at in range(0, len(text), _STEP):
        shown.view.add(text[at : at + _STEP])
        shown.view.flush()
    shown.view.finish()
    assert time.process_time() - started < _ENOUGH_S


@pytest.mark.parametrize(("columns", "is_table"), [(0, True), (1, False)])
def test_a_table_has_only_so_many_columns(page: Page, columns: int, is_table: bool) -> None:
    """Each letter that comes costs all the cells of its row."""
    columns += TABLE_COLUMNS_MAX
    html = Shown(page).whole("|a" * columns + "|\n" + "|-" * columns + "|\n")
    assert ("<table>" in html) is is_table


def _text_of(name: str, length: int) -> str:
    if name in _MADE:
        return _MADE[name][:length]
    if "\n" in HOSTILE[name]:
        length = min(length, _LENGTH_IN_STEPS)  # making so many elements is most of the work
    return HOSTILE[name] * (length // len(HOSTILE[name]))


def _depth_of(shown: Shown) -> int:
    deepest = 0
    level = [shown.node]
    while level:
        deepest += 1
        level = [child for node in level for child in node.children if hasattr(child, "tag")]
    return deepest
