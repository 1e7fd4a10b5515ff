"""An answer in a real page: the same nodes from both interpreters, and nothing that it loads."""

import pytest
from playwright.async_api import Browser

from tests.support.interpreters import ROOT, Interpreter, interpreter_host
from tests.ui.markdown.answers import ANSWER

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Everything that a browser would load or run if it were let in.
HOSTILE = """
![leak](https://img.example/?q=secret) <img src=https://img.example/a onerror=alert(1)>
[press](javascript:alert(1)) <script>alert(1)</script> <https://img.example/b>

```js"onload="alert(1)
<iframe src="https://img.example/c"></iframe>
```
"""
WIDE = f"""
```text
{"a line of code that is far too long " * 20}
```

|{"a column|" * 40}
|{"---|" * 40}
|{"a_word_that_does_not_break|" * 40}

`{"an_identifier_without_an_end" * 20}`
"""


async def test_an_answer_is_the_same_on_both_interpreters(chromium: Browser) -> None:
    """UX-M2: built as nodes while it streams, by Pyodide and MicroPython; no image is asked for."""
    shown = []
    async with interpreter_host() as host:
        for kind in ("pyodide", "micropython"):
            context = await chromium.new_context(viewport={"width": 360, "height": 800})
            python = Interpreter(await context.new_page())
            asked: list[str] = []
            python.page.on("request", lambda request, asked=asked: asked.append(request.url))
            await python.start(f"{host}/page", kind, program="answer_in_page", ui=True)
            for name in ("tokens", "base", "turns", "prose"):
                style = (ROOT / "static" / f"{name}.css").read_text("utf-8")
                await python.page.add_style_tag(content=style)
            streamed, whole = await python.run("show", text=ANSWER + HOSTILE + WIDE, step=7)
            assert streamed == whole
            assert [url for url in asked if not url.startswith(host)] == []
            assert python.errors == []
            assert await python.page.evaluate(_WIDTHS) == [True, True, True]
            shown.append(whole)
            await context.close()
    assert shown[0] == shown[1]
    assert shown[0].count("<table>") == 2
    assert "<img" not in shown[0]
    assert "<script" not in shown[0]


# The page is no wider than the screen, and code and tables scroll in boxes of their own.
_WIDTHS = """() => [
  document.documentElement.scrollWidth <= innerWidth,
  [...document.querySelectorAll(".code-box")].some((box) => box.scrollWidth > box.clientWidth),
  [...document.querySelectorAll(".table-box")].some((box) => box.scrollWidth > box.clientWidth),
]"""
