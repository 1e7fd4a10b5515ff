"""What stands inside a line: emphasis, code, escapes (UX-M2)."""

import pytest

from tests.ui.markdown.shown import Shown, plain

WORDS = {
    "emphasis": (
        "*a* _b_ **c** __d__",
        "<em>a</em> <em>b</em> <strong>c</strong> <strong>d</strong>",
    ),
    "both": ("***a***", "<em><strong>a</strong></em>"),
    "one inside the other": ("**a *b* c**", "<strong>a <em>b</em> c</strong>"),
    "struck through": ("~~a~~ ~b~", "<del>a</del> ~b~"),
    "a product": ("2 * 3 * 4 and 2*3", "2 * 3 * 4 and 2*3"),
    "a name": ("snake_case_name __init__.py", "snake_case_name <strong>init</strong>.py"),
    "inside a word": ("un*frigging*believable", "un<em>frigging</em>believable"),
    "never closed": ("**a *b", "**a *b"),
    "never opened": ("a* b**", "a* b**"),
    "over a line": ("**a\nb**", "<strong>a\nb</strong>"),
    "not over a paragraph": ("**a", "**a"),
    "CJK": ("**强调。**后面", "<strong>强调。</strong>后面"),
    "crossed, as CommonMark has it": ("*a **b* c**", "<em>a <em><em>b</em> c</em></em>"),
    "too long a run": ("****a****", "****a****"),
    "code": ("`a` ``b ` c`` `` ` ``", "<code>a</code> <code>b ` c</code> <code>`</code>"),
    "code wins": ("*a `b* c`", "*a <code>b* c</code>"),
    "code is never an entity": ("`&amp;`", "<code>&amp;amp;</code>"),
    "never closed code": ("`a ``b", "`a ``b"),
    "escapes": (r"\*a\* \` \[b](c) \\ \d", r"*a* ` [b](c) \ \d"),
    "an escaped star beside a star": (r"\**a*", "*<em>a</em>"),
    "entities": ("&lt;b&gt; &copy; &#65;&#x42; &nix; AT&T", "&lt;b&gt; © AB &amp;nix; AT&amp;T"),
    "characters that hide": (
        "&#0;&#8238;&#x202e;&#xD800;",
        "&amp;#0;&amp;#8238;&amp;#x202e;&amp;#xD800;",
    ),
    "HTML is text": (
        "<img src=x onerror=alert(1)> <b>a</b><br>",
        "&lt;img src=x onerror=alert(1)&gt; &lt;b&gt;a&lt;/b&gt;&lt;br&gt;",
    ),
    "a script is text": ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    "math": (r"$a_1 + b_2$", r"$a_1 + b_2$"),
}


@pytest.mark.parametrize("name", WORDS)
def test_words_are_shown_as_what_they_are(shown: Shown, name: str) -> None:
    """UX-M2: marks of emphasis where Markdown sees them; HTML is always text."""
    text, html = WORDS[name]
    assert plain(shown.whole(text)) == f"<p>{html}</p>"


def test_emphasis_reaches_only_so_far(shown: Shown) -> None:
    """An opener is forgotten, so that a long paragraph is not read again and again."""
    assert "<em>" in shown.whole(f"*{'a' * 1400}*")
    assert "<em>" not in shown.whole(f"*{'a' * 1600}*")
    assert "<code>" not in shown.whole(f"`{'a' * 1600}`")
