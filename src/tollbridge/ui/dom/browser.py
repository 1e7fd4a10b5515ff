"""What the browser around the page offers: settings, the clipboard, downloads, its clock."""

import js

try:
    from pyodide.ffi import JsException
except ImportError:  # MicroPython
    from jsffi import JsException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def meta(name: str, default: str = "") -> str:
    """Return the content of `<meta name="…">`, or `default` where it is missing or empty."""
    js_node = js.document.querySelector(f'meta[name="{name}"]')
    return (js_node.getAttribute("content") or default) if js_node else default


def page_origin() -> str:
    """Return the origin that the page came from, such as `https://example.com`."""
    return str(js.location.origin)


async def copy_text(text: str, node: "Any") -> bool:
    """Copy `text`, which `node` shows, to the clipboard.

    Returns:
        False where the browser refused, as it does on plain http; the text in `node` is then
        selected, so that the person can copy it.
    """
    js_clipboard = getattr(js.navigator, "clipboard", None)
    if js_clipboard:
        try:
            await js_clipboard.writeText(text)
            return True
        except JsException:
            pass  # the person, or the page around us, does not let us: select it instead
    js.window.getSelection().selectAllChildren(node)
    return False


def download(text: str, *, name: str, media_type: str) -> None:
    """Offer `text` as a file of this name, in UTF-8."""
    js_options = js.Object.new()
    js_options.type = media_type
    js_url = js.URL.createObjectURL(js.Blob.new(js.Array.of(text), js_options))
    js_link = js.document.createElement("a")
    js_link.href = js_url
    js_link.download = name
    js_link.click()
    js.URL.revokeObjectURL(js_url)  # the browser has taken hold of it by now


def is_online() -> bool:
    """Return what the browser believes; True does not promise that anything is reached."""
    return js.navigator.onLine is not False


def now_ms() -> float:
    """Return milliseconds since the page was opened; never goes back."""
    return float(js.performance.now())


def take_early() -> str:
    """Take over from `static/early.mjs` what was sent and pressed before Python was up.

    Returns:
        JSON: a list of `{"kind": "send", "text", "provider", "model"}` and
        `{"kind": "press", "id"}`, in order; "[]" on a page without that file. From here on the
        page's own listeners must be in place: nobody else listens any more.
    """
    js_early = getattr(js.globalThis, "tollbridgeEarly", None)
    return str(js_early.take()) if js_early else "[]"
