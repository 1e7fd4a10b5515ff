"""What lies compressed beside the files, and what is made only once."""

import io
import os
import subprocess
from pathlib import Path

import pytest

from building import prefabricated
from building.prefabricated import CannotMake, compiled, compressed
from building.python_zip import packed
from building.site import QUICK, ROOT, CannotBuild, build_site, compressed_files, site_files


def _inflated(content: bytes) -> bytes:
    """What a browser makes of it."""
    program = (
        "const {brotliDecompressSync} = require('zlib');"
        "process.stdout.write(brotliDecompressSync(require('fs').readFileSync(0)));"
    )
    done = subprocess.run(["node", "-e", program], input=content, capture_output=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site in a folder."""
    out = tmp_path_factory.mktemp("site") / "site"
    build_site(out)
    return out


def test_what_profits_has_its_twin(built: Path) -> None:
    """The runtime, our Python, the page and its styles; a `.br` is always smaller than its file."""
    twins = {path.name.rpartition("-")[0] or path.name for path in built.rglob("*.br")}
    assert {"index.html.br", "pyodide.asm.wasm.br", "app.css.br"} <= twins
    assert {"python_stdlib", "tollbridge", "tollbridge_compiled"} <= twins
    for twin in built.rglob("*.br"):
        assert twin.stat().st_size < 0.95 * twin.with_suffix("").stat().st_size, twin.name
    assert not (built / "_headers.br").exists()
    assert not (built / ".nojekyll.br").exists()


def test_a_twin_is_the_same_file(built: Path) -> None:
    """Byte for byte, once a browser has decompressed it."""
    for name in ("index.html", "app.css", "interpreter.mjs", "manifest.mjs"):
        (path,) = built.rglob(name)
        assert _inflated(path.with_name(f"{name}.br").read_bytes()) == path.read_bytes()


def test_small_and_random_files_have_none() -> None:
    """A twin that saves nothing is one file too many."""
    noise = bytes(range(256)) * 4
    files = {"small.css": b"a{}", "a.zip": noise[:256], "b.css": b"a{color:red}\n" * 200}
    assert compressed_files(files, quality=QUICK).keys() == {"b.css.br"}


def test_a_second_build_makes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Everything slow is kept by what it was made of: it works without Node then."""
    first = site_files(ROOT)
    twins = compressed_files(first, quality=QUICK)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert site_files(ROOT) == first
    assert compressed_files(first, quality=QUICK) == twins


def test_without_node_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And nothing is kept that is not whole."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(prefabricated, "CACHE", tmp_path / "cache")
    with pytest.raises(CannotBuild, match=r"^Node\.js is missing: install Node\.js 18 or newer"):
        build_site(tmp_path / "site")
    assert not (tmp_path / "site").exists()
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_script_that_fails_gives_its_last_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What cannot be compiled is named, and nothing is kept of it."""
    monkeypatch.setattr(prefabricated, "CACHE", tmp_path / "cache")
    archive = packed({"odd.py": b"1 +\n"})
    with pytest.raises(CannotMake, match=r"(?s)^compile\.mjs failed; .*/lib/x\.zip/odd\.py"):
        compiled(archive, ROOT / "node_modules", place="/lib/x.zip", bare=True)
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_nobody_builds_any_more_is_forgotten(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The cache does not grow for ever; what was used this week stays."""
    monkeypatch.setattr(prefabricated, "CACHE", tmp_path / "cache")
    for content in (b"old" * 500, b"used" * 500):
        compressed([content], quality=QUICK)
    for path in prefabricated.CACHE.iterdir():
        os.utime(path, (0, 0))
    compressed([b"used" * 500], quality=QUICK)
    compressed([b"new" * 500], quality=QUICK)
    assert len(list(prefabricated.CACHE.iterdir())) == 2


def test_quality_makes_a_difference() -> None:
    """`dist` takes its time, and the cache does not mix the two up."""
    content = (ROOT / "index.html").read_bytes()
    quick, smallest = compressed([content], quality=5) + compressed([content], quality=11)
    assert len(smallest) < len(quick) < len(content)
    assert io.BytesIO(_inflated(smallest)).read() == content
