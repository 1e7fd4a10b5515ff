"""The pages of a site: what starts Python in them, their policies, and what their files must be."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from building import policy
from building.pages import STRICT, Page, on_strict_host, with_integrity
from building.site import ROOT, CannotBuild, site_files

_TAG = re.compile(r'<(?:script|link)\b[^>]*\b(?:src|href)="\./([^"]+)"[^>]*>')
MINE = """<!doctype html>
<meta charset="utf-8">
<script type="module" src="./static/boot.mjs"
  data-runtime="micropython" data-page="tollbridge.pages.spa"></script>
"""


@pytest.fixture(scope="module")
def strict() -> dict[str, bytes]:
    """The site with our page on the strict host."""
    return site_files(ROOT, host=STRICT)


def _policies(site: dict[str, bytes]) -> dict[str, str]:
    """The policy of each path in `_headers`."""
    blocks = site["_headers"].decode().split("\n\n")
    found = {}
    for path, *headers in (block.splitlines() for block in blocks):
        for header in headers:
            name, _, value = header.strip().partition(": ")
            if name == "Content-Security-Policy":
                found[path] = value
    return found


def test_the_strict_page_asks_for_nothing_of_pyscript(strict: dict[str, bytes]) -> None:
    """Neither the page nor the site has any of it; `boot.mjs` starts the same module."""
    text = strict["index.html"].decode()
    assert "pyscript" not in re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).lower()
    assert not [name for name in strict if name.startswith("pyscript")]
    assert 'data-runtime="pyodide" data-page="tollbridge.pages.spa"' in text


def test_the_strict_policy_makes_nothing_from_text(strict: dict[str, bytes]) -> None:
    """WebAssembly may be compiled, and no text becomes a script by whatever way."""
    for path in ("/", "/index.html"):
        rules = _policies(strict)[path]
        assert "script-src 'self' 'wasm-unsafe-eval';" in rules
        assert "require-trusted-types-for 'script'" in rules
        assert "'unsafe-eval'" not in rules.replace("'wasm-unsafe-eval'", "")
    assert "require-trusted-types-for" in strict["index.html"].decode()


def test_whatever_the_strict_page_runs_says_what_it_is(strict: dict[str, bytes]) -> None:
    """Every script, module and style has the hash of the very file that is in the site."""
    checked = []
    for tag in _TAG.finditer(strict["index.html"].decode()):
        if 'rel="icon"' in tag[0] or 'rel="preload"' in tag[0]:
            continue
        digest = base64.b64encode(hashlib.sha384(strict[tag[1]]).digest()).decode()
        assert f'integrity="sha384-{digest}"' in tag[0], tag[1]
        checked.append(tag[1].rpartition("/")[2])
    assert {"boot.mjs", "manifest.mjs", "pyodide.asm.mjs", "app.css", "early.mjs"} <= set(checked)


def test_what_is_fetched_is_in_the_manifest_with_its_hash(strict: dict[str, bytes]) -> None:
    """What no tag names, because Python's starters fetch it: each with its size and its hash."""
    (name,) = (name for name in strict if name.endswith("/manifest.mjs"))
    manifest = json.loads(strict[name].decode().partition("export default ")[2].rstrip(";\n"))
    assert len(manifest["files"]) == 4 + len(manifest["bundles"])
    for path, facts in manifest["files"].items():
        content = strict[path.removeprefix("../")]
        digest = base64.b64encode(hashlib.sha384(content).digest()).decode()
        assert facts == {"bytes": len(content), "integrity": f"sha384-{digest}"}


def test_what_a_module_imports_is_told_before_it(strict: dict[str, bytes]) -> None:
    """A module that is asked for without its hash first is never checked."""
    tags = [tag[1] for tag in _TAG.finditer(strict["index.html"].decode())]
    names = [name.rpartition("/")[2] for name in tags if name.endswith(".mjs")]
    for name in [name for name in tags if name.endswith(".mjs") and "/static" in f"/{name}"]:
        text = strict[name].decode()
        for imported in re.findall(r'^import [^"]*"\./([\w.]+)"', text, re.MULTILINE):
            assert names.index(imported) < names.index("boot.mjs"), imported


def test_a_page_of_ones_own_starts_what_it_says(tmp_path: Path) -> None:
    """Its module is bundled for MicroPython, and its policy is the strict one, PyScript or not."""
    mine = tmp_path / "mine.html"
    mine.write_text(MINE)
    site = site_files(ROOT, page=mine)
    (bundle,) = (name for name in site if name.startswith("tollbridge_pages_spa-"))
    assert b"\x07spa.mpy" in site[bundle]
    assert "'unsafe-eval'" not in _policies(site)["/"].replace("'wasm-unsafe-eval'", "")


def test_a_page_that_starts_nobody_s_module_is_refused(tmp_path: Path) -> None:
    """The build says so; the visitor's console would be too late."""
    mine = tmp_path / "mine.html"
    mine.write_text(MINE.replace("pages.spa", "pages.nobody"))
    with pytest.raises(CannotBuild, match=re.escape("no module tollbridge.pages.nobody")):
        site_files(ROOT, page=mine)


def test_a_page_of_ones_own_that_needs_pyscript_is_no_strict_one() -> None:
    """Whether a page makes functions from text is read off the page."""
    assert not Page("index.html", '<script src="./pyscript/core.js">').strict
    assert Page("index.html", MINE).strict


def test_our_page_marks_what_is_pyscript_s() -> None:
    """Without its marks the strict page would quietly ask for both."""
    with pytest.raises(ValueError, match="does not mark"):
        on_strict_host('<script type="module" src="./pyscript/core.js"></script>')


def test_tags_that_run_nothing_stay_as_they_are() -> None:
    """Icons and what is only fetched early have no place for a hash."""
    text = '<link rel="icon" href="./a.svg"><link rel="preload" href="./a.svg" as="fetch">'
    assert with_integrity(text, {"a.svg": b""}) == text


def test_the_page_for_what_is_not_there_carries_its_policy() -> None:
    """Hosts serve it at addresses that no rule of `_headers` knows."""
    text = site_files(ROOT)["404.html"].decode()
    style = policy.style_hash(text)
    assert f"content=\"default-src 'none'; style-src {style}\"" in text


def test_every_page_has_its_policy_once() -> None:
    """Two rules for one path would be one policy on this host and both on that one."""
    paths = _policies(site_files(ROOT))
    assert "/*" not in paths
    assert {"/", "/index.html", "/404", "/404.html"} <= set(paths)
