"""The pages of a site: their sources, what starts Python in them, what they may load.

`index.html` is the repository's or a person's own; every `static/*.html` is a page beside it, whose
addresses are written as seen from there.
"""

import html
import re
from dataclasses import dataclass
from pathlib import Path

from building import policy, references
from building.hashed import HashedFiles, integrity
from building.packages import wanted_by

INDEX = "index.html"
# What starts Python in `index.html`: people know PyScript; the other needs no 'unsafe-eval'.
PYSCRIPT, STRICT = HOSTS = ("pyscript", "strict")

_GATEWAY_META = '<meta name="tollbridge-gateway" content="">'
_PAYWALL_META = '<meta name="tollbridge-paywall" content="pw_demo">'
_PYSCRIPT_PART = re.compile(r" *<!-- host: pyscript.*?<!-- host: end -->\n", re.DOTALL)
_MOCK_PART = re.compile(r" *<!-- mock: telegram.*?<!-- mock: end -->\n", re.DOTALL)
_PYSCRIPT_FOLDER = "./pyscript/"
# First what is imported, so that nobody asks for it without its hash.
_STRICT_HEAD = """\
  <link rel="modulepreload" href="./static/manifest.mjs">
  <link rel="modulepreload" href="./static/downloads.mjs">
  <link rel="modulepreload" href="./static/interpreter.mjs">
  <link rel="modulepreload" href="./static/sse_pump.mjs" fetchpriority="low">
  <link rel="modulepreload" href="./pyodide/pyodide.mjs" fetchpriority="low">
  <link rel="modulepreload" href="./pyodide/pyodide.asm.mjs" fetchpriority="low">
  <link rel="preload" as="fetch" crossorigin href="./python_stdlib.zip" fetchpriority="low">
  <link rel="preload" as="fetch" crossorigin href="./tollbridge_compiled.zip" fetchpriority="low">
  <script type="module" src="./static/boot.mjs"
    data-runtime="pyodide" data-page="tollbridge.pages.spa"></script>
"""
_REWRITTEN = {".css", ".js", ".json", ".mjs", ".py", ".toml"}
_STARTED = re.compile(r'data-runtime="micropython"\s+data-page="([\w.]+)"')
_LOADING = re.compile(r"<(?:script|link)\b[^>]*>")
_ADDRESS = re.compile(r'\b(?:src|href)="\./([^"]+)"')
_CHECKED = re.compile(r'<script\b(?![^>]*type="m?py")|\brel="(?:stylesheet|modulepreload)"')


@dataclass(frozen=True)
class Page:
    """A page as its source has it.

    Attributes:
        name: Its name in the site.
        text: Its HTML.
    """

    name: str
    text: str

    @property
    def strict(self) -> bool:
        """Whether it does without PyScript, and so without 'unsafe-eval'."""
        return _PYSCRIPT_FOLDER not in self.text

    @property
    def packages(self) -> list[str]:
        """The packages of other people's that it wants beside it."""
        return wanted_by(self.text)

    @property
    def micropython_pages(self) -> list[str]:
        """The modules that it starts on MicroPython."""
        return _STARTED.findall(self.text)


def read_pages(
    root: Path, own: Path | None, host: str, *, mock_telegram: bool = False
) -> list[Page]:
    """Every page of the site, `index.html` first.

    Args:
        root: The repository.
        own: What a person has in place of our `index.html`; it says itself what starts it.
        host: What starts ours.
        mock_telegram: Whether the Mini App can be opened outside Telegram, for development.
    """
    index = (own or root / INDEX).read_text("utf-8")
    if host == STRICT and own is None:
        index = on_strict_host(index)
    beside = {path.name: path.read_text("utf-8") for path in (root / "static").glob("*.html")}
    if not mock_telegram:
        beside = {name: _MOCK_PART.sub("", text) for name, text in beside.items()}
    return [Page(INDEX, index), *(Page(name, text) for name, text in sorted(beside.items()))]


def files_beside(own: Path, site: HashedFiles) -> dict[str, bytes]:
    """Name → content of the files that a person's page names and that lie in its folder, or below.

    They keep their names. The names of the site's own files in them are rewritten as in the page.
    """
    text = references.rewritten(own.read_text("utf-8"), site.renamed)
    folder = own.parent.resolve()
    found = {}
    for address in references.missing(references.asked_by_page(text), site.files):
        path = (folder / address).resolve()
        if ":" not in address and path.is_relative_to(folder) and path.is_file():
            content = path.read_bytes()
            if path.suffix in _REWRITTEN:
                content = references.rewritten(content.decode(), site.renamed).encode()
            found[address.removeprefix("./")] = content
    return found


def on_strict_host(index: str) -> str:
    """Our page with `boot.mjs` in place of PyScript.

    Raises:
        ValueError: It does not say which of its parts are PyScript's.
    """
    text = _PYSCRIPT_PART.sub(_STRICT_HEAD, index, count=1)
    text = _PYSCRIPT_PART.sub("", text)
    if text == index or _PYSCRIPT_FOLDER in text:
        raise ValueError(f"{INDEX} does not mark what is PyScript's")
    return text


def built_page(
    page: Page,
    files: dict[str, bytes],
    renamed: dict[str, str],
    *,
    gateway_url: str,
    paywall_id: str = "",
) -> str:
    """A page as it stands in the site.

    Args:
        page: Its source.
        files: All other files of the site.
        renamed: What source names became.
        gateway_url: Where it finds its gateway; empty for its own origin.
        paywall_id: The app, where the page says the demo's; empty for what it says.

    Raises:
        ValueError: It lacks a line that it must have, or asks for what is not in the site.
    """
    text = references.rewritten(page.text, renamed)
    if gateway_url:
        url = html.escape(gateway_url)
        if _GATEWAY_META not in text:
            raise ValueError(f"{page.name} lacks the line {_GATEWAY_META}")
        text = text.replace(_GATEWAY_META, f'{_GATEWAY_META[:-2]}{url}">', 1)
    if paywall_id:
        told = _PAYWALL_META.replace("pw_demo", html.escape(paywall_id))
        text = text.replace(_PAYWALL_META, told, 1)
    rules = policy.page_policy(page.name, policy.origin_of(gateway_url), strict=page.strict)
    text = policy.with_policy(text, rules)
    if lost := references.missing(references.asked_by_page(text), files):
        raise ValueError(f"{page.name} asks for what is not in the site: " + ", ".join(lost))
    return with_integrity(text, files) if page.strict else text


def with_integrity(text: str, files: dict[str, bytes]) -> str:
    """A page whose scripts, modules and styles say what they are, for the browser to check."""

    def told(tag: re.Match[str]) -> str:
        address = _ADDRESS.search(tag[0])
        if not address or not _CHECKED.search(tag[0]):
            return tag[0]
        return f'{tag[0][:-1]} integrity="{integrity(files[address[1]])}">'

    return _LOADING.sub(told, text)
