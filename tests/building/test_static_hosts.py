"""The site fits static hosts as they are: their limits, their rules, and any folder's name."""

import re
from pathlib import Path

import pytest

from building.policy import style_hash
from building.site import build_site
from tests.support.static_host import headers_for

# Cloudflare Pages: files of a site, bytes of a file, rules in `_headers`, characters of a line.
FILES_MAX = 20_000
FILE_BYTES_MAX = 25 * 1024 * 1024
RULES_MAX = 100
LINE_CHARS_MAX = 2_000
GATEWAY = "https://gateway.example.com"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site for a gateway elsewhere."""
    out = tmp_path_factory.mktemp("dist") / "dist"
    build_site(out, gateway_url=GATEWAY)
    return out


@pytest.fixture(scope="module")
def rules(dist: Path) -> str:
    """The text of its `_headers`."""
    return (dist / "_headers").read_text("utf-8")


def test_what_hosts_look_for_is_there(dist: Path) -> None:
    """SPA-M1: a folder to copy, with the page, the headers, the 404 page and `.nojekyll`."""
    for name in ("index.html", "404.html", "_headers", ".nojekyll"):
        assert (dist / name).is_file(), name


def test_no_host_refuses_it_for_its_size(dist: Path, rules: str) -> None:
    """SPA-M1: neither a file nor their number nor the rules are more than the tightest takes."""
    files = [path for path in dist.rglob("*") if path.is_file()]
    assert len(files) <= FILES_MAX
    for path in files:
        assert path.stat().st_size <= FILE_BYTES_MAX, path.name
    lines = rules.splitlines()
    patterns = [line for line in lines if line and line[0] not in " #"]
    assert len(patterns) <= RULES_MAX
    assert max(len(line) for line in lines) <= LINE_CHARS_MAX
    assert all(pattern.count("*") <= 1 and pattern.startswith("/") for pattern in patterns)


def test_no_name_needs_a_host_that_can_spell(dist: Path) -> None:
    """Plain names, none that differ in case alone, and `_headers` alone begins as Jekyll's do."""
    names = [path.relative_to(dist).as_posix() for path in dist.rglob("*") if path.is_file()]
    assert all(re.fullmatch(r"[A-Za-z0-9._/-]+", name) for name in names)
    assert len({name.lower() for name in names}) == len(names)
    assert [name for name in names if name.startswith("_") or "/_" in name] == ["_headers"]


def test_every_address_is_relative(dist: Path) -> None:
    """SPA-M1: it works below `/repository/` as at the root; only the gateway is named in full."""
    for name in ("index.html", "404.html"):
        text = (dist / name).read_text("utf-8")
        addresses = re.findall(r'(?:href|src|config)="([^"]*)"', text)
        assert addresses
        assert [one for one in addresses if not one.startswith(("./", "../", "#"))] == []
    for config in dist.glob("pyscript-*.toml"):
        assert re.findall(r'"(/[^"]*|https?:[^"]*)"', config.read_text("utf-8")) == []


def test_no_path_gets_a_header_twice(dist: Path, rules: str) -> None:
    """Hosts differ in whether the second replaces the first or is added to it."""
    for path in ["/", *(f"/{p.relative_to(dist).as_posix()}" for p in dist.rglob("*"))]:
        headers = headers_for(path, rules)
        is_page = path == "/" or path.endswith(".html")
        assert ("Content-Security-Policy" in headers) == is_page, path
        assert "," not in headers.get("Content-Security-Policy", ""), path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        caching = headers.get("Cache-Control", "no-cache")
        assert caching in ("no-cache", "public, max-age=31536000, immutable"), path


def test_the_page_is_asked_for_again_and_its_parts_are_not(dist: Path, rules: str) -> None:
    """SPA-M1: a new version is seen at once, what has not changed is fetched once."""
    for path in ("/", "/index.html"):
        assert headers_for(path, rules)["Cache-Control"] == "no-cache"
    for address in re.findall(r'(?:href|src)="\.(/[^"]+)"', (dist / "index.html").read_text()):
        assert "immutable" in headers_for(address, rules)["Cache-Control"], address


def test_the_404_page_needs_nothing_but_itself(dist: Path, rules: str) -> None:
    """No script, no file beside it, and the policy permits its one style.

    It stands in the page, which hosts serve at addresses that no rule knows.
    """
    page = (dist / "404.html").read_text("utf-8")
    assert "<script" not in page
    assert "style=" not in page
    assert page.count("<style>") == 1
    for policy in (page, headers_for("/404.html", rules)["Content-Security-Policy"]):
        assert f"default-src 'none'; style-src {style_hash(page)}" in policy
        assert "unsafe-inline" not in policy
