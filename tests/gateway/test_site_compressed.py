"""A file and its `.br`: who gets which, and that one never passes for the other."""

import os

import pytest

from tests.support.world import open_world
from tollbridge.gateway.site import accepts_brotli

WASM = b"\0asm" + bytes(range(96))
TWIN = b"as the build compressed it"
TAKES_BR = "Accept-Encoding: gzip, deflate, br, zstd"


@pytest.fixture
def folder(tmp_path):
    """A site with one file that has a twin and one that has none."""
    site = tmp_path / "site"
    (site / "runtime").mkdir(parents=True)
    (site / "index.html").write_text("<title>Page</title>")
    (site / "index.html.br").write_bytes(TWIN)
    (site / "404.html").write_text("<title>Nothing here</title>")
    (site / "runtime" / "core.wasm").write_bytes(WASM)
    (site / "runtime" / "core.wasm.br").write_bytes(TWIN)
    (site / "runtime" / "start.mjs").write_text("export {}")
    (site / "runtime" / "alone.br").write_bytes(b"a file of this name")
    (site / "_headers").write_text("/runtime/*\n  Cache-Control: public, immutable\n")
    (tmp_path / "secret.txt").write_text("secret")
    (site / "runtime" / "start.mjs.br").symlink_to(tmp_path / "secret.txt")
    return site


@pytest.fixture
async def world(tmp_path, folder):
    """A gateway that serves it."""
    async with open_world(tmp_path / "var", site_dir=folder) as opened:
        yield opened


async def get(world, target, *headers):
    """Ask for a target under these headers."""
    async with await world.connect() as connection:
        await connection.request(f"GET {target} HTTP/1.1", *headers)
        return await connection.read_answer()


def vary_of(answer):
    """The request headers that an answer says it depends on."""
    return (answer.header("vary") or "").lower().split(", ")


async def test_a_browser_gets_the_twin_under_the_file_s_own_type(world):
    """With the headers of the file's path, and saying that the answer depends on what it takes."""
    answer = await get(world, "/runtime/core.wasm", TAKES_BR)
    assert (answer.status, answer.body) == (200, TWIN)
    assert answer.header("content-encoding") == "br"
    assert answer.header("content-type") == "application/wasm"
    assert answer.header("content-length") == str(len(TWIN))
    assert "accept-encoding" in vary_of(answer)
    assert answer.header("cache-control") == "public, immutable"
    page = await get(world, "/", TAKES_BR)
    assert (page.body, page.header("content-encoding")) == (TWIN, "br")
    assert page.header("content-type") == "text/html; charset=utf-8"


@pytest.mark.parametrize("headers", [[], ["Accept-Encoding: gzip"], ["Accept-Encoding: br;q=0"]])
async def test_who_does_not_take_it_gets_the_file(world, headers):
    """A shared cache between the two must tell them apart all the same."""
    answer = await get(world, "/runtime/core.wasm", *headers)
    assert (answer.status, answer.body) == (200, WASM)
    assert answer.header("content-encoding") is None
    assert "accept-encoding" in vary_of(answer)


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("br", True),
        ("gzip, BR", True),
        ("gzip;q=1.0, br;q=0.001", True),
        ("*", True),
        ("*;q=0.5, br;q=0", False),
        ("br;q=0.000, *", False),
        ("br; q=0", False),
        ("br;q=x", False),
        ("identity", False),
        ("brotli", False),
        ("", False),
    ],
)
def test_accept_encoding_is_read_with_its_weights(accepted, takes):
    """Zero is a refusal, a star means everything that is not named."""
    assert accepts_brotli(accepted) is takes


async def test_the_two_have_tags_of_their_own(world):
    """304 for the tag of what would be sent, and for no other."""
    twin = await get(world, "/runtime/core.wasm", TAKES_BR)
    plain = await get(world, "/runtime/core.wasm")
    assert twin.header("etag") != plain.header("etag")
    known = f"If-None-Match: {twin.header('etag')}"
    same = await get(world, "/runtime/core.wasm", TAKES_BR, known)
    assert (same.status, same.body) == (304, b"")
    assert "accept-encoding" in vary_of(same)
    other = await get(world, "/runtime/core.wasm", known)
    assert (other.status, other.body) == (200, WASM)


async def test_head_tells_of_the_twin(world):
    """The same headers and no body: the next answer on the connection is in step."""
    async with await world.connect() as connection:
        await connection.request("HEAD /runtime/core.wasm HTTP/1.1", TAKES_BR)
        head = await connection.read_head()
        await connection.request("GET /runtime/core.wasm HTTP/1.1", TAKES_BR)
        answer = await connection.read_answer()
    assert (head.status, answer.body) == (200, TWIN)
    for name in ("content-encoding", "content-length", "content-type", "etag"):
        assert head.header(name) == answer.header(name), name


async def test_a_range_is_one_of_the_file(world):
    """Nobody can tell where a range of compressed bytes would begin."""
    answer = await get(world, "/runtime/core.wasm", TAKES_BR, "Range: bytes=0-3")
    assert (answer.status, answer.body) == (206, b"\0asm")
    assert answer.header("content-encoding") is None
    whole = await get(world, "/runtime/core.wasm", TAKES_BR)
    assert whole.header("accept-ranges") is None


async def test_the_twin_is_no_file_of_its_own(world):
    """Asked for by its name it is not there; a file that is merely called so is."""
    assert (await get(world, "/runtime/core.wasm.br")).status == 404
    assert (await get(world, "/index.html.br", TAKES_BR)).status == 404
    alone = await get(world, "/runtime/alone.br")
    assert (alone.status, alone.body) == (200, b"a file of this name")


async def test_a_twin_that_leads_out_is_not_followed(world):
    """A link is no file of the build."""
    answer = await get(world, "/runtime/start.mjs", TAKES_BR)
    assert (answer.status, answer.body) == (200, b"export {}")
    assert answer.header("content-type") == "text/javascript; charset=utf-8"


async def test_an_edited_file_is_not_hidden_by_its_twin(world, folder):
    """Whoever changes a built page by hand sees the change."""
    edited = folder / "runtime" / "core.wasm"
    edited.write_bytes(b"edited")
    later = os.stat(f"{edited}.br").st_mtime + 3600
    os.utime(edited, (later, later))
    answer = await get(world, "/runtime/core.wasm", TAKES_BR)
    assert (answer.body, answer.header("content-encoding")) == (b"edited", None)
