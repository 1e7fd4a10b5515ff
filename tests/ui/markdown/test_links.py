"""What a link may be, and what it tells about itself (UX-M2)."""

import pytest

from tests.ui.markdown.shown import Shown, plain
from tollbridge.ui.markdown.addresses import host_of, safe_address, shows_host

LINKS = {
    "a link says its host": (
        "[docs](https://Example.com/a)",
        '<a href="https://Example.com/a">docs<span class="host"> (example.com)</span></a>',
    ),
    "but not twice": (
        "[example.com/a](https://example.com/a)",
        '<a href="https://example.com/a">example.com/a</a>',
    ),
    "with a title": (
        '[a](https://e.com "t (x)")',
        '<a href="https://e.com">a<span class="host"> (e.com)</span></a>',
    ),
    "in angle brackets": (
        "<https://e.com/a_b>",
        '<a href="https://e.com/a_b">https://e.com/a_b</a>',
    ),
    "bare": (
        "(see https://e.com/a_(b)_c). https://e.com/?a=1&b=*2",
        '(see <a href="https://e.com/a_(b)_c">https://e.com/a_(b)_c</a>). '
        '<a href="https://e.com/?a=1&amp;b=">https://e.com/?a=1&amp;b=</a>*2',
    ),
    "bare, in bold": (
        "**https://e.com/**",
        '<strong><a href="https://e.com/">https://e.com/</a></strong>',
    ),
    "a mailbox": (
        "[write](mailto:a@e.com)",
        '<a href="mailto:a@e.com">write<span class="host"> (a@e.com)</span></a>',
    ),
    "emphasis inside": (
        "[**e.com**](https://e.com)",
        '<a href="https://e.com"><strong>e.com</strong></a>',
    ),
    "parentheses inside": (
        "[e.com](https://e.com/a_(b))",
        '<a href="https://e.com/a_(b)">e.com</a>',
    ),
    "an entity in the address": (
        "[e.com](https://e.com/?a&amp;b)",
        '<a href="https://e.com/?a&amp;b">e.com</a>',
    ),
    "an image is a link that loads nothing": (
        "![a *cat*](https://e.com/c.png)",
        '<a href="https://e.com/c.png">Image: a cat<span class="host"> (e.com)</span></a>',
    ),
    "an image in a link": (
        "[![cat](https://i.com/c.png)](https://e.com)",
        '<a href="https://e.com">cat<span class="host"> (e.com)</span></a>',
    ),
    "a link in a link": (
        "[a https://x.com b](https://e.com)",
        '<a href="https://e.com">a https://x.com b<span class="host"> (e.com)</span></a>',
    ),
    "the inner one wins": (
        "[a [e.com](https://e.com) b](/c)",
        '[a <a href="https://e.com">e.com</a> b](/c)',
    ),
    "no link at all": ("[a] [b] (c) [d][e] f]", "[a] [b] (c) [d][e] f]"),
    "a link beats emphasis": (
        "*a [e.com/*](https://e.com)",
        '*a <a href="https://e.com">e.com/*</a>',
    ),
}

# Each stays the text that it is.
REFUSED = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "&#106;avascript:alert(1)",
    "javascript&colon;alert(1)",
    "javascript%3Aalert(1)",
    "vbscript:x",
    "data:text/html,<b>",
    "blob:https://e.com/1",
    "file:///etc/passwd",
    "http://e.com",
    "//e.com",
    "/a",
    "a",
    "#a",
    "?a",
    "",
    "https:e.com",
    "https:/e.com",
    "https:///e.com",
    "https://",
    "https://:443",
    "https://user@e.com",
    "https://good.com@e.com",
    "https://e.com\\@good.com",
    "https:\\\\e.com",
    "https://e.com:x",
    "https://e.com:",
    "https://-e.com",
    "https://e..com",
    "https://e_.com",
    "https://%65.com",
    "https://\u0435.com",
    "https://e.com/\u202egnp",
    "https://e.com/\u200b",
    "https://e.com/\x00",
    "https://e.com/\x7f",
    "\x01https://e.com",
    "https://e.com/" + "a" * 1500,
    "mailto:",
    "mailto:a",
    "mailto:a@e",
    "mailto:a@e.com?bcc=b@e.com",
    "mailto:a@e.com,b@e.com",
]


@pytest.mark.parametrize("name", LINKS)
def test_a_link_is_shown_with_its_host(shown: Shown, name: str) -> None:
    """UX-M2: a link says where it leads, an image loads nothing."""
    text, html = LINKS[name]
    assert plain(shown.whole(text)) == f"<p>{html}</p>"


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_plainly_safe_is_text(shown: Shown, address: str) -> None:
    """UX-M2: only `https:` and `mailto:`, as a link, as an image and in angle brackets."""
    assert safe_address(address) == ""
    for text in (f"[a]({address})", f"![a]({address})", f"<{address}>", f"[a](<{address}>)"):
        html = shown.whole(text)
        # A part of it that is an address of its own may be one, and then says so itself.
        assert f'href="{address}' not in html
        assert "<a" not in html or f">{host_of('https://e.com')}" in html or ">https://" in html


def test_a_link_tells_nobody_where_it_was_pressed(shown: Shown) -> None:
    """UX-M2: no opener, no referrer, no vote; and the chat stays open."""
    html = shown.whole("https://e.com")
    assert 'rel="noopener noreferrer nofollow" target="_blank"' in html


@pytest.mark.parametrize(
    "text",
    [
        "good.com",
        "https://good.com",
        "e.com.good.com",
        "e.company",
        "\u0435.com",
        "e.com\u202e",
        "mailto:e.com@good.com",
        "e.com@good.com",
        "a e.com",
        "",
    ],
)
def test_a_text_that_looks_like_another_address_does_not_hide_the_host(text: str) -> None:
    """Only a text that begins with the host, in plain letters, stands for it."""
    assert not shows_host(text, "https://e.com/x")


@pytest.mark.parametrize("text", ["e.com", "E.com/a", "https://e.com", "https://e.com/b?c"])
def test_a_text_that_says_the_host_is_enough(text: str) -> None:
    """What is read twice is not read."""
    assert shows_host(text, "https://E.com/x")


def test_nothing_of_the_text_becomes_an_attribute_but_what_was_checked(shown: Shown) -> None:
    """UX-M2: no style, no handler, no id, no source, whatever stands in the text."""
    hostile = (
        '[a" onclick="x](https://e.com/"onclick="x)\n\n'
        '```js" onload="x\nb\n```\n\n|a" style="x|\n|:-"|\n\n1" x. c\n\n'
        "![x](https://e.com/a.png){onerror=x} <svg/onload=x>\n\n# h {#id .class onclick=x}"
    )
    shown.whole(hostile)
    tags, names = set(), set()
    for node in shown.node.below():
        tags.add(node.tag)
        names.update(node.attributes)
    assert names <= {
        "dir",
        "href",
        "rel",
        "target",
        "class",
        "type",
        "tabindex",
        "role",
        "aria-label",
    }
    assert not tags & {"img", "script", "style", "iframe", "svg", "object", "form"}
