"""The static site: whole, deterministic, under hashed names, and without the gateway."""

import io
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from building.python_zip import packed, refuse_gateway
from building.site import ROOT, CannotBuild, build_site, site_files
from tollbridge import __version__


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of the sources that a test may change; the runtimes are shared."""
    root = tmp_path / "sources"
    shutil.copytree(ROOT / "static", root / "static")
    shutil.copytree(ROOT / "src" / "tollbridge", root / "src" / "tollbridge")
    for name in ("index.html", "pyscript.toml", "LICENSE"):
        shutil.copy(ROOT / name, root)
    (root / "node_modules").symlink_to(ROOT / "node_modules")
    return root


def _folder(site: dict[str, bytes], name: str) -> str:
    """The hashed name of a folder of the site."""
    (found,) = {path.split("/")[0] for path in site if re.match(rf"{name}-\w{{10}}/", path)}
    return found


def _archive(site: dict[str, bytes]) -> zipfile.ZipFile:
    """The archive of our Python's sources in a site."""
    (name,) = (path for path in site if re.fullmatch(r"tollbridge-\w{10}\.zip", path))
    return zipfile.ZipFile(io.BytesIO(site[name]))


def test_the_same_sources_give_the_same_site() -> None:
    """Nothing of the machine or the moment is in it, so browsers keep what did not change."""
    assert site_files(ROOT) == site_files(ROOT)


def test_a_changed_style_changes_its_own_address_and_no_other(sources: Path) -> None:
    """What did not change keeps its name, and with it its place in every browser's cache."""
    before = site_files(sources)
    with (sources / "static" / "app.css").open("a") as style:
        style.write("\n/* changed */\n")
    after = site_files(sources)
    assert _folder(before, "static") != _folder(after, "static")
    for name in ("pyodide", "pyscript"):
        assert _folder(before, name) == _folder(after, name)
    assert _folder(after, "static") in after["index.html"].decode()
    assert _folder(before, "static") not in after["index.html"].decode()


def test_the_archive_holds_the_page_and_never_the_gateway() -> None:
    """What a browser gets is wire, sdk, ui and pages; no file of the server is among them."""
    names = _archive(site_files(ROOT)).namelist()
    assert "tollbridge/__init__.py" in names
    packages = {name.split("/")[1] for name in names} - {"__init__.py"}
    assert packages == {"wire", "sdk", "ui", "pages"}


@pytest.mark.parametrize(
    "files",
    [
        {"tollbridge/gateway/settings.py": b""},
        {"tollbridge/sdk/auth.py": b"x = 1\nfrom tollbridge.gateway import ids\n"},
        {"tollbridge/sdk/auth.py": b"def f():\n    import tollbridge.gateway.ids\n"},
    ],
)
def test_a_gateway_that_sneaks_in_is_refused(files: dict[str, bytes]) -> None:
    """Neither the gateway's files nor an import of them gets into the archive."""
    with pytest.raises(ValueError, match="would bring the gateway into the page"):
        refuse_gateway(files)


def test_the_sdk_s_own_gateway_client_is_not_mistaken_for_the_server() -> None:
    """`sdk/gateway.py` is the client; it belongs to the page."""
    refuse_gateway({"tollbridge/sdk/gateway.py": b"from tollbridge.sdk import auth\n"})


def test_the_order_of_the_files_does_not_matter() -> None:
    """The archive depends on what is in it alone."""
    files = {"b.py": b"2", "a.py": b"1"}
    assert packed(files) == packed(dict(reversed(files.items())))


def test_the_gateway_s_address_is_in_the_page_and_in_its_policy() -> None:
    """`--gateway` tells the page where to call and the browser that it may."""
    site = site_files(ROOT, gateway_url="https://gateway.example.com")
    page = site["index.html"].decode()
    assert '<meta name="tollbridge-gateway" content="https://gateway.example.com">' in page
    for text in (page, site["_headers"].decode()):
        assert "connect-src 'self' https://gateway.example.com;" in text


def test_another_page_can_stand_in_for_ours(tmp_path: Path) -> None:
    """A person's own page gets the same of everything, but the whole of Pyodide and its library."""
    mine = tmp_path / "mine.html"
    mine.write_text(
        '<!doctype html>\n<meta charset="utf-8">\n'
        '<script type="module" src="./pyscript/core.js"></script>\n'
        '<script type="py" config="./pyscript.toml">print(1)</script>\n'
    )
    ours, theirs = site_files(ROOT), site_files(ROOT, page=mine)
    assert len(ours) == len(theirs)
    different = {
        re.sub(r"-\w{10}\b", "", name) for name in theirs if ours.get(name) != theirs[name]
    }
    # The manifest names the library, and with it all of static/ has another address.
    # So it has for whoever knows that address by heart.
    knowing = ("static/", "v1/", f"v{__version__}/")
    kept = {name for name in different if not name.startswith(knowing)}
    beside = {path.name for path in (ROOT / "static").glob("*.html")}
    assert (
        kept
        == {
            "index.html",
            "_headers",
            "pyscript.toml",
            *(f"pyodide/pyodide.{end}" for end in ("mjs", "asm.mjs", "asm.wasm")),
            "python_stdlib.zip",
            "tollbridge_compiled.zip",
        }
        | beside
    )
    assert f"{_folder(theirs, 'pyscript')}/core.js" in theirs["index.html"].decode()
    assert "Content-Security-Policy" in theirs["index.html"].decode()


