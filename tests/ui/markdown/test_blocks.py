"""Each kind of block is shown as what it is (UX-M2)."""

import pytest

from tests.ui.markdown.shown import Shown, plain

BLOCKS = {
    "a paragraph of two lines": ("one\ntwo", "<p>one\ntwo</p>"),
    "two paragraphs": ("one\n\ntwo", "<p>one</p><p>two</p>"),
    "Windows' line ends": ("one\r\n\r\ntwo\r", "<p>one</p><p>two</p>"),
    "a hard break by blanks": ("one  \ntwo", "<p>one  <br></br>two</p>"),
    "a hard break by a backslash": ("one\\\ntwo", "<p>one<br></br>two</p>"),
    "headings begin below the page's own": (
        "# a\n## b ##\n###### c",
        "<h3>a</h3><h4>b</h4><h6>c</h6>",
    ),
    "no heading without a blank": ("#a\n####### b", "<p>#a\n####### b</p>"),
    "a heading ends a paragraph": ("a\n# b\nc", "<p>a</p><h3>b</h3><p>c</p>"),
    "a line across": ("a\n\n---\n* * *\nb", "<p>a</p><hr></hr><hr></hr><p>b</p>"),
    "a list": ("- a\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
    "items apart": ("- a\n\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
    "another mark, another list": (
        "- a\n+ b",
        "<ul><li><p>a</p></li></ul><ul><li><p>b</p></li></ul>",
    ),
    "a numbered list": ("1. a\n2. b", "<ol><li><p>a</p></li><li><p>b</p></li></ol>"),
    "that begins elsewhere": ("7) a", '<ol start="7"><li><p>a</p></li></ol>'),
    "a list in a list": (
        "- a\n  - b\n    - c\n- d",
        "<ul><li><p>a</p><ul><li><p>b</p><ul><li><p>c</p></li></ul></li></ul></li>"
        "<li><p>d</p></li></ul>",
    ),
    "marks below a number, moved in too little": (
        "1. a\n  - b\n2. c",
        "<ol><li><p>a</p><ul><li><p>b</p></li></ul></li><li><p>c</p></li></ol>",
    ),
    "a second paragraph in an item": (
        "1. a\n\n   b\n2. c",
        "<ol><li><p>a</p><p>b</p></li><li><p>c</p></li></ol>",
    ),
    "a list ends": ("- a\n\nb", "<ul><li><p>a</p></li></ul><p>b</p>"),
    "a year is no item": ("It was in\n1984. Then", "<p>It was in\n1984. Then</p>"),
    "boxes are text": (
        "- [ ] a\n- [x] b\n- [y] c",
        "<ul><li><p>☐ a</p></li><li><p>☑ b</p></li><li><p>[y] c</p></li></ul>",
    ),
    "a quote": ("> a\n> b", "<blockquote><p>a\nb</p></blockquote>"),
    "a quote whose marks are left out": ("> a\nb", "<blockquote><p>a\nb</p></blockquote>"),
    "a quote ends": ("> a\n\nb", "<blockquote><p>a</p></blockquote><p>b</p>"),
    "a list in a quote in an item": (
        "- > - a",
        "<ul><li><blockquote><ul><li><p>a</p></li></ul></blockquote></li></ul>",
    ),
    "an item without words": ("-\n- a", "<ul><li></li><li><p>a</p></li></ul>"),
}

TABLE = (
    '<div class="table-box" tabindex="0" role="group" aria-label="Table"><table>{}</table></div>'
)
CODE = (
    '<div class="code-block"><div class="code-head"><span class="code-language">{}</span>'
    '<button class="button quiet small" type="button">Copy code</button></div>'
    '<pre class="code-box" tabindex="0" role="group" aria-label="{}" dir="ltr">'
    "<code{}>{}</code></pre></div>"
)

CODES = {
    "with a language": (
        "```py\na = 1\n\n\tb\n```",
        ("py", "py", ' class="language-py"', "a = 1\n\n\tb"),
    ),
    "without": ("~~~\n```\n~~~~", ("Code", "Code", "", "```")),
    "that is never closed": ("```\na\n", ("Code", "Code", "", "a")),
    "whose language is too odd": ('```"><b>\na\n```', ("Code", "Code", "", "a")),
    "that only shows Markdown": (
        "````\n```\n# *a*\n```\n````",
        ("Code", "Code", "", "```\n# *a*\n```"),
    ),
    "moved in": ("  ```\n  a\n   b\n  ```", ("Code", "Code", "", "a\n b")),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_is_shown_as_what_it_is(shown: Shown, name: str) -> None:
    """UX-M2: paragraphs, headings, lists, quotes and lines are elements built one by one."""
    text, html = BLOCKS[name]
    assert plain(shown.whole(text)) == html


@pytest.mark.parametrize("name", CODES)
def test_code_is_shown_as_it_is_written(shown: Shown, name: str) -> None:
    """A block of code keeps every blank, names its language and can be scrolled by keyboard."""
    text, parts = CODES[name]
    assert plain(shown.whole(text)) == CODE.format(*parts)


def test_code_inside_an_item_is_moved_out(shown: Shown) -> None:
    """Copied code begins where it began."""
    html = plain(shown.whole("1. a\n   ```sh\n   ls\n     -l\n   ```\n2. b"))
    code = CODE.format("sh", "sh", ' class="language-sh"', "ls\n  -l")
    assert html == f"<ol><li><p>a</p>{code}</li><li><p>b</p></li></ol>"


def test_a_table_is_aligned_by_classes(shown: Shown) -> None:
    """Every column has a class; a style attribute would be against the page's policy."""
    html = plain(shown.whole("a | b | c\n:-- | :-: | --:\n1 | *2* | `x \\| y`\n\nend"))
    assert (
        html
        == TABLE.format(
            '<thead><tr><th class="align-left">a</th><th class="align-center">b</th>'
            '<th class="align-right">c</th></tr></thead>'
            '<tbody><tr><td class="align-left">1</td><td class="align-center"><em>2</em></td>'
            '<td class="align-right"><code>x | y</code></td></tr></tbody>'
        )
        + "<p>end</p>"
    )


def test_a_table_may_follow_a_line_of_text(shown: Shown) -> None:
    """As models write it, without a blank line between."""
    html = plain(shown.whole("Here:\n| a |\n|---|\n| 1 |\nafter"))
    assert (
        html
        == "<p>Here:</p>"
        + TABLE.format(
            '<thead><tr><th class="align-start">a</th></tr></thead>'
            '<tbody><tr><td class="align-start">1</td></tr></tbody>'
        )
        + "<p>after</p>"
    )


def test_a_row_has_no_more_cells_than_its_table(shown: Shown) -> None:
    """And a line under a head of another width makes no table."""
    html = shown.whole("|a|\n|-|\n|1|2|3|")
    assert html.count("<td") == 1
    assert "<table" not in shown.whole("|a|b|\n|-|\n")


def test_a_text_may_run_either_way(shown: Shown) -> None:
    """Each block finds its own direction; code runs from left to right."""
    html = shown.whole("# ab\n\ncd\n\n- a\n\n> b\n\n|a|\n|-|\n|b|\n\n```\nc\n```")
    for tag in ("h3", "p", "ul", "blockquote"):
        assert f'<{tag} dir="auto">' in html
    assert html.count('align-start" dir="auto"') == 2
    assert 'dir="ltr"' in html


def test_another_text_takes_the_place_of_the_first(shown: Shown) -> None:
    """`set` shows a whole text, and more of it after all if more is added."""
    shown.whole("```\nfirst")
    assert plain(shown.whole("1. a")) == "<ol><li><p>a</p></li></ol>"
    assert shown.view.text == "1. a"
    shown.view.add("bc **d**")
    shown.view.finish()
    assert plain(shown.html) == "<ol><li><p>abc <strong>d</strong></p></li></ol>"
    assert plain(shown.whole("")) == ""
