"""The Chrome extension, folder and archive: what it may do, and that all of it is in it."""

import ast
import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from building import vendored
from building.extension import MANIFEST, PLACES, archive, extension_files, write_folder
from building.python_zip import PAGE_PACKAGES
from building.site import ROOT, site_files

GATEWAY = "https://gateway.example"
# What the store refuses, and what no part of ours has a use for.
_FROM_TEXT = re.compile(r"\beval\(|\bnew Function\b|\bimportScripts\b|\brun_js\b|micropip", re.I)
_REMOTE = re.compile(r"""["'`(]\s*(?:https?:)?//\w""")
_EXECUTES = {"eval", "exec", "compile", "__import__"}
ARCHIVE_MB_MAX = 7.0  # what somebody downloads who installs it, most of it Pyodide


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """The extension for a gateway elsewhere."""
    return extension_files(ROOT, gateway_url=GATEWAY, paywall_id="pw_app")


@pytest.fixture(scope="module")
def manifest(files: dict[str, bytes]) -> dict:
    """Its manifest."""
    return json.loads(files[MANIFEST])


def vendored_files() -> dict[str, bytes]:
    """What comes from npm, by its own name."""
    modules = ROOT / "node_modules"
    return vendored.pyodide_files(modules) | vendored.micropython_files(modules)


def own(files: dict[str, bytes], *endings: str) -> dict[str, str]:
    """The text of every file of ours with one of these endings."""
    theirs = vendored_files().values()
    return {
        name: content.decode()
        for name, content in files.items()
        if name.endswith(endings) and content not in theirs
    }


def test_it_asks_for_no_more_than_it_uses(manifest: dict) -> None:
    """EXT-M1: three permissions, one host, nobody outside who may connect, no script in pages."""
    assert manifest["permissions"] == ["offscreen", "storage", "sidePanel"]
    assert manifest["host_permissions"] == [f"{GATEWAY}/*"]
    assert manifest["externally_connectable"] == {"ids": []}
    assert manifest["minimum_chrome_version"] == "116"
    for grants in ("content_scripts", "web_accessible_resources", "optional_permissions"):
        assert grants not in manifest


def test_its_policy_runs_what_is_in_it_and_asks_its_gateway(manifest: dict) -> None:
    """EXT-M1: the policy that Chrome wants at least, and no other host for anything."""
    rules = manifest["content_security_policy"]["extension_pages"].split("; ")
    assert "script-src 'self' 'wasm-unsafe-eval'" in rules
    assert "object-src 'self'" in rules
    assert f"connect-src 'self' {GATEWAY}" in rules
    assert "default-src 'self'" in rules


@pytest.mark.parametrize("page", ["offscreen.html", *[f"{place}.html" for place in PLACES]])
def test_a_page_knows_its_gateway_and_has_the_strict_policy(
    page: str, files: dict[str, bytes]
) -> None:
    """The build puts in what differs; trusted types are on, too."""
    text = files[page].decode()
    assert f'<meta name="tollbridge-gateway" content="{GATEWAY}">' in text
    assert '<meta name="tollbridge-paywall" content="pw_app">' in text
    assert "require-trusted-types-for 'script'" in text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", text)


def test_popup_and_panel_differ_in_their_place_alone(files: dict[str, bytes]) -> None:
    """One source, so that what is mended in one is mended in the other."""
    popup, panel = (files[f"{place}.html"].decode() for place in PLACES)
    assert 'data-place="panel"' in panel
    assert popup.replace('="popup"', '="panel"') == panel


def test_no_script_comes_from_elsewhere_or_from_text(files: dict[str, bytes]) -> None:
    """EXT-M7: none of our scripts and pages names another host, makes code of text, or installs."""
    for name, text in own(files, ".js", ".mjs", ".html").items():
        assert not _FROM_TEXT.search(text), name
        assert not _REMOTE.search(text.replace(GATEWAY, "")), name


def test_our_python_makes_no_code_from_text() -> None:
    """EXT-M7: what is answered by a model is shown and never run; no package is installed."""
    for package in PAGE_PACKAGES:
        for path in (ROOT / "src" / "tollbridge" / package).rglob("*.py"):
            tree = ast.parse(path.read_text("utf-8"))
            names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            assert not names & _EXECUTES, path
            imported = {
                alias.name
                for node in ast.walk(tree)
                if isinstance(node, ast.Import | ast.ImportFrom)
                for alias in node.names
            }
            assert not imported & {"micropip", "run_js", "loadPackage"}, path


def test_the_runtimes_are_those_of_npm(files: dict[str, bytes]) -> None:
    """EXT-M7: byte for byte, so that a reviewer can compare them; no package comes with them."""
    shipped = {name.rpartition("/")[2]: content for name, content in files.items() if "/" in name}
    for name, content in vendored_files().items():
        assert shipped[name] == content
    assert not [name for name in files if name.endswith((".whl", "pyodide-lock.json", ".tar"))]
    assert b'"packages": {}' in next(c for n, c in files.items() if n.endswith("/manifest.mjs"))


def test_everything_that_a_page_asks_for_is_in_it(files: dict[str, bytes]) -> None:
    """EXT-M7: each script's imports, too; nothing of the site's own is in it for nobody."""
    for name, text in own(files, ".mjs").items():
        folder = Path(name).parent
        for asked in re.findall(r"""(?:from|import\(|new URL\()\s*"(\.[^"]+)\"""", text):
            assert (Path("/") / folder / asked).resolve().as_posix()[1:] in files, (name, asked)
    assert not [name for name in files if "offline" in name or "widget" in name or "sw.js" in name]


def test_the_archive_is_the_folder(files: dict[str, bytes], tmp_path: Path) -> None:
    """The same files in both, the same bytes each time, and small enough to download."""
    packed = archive(files)
    assert packed == archive(dict(reversed(files.items())))
    assert len(packed) <= ARCHIVE_MB_MAX * 1e6
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == files
    write_folder(tmp_path / "out", files)
    write_folder(tmp_path / "out", files)
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {path.relative_to(tmp_path / "out").as_posix() for path in written} == set(files)


def test_a_site_has_none_of_it() -> None:
    """Each is built from its own part of `static/`."""
    assert not [
        name for name in site_files(ROOT) if "extension" in name or "service_worker" in name
    ]


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    """Whoever names the wrong folder loses nothing."""
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="something else"):
        write_folder(tmp_path, {MANIFEST: b"{}"})
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("url", ["", "gateway.example", "https://gateway.example/path"])
def test_without_a_gateways_address_there_is_none(url: str) -> None:
    """Its own origin has no gateway; the reason is a sentence."""
    with pytest.raises(ValueError, match="gateway"):
        extension_files(ROOT, gateway_url=url)


def test_the_icons_have_the_sizes_that_they_are_named_after(files: dict[str, bytes]) -> None:
    """Chrome scales none, and the store wants the largest."""
    for size in (16, 32, 48, 128):
        header = files[f"icons/{size}.png"][16:24]
        assert [int.from_bytes(header[:4]), int.from_bytes(header[4:])] == [size, size]
