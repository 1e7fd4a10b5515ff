"""However the text was cut, it looks the same, and what is complete is left alone: UX-M1."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.dom import Page
from tests.ui.markdown.answers import ANSWER
from tests.ui.markdown.shown import Shown, plain

# What Markdown is made of, so that chance puts it together in every way.
_MARKS = "* ** *** _ __ ~~ ~ ` `` ``` ~~~ ```py # ## > - + 1. 2) --- | |-|-| |a|b| :-:"
_LINKS = """[ ]( ] ( ) ![ ! < > & &amp; &am; \\ \\* [x](https://e.com) ![x](https://e.com/a)
    <https://e.com> https://e.com/a_b mailto:a@e.com javascript: [x] a b snake_case é 漢字 😀"""
_WORDS = [*_MARKS.split(), *_LINKS.split()]
_BLANKS = [
    "",
    " ",
    "  ",
    "    ",
    "\t",
    "\n",
    "\n\n",
    "  \n",
    "\n  ",
    "\n    ",
    "\r\n",
    "\n> ",
    "\n- ",
]
_PIECES = st.lists(st.sampled_from(_WORDS + _BLANKS), max_size=40)
_ENOUGH = settings(
    max_examples=300,
    deadline=None,
    # The page is only what views are put into; each example has a view of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@_ENOUGH
@given(pieces=_PIECES, cuts=st.lists(st.integers(0, 200), max_size=30))
def test_the_cuts_leave_no_trace(page: Page, pieces: list[str], cuts: list[int]) -> None:
    """UX-M1: whatever the text, shown in whatever steps, the end is that of the whole text."""
    text = "".join(pieces)
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    streamed = Shown(page)
    streamed.coming(*(text[a:b] for a, b in pairwise(places)))
    streamed.view.finish()
    assert streamed.html == Shown(page).whole(text)
    assert streamed.view.text == text


@_ENOUGH
@given(pieces=_PIECES)
def test_one_letter_at_a_time_leaves_no_trace_either(page: Page, pieces: list[str]) -> None:
    """UX-M1: the most steps that there can be."""
    text = "".join(pieces)
    streamed = Shown(page)
    streamed.coming(*text)
    streamed.view.finish()
    assert streamed.html == Shown(page).whole(text)


@pytest.mark.parametrize("step", [1, 7, 100, 1000, 9000])
@pytest.mark.parametrize(
    "text",
    [
        "*a **b " * 3000,
        "[a](https://e.com) *b* `c` " * 1000,
        "word " * 5000,
        "a" * 20000,
        "*" * 20000,
        "`" * 9000 + " ``a`` " * 100,
        "[" * 10000 + "a](https://e.com)" * 10,
        "a *b `c [d" + " e" * 800 + "](https://e.com) f` g* h" + " i" * 9000,
        ANSWER * 5,
    ],
    ids=["openers", "spans", "words", "letters", "stars", "ticks", "brackets", "far", "answer"],
)
def test_a_long_text_is_read_on_where_it_is_certain(page: Page, text: str, step: int) -> None:
    """Longer than what is read at once, and than an opener reaches."""
    text = text[: 4000 * step]  # one letter at a time: long enough too
    if step == 1:
        text = text[:9000]
    streamed = Shown(page)
    streamed.coming(*(text[at : at + step] for at in range(0, len(text), step)))
    streamed.view.finish()
    assert streamed.html == Shown(page).whole(text)


# What came so far, and how what is shown for it ends.
COMING = {
    "a block of code is one at once": ("```py\na = 1\nb", "a = 1\nb</code></pre></div>"),
    "its end is not shown as code": ("```\na\n``", "<code>a</code></pre></div>"),
    "a fence waits for its language": ("```pyth", ""),
    "an open star is a star": ("**bold", "<p>**bold</p>"),
    "a star at the end waits": ("bold *", "<p>bold </p>"),
    "a link is its text until its address is whole": ("see [docs](https://e.co", "<p>see docs</p>"),
    "a bare address is text until it ends": ("see https://e.co", "<p>see https://e.co</p>"),
    "a number waits": ("12", ""),
    "an item waits for its first letter": ("- a\n- ", "<ul><li><p>a</p></li></ul>"),
    "and then is there": ("- a\n- b", "<li><p>b</p></li></ul>"),
    "a head is a line": ("| a | b |\n|--", "<p>| a | b |</p>"),
    "a table is there with its second line": ("|a|b|\n|-|-|\n", "</tr></thead></table></div>"),
    "a row grows": ("|a|b|\n|-|-|\n| x | y", "y</td></tr></tbody></table></div>"),
    "an entity waits": ("a &am", "<p>a </p>"),
}


@pytest.mark.parametrize("name", COMING)
def test_what_is_still_coming_is_shown_as_what_it_will_be(shown: Shown, name: str) -> None:
    """UX-M1: an open construct looks sensible while it grows, and nothing jumps."""
    text, end = COMING[name]
    html = plain(shown.coming(text))
    assert html.endswith(end)
    assert end or not html


def test_a_block_of_code_grows_by_its_new_words_only(shown: Shown) -> None:
    """UX-M1: each chunk is one write, however long the code is."""
    shown.coming("```\nfirst line\n")
    shown.page.written.clear()
    shown.coming(*(f"line {number}\n" for number in range(200)))
    assert len(shown.page.written) == 200
    assert len(set(map(id, shown.page.written))) == 1


def test_a_paragraph_grows_by_its_new_words_only(shown: Shown) -> None:
    """UX-M1: plain words are added to the text that is there; no word is written twice."""
    shown.coming("first *words* and")
    shown.page.written.clear()
    shown.coming(*(f" word{number}" for number in range(200)))
    assert len(shown.page.written) == 200
    assert len(set(map(id, shown.page.written))) == 1


def test_what_is_complete_is_never_touched_again(shown: Shown) -> None:
    """UX-M1: while forty more blocks come, nobody writes into the first ones or their parents."""
    shown.coming(ANSWER)
    first = shown.node.children[:-1]
    inside = {id(node) for block in first for node in [block, *block.below(), *_texts(block)]}
    before = [id(node) for node in first]
    shown.page.written.clear()
    more = ANSWER * 5
    shown.coming(*(more[at : at + 11] for at in range(0, len(more), 11)))
    shown.view.finish()
    assert [id(node) for node in shown.node.children[: len(first)]] == before
    assert not inside & {id(node) for node in shown.page.written}


def test_an_answer_takes_few_writes(shown: Shown) -> None:
    """UX-M1: a write or two per step; making each element takes a few of its own."""
    chunks = [(ANSWER * 10)[at : at + 20] for at in range(0, len(ANSWER) * 10, 20)]
    shown.page.written.clear()
    shown.coming(*chunks)
    shown.view.finish()
    elements = len(list(shown.node.below()))
    assert len(shown.page.written) <= 3 * len(chunks) + 5 * elements


def test_adding_writes_nothing_and_flushing_nothing_new_neither(shown: Shown) -> None:
    """UX-M1: words wait for their frame."""
    shown.page.written.clear()
    shown.view.add("some *words*")
    assert shown.page.written == []
    shown.view.flush()
    written = len(shown.page.written)
    assert written
    shown.view.flush()
    shown.view.add("")
    shown.view.flush()
    assert len(shown.page.written) == written


def _texts(block: object) -> list[object]:
    nodes = [block, *block.below()]  # type: ignore[attr-defined]
    return [child for node in nodes for child in node.children]
