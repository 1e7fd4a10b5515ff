"""What the shared tests' runner asks of the interpreter, each of which says it in its own way."""

import json
import sys

HAS_JS = sys.platform in ("emscripten", "webassembly")
MICROPYTHON = sys.implementation.name == "micropython"

if HAS_JS:
    import js
else:
    js = None  # a test that needs it says `except_on(CPYTHON, …)`

if MICROPYTHON:
    import io
else:
    import traceback


def traceback_of(error: BaseException) -> str:
    """Return an error with the lines that led to it."""
    if not MICROPYTHON:
        return "".join(traceback.format_exception(error))
    text = io.StringIO()
    sys.print_exception(error, text)  # type: ignore[attr-defined]
    return text.getvalue()


def load(module: str, name: str) -> object:
    """Import a module and return what it has under `name`."""
    return getattr(__import__(module, None, None, [name]), name)


async def ask(url: str, question: object) -> object:
    """POST a question as JSON and return the answer; in text, so that no preflight is needed."""
    js_options = js.Object.new()
    js_options.method = "POST"
    js_options.body = json.dumps(question)
    js_answer = await js.globalThis.fetch(url, js_options)
    text = str(await js_answer.text())
    assert js_answer.status == 200, f"{question!r}: {text}"
    return json.loads(text)
