"""The built page on the gateway's own origin: its files, its headers, and nothing else."""

import pytest

from tests.support.world import open_world
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.site import Site, read_rules

HEADERS = """\
# written by the build
/*
  X-Content-Type-Options: nosniff
  Cache-Control: no-cache

/
  Content-Security-Policy: default-src 'self'
/index.html
  Content-Security-Policy: default-src 'self'
/assets/*
  Cache-Control: public, max-age=31536000, immutable
"""


@pytest.fixture
def folder(tmp_path):
    """A small built page."""
    site = tmp_path / "site"
    (site / "assets").mkdir(parents=True)
    (site / "docs").mkdir()
    (site / "index.html").write_text("<title>Page</title>")
    (site / "404.html").write_text("<title>Nothing here</title>")
    (site / "docs" / "index.html").write_text("<title>Docs</title>")
    (site / "assets" / "app.1234.js").write_text("export {}")
    (site / "assets" / "core.wasm").write_bytes(b"\0asm")
    (site / ".nojekyll").write_text("")
    (site / "_headers").write_text(HEADERS)
    (tmp_path / "secret.txt").write_text("secret")
    (site / "assets" / "way_out").symlink_to(tmp_path / "secret.txt")
    return site


@pytest.fixture
async def world(tmp_path, folder):
    """A gateway that serves the page."""
    async with open_world(tmp_path / "var", site_dir=folder) as opened:
        yield opened


async def get(world, target, method="GET"):
    """Ask for a target as it is."""
    async with await world.connect() as connection:
        await connection.request(f"{method} {target} HTTP/1.1")
        return await connection.read_answer()


async def test_files_come_with_the_headers_of_the_build(world):
    """The last rule that matches wins; types are what browsers want."""
    page = await get(world, "/")
    assert (page.status, page.body) == (200, b"<title>Page</title>")
    assert page.header("content-security-policy") == "default-src 'self'"
    assert page.header("cache-control") == "no-cache"
    assert page.header("content-type") == "text/html; charset=utf-8"
    script = await get(world, "/assets/app.1234.js")
    assert script.header("cache-control") == "public, max-age=31536000, immutable"
    assert script.header("x-content-type-options") == "nosniff"
    assert "javascript" in (script.header("content-type") or "")
    wasm = await get(world, "/assets/core.wasm")
    assert wasm.header("content-type") == "application/wasm"
    docs = await get(world, "/docs/")
    assert docs.body == b"<title>Docs</title>"


async def test_nobody_keeps_that_a_file_is_missing(world):
    """It may come a moment later, where the folder is being copied; a year is what files get."""
    missing = await get(world, "/assets/not_yet.js")
    assert missing.status == 404
    assert missing.header("cache-control") is None
    assert missing.header("x-content-type-options") == "nosniff"


async def test_another_spelling_has_the_same_headers(world):
    """A page that is served is served under its policy, however it was asked for."""
    for target in ("//", "//index.html", "/./index.html", "/assets/../index.html", "/index%2Ehtml"):
        page = await get(world, target)
        assert (page.status, page.body) == (200, b"<title>Page</title>"), target
        assert page.header("content-security-policy") == "default-src 'self'", target


@pytest.mark.parametrize(
    "target",
    [
        "/nothing",
        "/_headers",
        "//_headers",
        "/./_headers",
        "/%5Fheaders",
        "/assets/../_headers",
        "/../site/index.html",
        "/.nojekyll",
        "/assets/",
        "/assets/way_out",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/../site/_headers",
        "/..%2fsite%2findex.html",
        "/..",
        "/assets/..%5c..%5c..%5csecret.txt",
        "/%00",
        "/index.html%00.js",
        "/" + "x" * 5000,
    ],
)
async def test_what_is_not_for_visitors_is_not_there(world, target):
    """The page's own 404, with status 404."""
    answer = await get(world, target)
    assert answer.status == 404
    assert b"secret" not in answer.body
    assert answer.body == b"<title>Nothing here</title>" or answer.json()["error"] == "not_found"


async def test_a_program_gets_no_page(world):
    """Under /api what is not there is JSON, and a known path keeps its 405."""
    for target in ("/api/v1/nothing", "/api/", "/api/v1/paywall/pw_test/balances/"):
        answer = await get(world, target)
        assert (answer.status, answer.json()["error"]) == (404, "not_found"), target
    for method, target in [
        ("GET", "/api/v1/withdraw-tokens"),
        ("DELETE", "/api/v1/paywall/pw_test/balances"),
        ("POST", "/healthz"),
        ("POST", "/index.html"),
    ]:
        answer = await get(world, target, method)
        assert (answer.status, answer.json()["error"]) == (405, "method_not_allowed"), target


async def test_the_gateway_answers_beside_the_page(world):
    """No file hides an endpoint."""
    assert (await get(world, "/healthz")).json() == {"ok": True}
    visitor = await world.sign_in()
    assert await world.balance(visitor) == 20


async def test_a_file_that_is_known_is_not_sent_again(world):
    """A browser that asks with the tag gets 304, with the same headers."""
    page = await get(world, "/")
    async with await world.connect() as connection:
        known = f"If-None-Match: {page.header('etag')}"
        await connection.request("GET / HTTP/1.1", known)
        answer = await connection.read_answer()
    assert (answer.status, answer.body) == (304, b"")
    assert answer.header("content-security-policy") == "default-src 'self'"


async def test_a_folder_without_its_slash_is_led_to_it(world):
    """As a static host does."""
    answer = await get(world, "/docs")
    assert answer.status in (307, 308)
    assert (answer.header("location") or "").endswith("/docs/")


def test_a_folder_without_a_page_is_no_site(tmp_path):
    """The gateway says so at its start, not at the first visit."""
    with pytest.raises(StartError, match=r"has no index\.html; build the page first"):
        Site(tmp_path)


def test_rules_are_read_as_static_hosts_read_them():
    """A path, then its headers below it; names in lower case, values as they are."""
    text = "# a\n/a/*\n  X-One: 1: 2\n\tx-two:  b \n\n/b\n  # c\n  X-Three:\n"
    assert read_rules(text) == [
        ("/a/*", [("x-one", "1: 2"), ("x-two", "b")]),
        ("/b", [("x-three", "")]),
    ]
