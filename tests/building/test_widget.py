"""The widget's files: their weight, their names, what they may be read by."""

import json
import re
from pathlib import Path

import pytest

from building import widget
from building.hashed import integrity
from building.prefabricated import compressed
from building.site import ROOT, SMALLEST, build_site, site_files
from building.vendored import micropython_files, without_globals
from tests.support.static_host import headers_for
from tollbridge import __version__
from tollbridge.gateway.site import read_rules

LOADER_BYTES_MAX = 8_000
ALL_BYTES_MAX = 300_000
GATEWAY = "https://gateway.example.com"


@pytest.fixture(scope="module")
def site() -> dict[str, bytes]:
    """The site as it is built from the sources as they are now."""
    return site_files(ROOT)


def _loaded(site: dict[str, bytes]) -> list[str]:
    """What a press loads, by name."""
    stems = ("boot.mjs", "downloads.mjs", "manifest.mjs", "sse_pump.mjs", "widget-styles.mjs")
    wanted = re.compile(
        rf"static-\w+/({'|'.join(map(re.escape, stems))})"
        r"|micropython-\w+/.+|tollbridge_pages_widget-\w+\.romfs"
    )
    return [name for name in site if wanted.fullmatch(name)]


def test_it_weighs_what_it_may(site: dict[str, bytes]) -> None:
    """W-M2: the loader 8 KB, and with all that a press loads, Python included, 300 KB."""
    names = [widget.FLOATING, *_loaded(site)]
    assert len(names) == 9
    sizes = [len(one) for one in compressed([site[name] for name in names], quality=SMALLEST)]
    assert sizes[0] <= LOADER_BYTES_MAX
    assert sum(sizes) <= ALL_BYTES_MAX


def test_it_has_two_addresses_and_a_hash(site: dict[str, bytes]) -> None:
    """W-M5: one that is asked for again, one that never changes; the hash is that of the bytes."""
    script = site["v1/widget.js"]
    assert site[f"v{__version__}/widget.js"] == script
    told = site[f"v{__version__}/widget.js.sha384"].decode().strip()
    assert told == integrity(script)


def test_every_origin_may_read_it(tmp_path: Path) -> None:
    """On a static host the headers say so; the gateway says it of every answer by itself."""
    site = tmp_path / "site"
    build_site(site, gateway_url=GATEWAY)
    rules = (site / "_headers").read_text("utf-8")
    files = {path.relative_to(site).as_posix(): b"" for path in site.rglob("*") if path.is_file()}
    for name in [widget.FLOATING, widget.PINNED, *_loaded(files)]:
        if not name.endswith(".br"):
            assert headers_for(f"/{name}", rules)["Access-Control-Allow-Origin"] == "*", name
    assert headers_for(f"/{widget.PINNED}", rules)["Cache-Control"].endswith("immutable")
    assert headers_for(f"/{widget.FLOATING}", rules)["Cache-Control"] == "no-cache"
    said = {name for _, headers in read_rules(rules) for name, _ in headers}
    assert "access-control-allow-origin" not in said


def test_it_knows_its_gateway_and_the_files_that_follow() -> None:
    """Built for a gateway elsewhere it says so; each file is named with its hash."""
    site = site_files(ROOT, gateway_url=GATEWAY)
    script = site[widget.FLOATING].decode()
    assert f'"gateway": "{GATEWAY}"' in script
    known = re.findall(r'\["([^"]+)", "(sha256-[^"]+)"\]', script)
    assert len(known) == 6
    for name, told in known:
        assert told == integrity(site[name], "sha256")


def test_only_what_readers_need_is_taken_out(site: dict[str, bytes]) -> None:
    """Whole-line comments go; nothing is left of them, and no line of code is lost."""
    script = site[widget.FLOATING].decode()
    assert "//" not in re.sub(r'https?://|"[^"]*"', "", script)
    assert widget.without_comments("/** A\n * b */\nlet a = 1;\n\n  // c\n  f();\n") == (
        "let a = 1;\nf();\n"
    )


def test_its_files_are_joined_each_behind_what_it_needs(tmp_path: Path) -> None:
    """As one function; names that two of them have, or other imports, are refused."""
    (tmp_path / "a.js").write_text(
        'import { b } from "./b.mjs";\nimport { c } from "./c.mjs";\nb(c);\n'
    )
    (tmp_path / "b.mjs").write_text('import { c } from "./c.mjs";\nexport function b() {}\n')
    (tmp_path / "c.mjs").write_text("// Says why.\nexport const c = 1;\n")
    assert widget.joined(tmp_path / "a.js") == (
        "(() => {\nconst c = 1;\nfunction b() {}\nb(c);\n})();\n"
    )
    (tmp_path / "c.mjs").write_text("export const c = 1;\nconst b = 2;\n")
    with pytest.raises(ValueError, match="share the names b"):
        widget.joined(tmp_path / "a.js")
    (tmp_path / "c.mjs").write_text("export default 1;\n")
    with pytest.raises(ValueError, match="cannot be joined for export default"):
        widget.joined(tmp_path / "a.js")


def test_no_size_follows_the_host_page(site: dict[str, bytes]) -> None:
    """A rem is what the page around says; the widget has none, and no rule for `:root`."""
    told = re.search(r'"styles": ("(?:[^"\\]|\\.)*")', site[widget.FLOATING].decode())
    assert told is not None
    found = json.loads(told[1])
    (later,) = (site[name].decode() for name in site if name.endswith("widget-styles.mjs"))
    for styles in (found, later):
        assert not re.search(r"\drem\b", styles)
        assert ":root" not in styles
    assert "--accent:var(--tollbridge-accent," in found.replace(": ", ":")


def test_micropython_keeps_to_itself() -> None:
    """W-M3: nothing is put on `globalThis`; a release with other names is refused at the build."""
    module = micropython_files(ROOT / "node_modules")["micropython.mjs"].decode()
    assert set(re.findall(r"\bglobalThis\.(\w+)=(?!=)", module)) <= {"crypto"}
    with pytest.raises(ValueError, match="other globals"):
        without_globals("globalThis.surprise=1")