def test_a_page_that_cannot_be_told_its_gateway_is_refused(tmp_path: Path) -> None:
    """`--gateway` with a page that has no place for it would leave the page without one."""
    mine = tmp_path / "mine.html"
    mine.write_text('<!doctype html>\n<meta charset="utf-8">\n')
    with pytest.raises(CannotBuild, match=r"index\.html lacks the line <meta name="):
        site_files(ROOT, gateway_url="https://gateway.example.com", page=mine)


@pytest.mark.parametrize(
    "url",
    [
        *("gateway.example.com", "ftp://a.example", "https://", "https://a.example;x"),
        *("https://u@a.b", "https://a.example/base", "https://a.example:99999", "https://[::1"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """It would end up in a policy, and the SDK takes no path."""
    with pytest.raises(CannotBuild, match="a gateway's URL looks like"):
        site_files(ROOT, gateway_url=url)


def test_every_hashed_name_is_kept_for_ever_and_the_page_is_not() -> None:
    """A browser asks again for the page alone; each rule matches files that exist."""
    site = site_files(ROOT)
    blocks = site["_headers"].decode().split("\n\n")
    rules = {lines[0]: lines[1:] for lines in (block.splitlines() for block in blocks)}
    kept = [path for path, headers in rules.items() if "immutable" in " ".join(headers)]
    for path in kept:
        assert any(f"/{name}".startswith(path.rstrip("*")) for name in site)
    prefixes = tuple(path.rstrip("*") for path in kept)
    others = [name for name in site if not f"/{name}".startswith(prefixes)]
    assert not [name for name in others if re.search(r"-[0-9a-f]{10}\b", name)]
    for path in ("/", "/index.html", "/404.html", "/404"):
        assert "  Cache-Control: no-cache" in rules[path], path
    assert "Cache-Control" not in "".join(rules["/*"])


def test_the_policy_of_the_page_is_as_strict_as_pyscript_lets_it() -> None:
    """Scripts, styles and connections come from our origin; nothing frames the page."""
    headers = site_files(ROOT)["_headers"].decode()
    assert "script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval';" in headers
    for directive in ("default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert directive in headers
    assert "unsafe-inline" not in headers


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('<script src="https://cdn.example/a.js"></script>', "https://cdn.example/a.js"),
        ('<link rel="stylesheet" href="./static/nowhere.css">', "nowhere.css"),
        ('<img src="/logo.png" alt="">', "/logo.png"),
    ],
)
def test_a_page_that_asks_for_what_is_not_there_is_refused(
    line: str, named: str, sources: Path
) -> None:
    """No other host, no absolute path, no missing file: each is named."""
    page = sources / "index.html"
    page.write_text(page.read_text().replace("</body>", f"{line}</body>"))
    with pytest.raises(CannotBuild, match=re.escape(named)):
        site_files(sources)


def test_a_link_in_the_text_may_lead_anywhere(sources: Path) -> None:
    """Only what a browser fetches by itself has to be in the site."""
    page = sources / "index.html"
    link = '<a href="https://example.com/">elsewhere</a>'
    page.write_text(page.read_text().replace("</body>", f"{link}</body>"))
    assert link in site_files(sources)["index.html"].decode()


def test_every_part_that_pyscript_imports_is_there() -> None:
    """Its core finds what it loads at once; what editor and terminal load in turn is left out."""
    site = site_files(ROOT)
    folder = _folder(site, "pyscript")
    names = {path.removeprefix(f"{folder}/") for path in site if path.startswith(f"{folder}/")}
    for name in names:
        if name.endswith(".js"):
            text = site[f"{folder}/{name}"].decode()
            assert set(re.findall(r"""from\s*["']\./([^"']+)""", text)) <= names
    assert not [name for name in names if re.match(r"codemirror|xterm", name)]


def test_a_second_build_leaves_nothing_of_the_first(sources: Path, tmp_path: Path) -> None:
    """Old hashed names do not pile up."""
    out = tmp_path / "site"
    build_site(out, root=sources)
    with (sources / "static" / "app.css").open("a") as style:
        style.write("\n/* changed */\n")
    build_site(out, root=sources)
    assert len([path for path in out.iterdir() if path.name.startswith("static-")]) == 1


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    """`dist --out` with a wrong folder does not delete anybody's files."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(CannotBuild, match="holds something else"):
        build_site(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
