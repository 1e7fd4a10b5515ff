"""Other people's packages beside a page that names them, from wheels that were prepared."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from building import prepare, steps
from building.packages import WHEELS, lock_entries, read_wheels, wanted_by, with_needs
from building.site import ROOT, CannotBuild, site_files
from building.wheel import wheel

PAGE = """<!doctype html>
<meta charset="utf-8">
{meta}
<link rel="stylesheet" href="./mine.css">
<script type="module" src="./mine.mjs"></script>
"""
META = '<meta name="tollbridge-packages" content="{}">'


def mine(folder: Path, packages: str = "") -> Path:
    """A page of one's own with two files beside it, and one that it does not name."""
    page = folder / "mine.html"
    page.write_text(PAGE.format(meta=META.format(packages) if packages else ""), "utf-8")
    (folder / "mine.css").write_text("p { color: red }", "utf-8")
    (folder / "mine.mjs").write_text('import { start } from "./static/boot.mjs";', "utf-8")
    (folder / "secret.txt").write_text("not named", "utf-8")
    return page


def lock_in(site: dict[str, bytes]) -> dict[str, dict[str, object]]:
    """The packages that Pyodide is told of."""
    (manifest,) = (site[name] for name in site if re.fullmatch(r"static-\w+/manifest.mjs", name))
    text = manifest.decode().partition("export default ")[2].strip().rstrip(";")
    found: dict[str, dict[str, object]] = json.loads(text)["pyodide"]["lock"]["packages"]
    return found


def test_a_page_names_what_it_wants() -> None:
    """In one line or in several."""
    assert wanted_by("<p>openai</p>") == []
    assert wanted_by(META.format("openai  requests") + META.format("pyodide-http")) == [
        "openai",
        "requests",
        "pyodide-http",
    ]


def test_what_a_package_needs_comes_along(tmp_path: Path) -> None:
    """Each wheel lies where Pyodide is told, is what it is told, and needs nothing that is not."""
    site = site_files(ROOT, page=mine(tmp_path, "requests"))
    lock = lock_in(site)
    assert sorted(lock) == ["certifi", "charset-normalizer", "idna", "requests", "urllib3"]
    for entry in lock.values():
        assert set(entry["depends"]) <= set(lock)
        content = site[str(entry["file_name"]).removeprefix("../")]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_without_packages_there_are_none(tmp_path: Path) -> None:
    """Neither a wheel beside the page nor our adapters in it."""
    site = site_files(ROOT, page=mine(tmp_path))
    assert lock_in(site) == {}
    assert not [name for name in site if name.startswith("packages-")]
    with_them = site_files(ROOT, page=mine(tmp_path, "pyodide-http"))
    inside = [b"tollbridge/adapters/" in _archive(built) for built in (site, with_them)]
    assert inside == [False, True]


def test_the_wheel_for_other_pages_has_our_adapters() -> None:
    """A page elsewhere brings its own packages and installs the SDK with `micropip`."""
    assert b"tollbridge/adapters/options.py" in wheel(ROOT)[1]


def test_an_unknown_package_is_named(tmp_path: Path) -> None:
    """Together with those that there are."""
    with pytest.raises(CannotBuild, match=r"^no package numpy for pages; there are: .*openai"):
        site_files(ROOT, page=mine(tmp_path, "numpy"))


def test_the_official_sdks_need_no_sockets() -> None:
    """What they need on CPython alone is in no page."""
    wheels = read_wheels(ROOT / WHEELS)
    for name in ("openai", "anthropic"):
        chosen = with_needs([name], wheels)
        assert {"httpx2", "httpx2-jsfetch", "pydantic-core", name} <= set(chosen)
        assert not {"httpcore2", "h11", "truststore"} & set(chosen)
        assert set(lock_entries(chosen, "../")) == set(chosen)


def test_files_beside_a_page_come_along(tmp_path: Path) -> None:
    """Those that it names, with the site's own names in them; no other file, and none above."""
    site = site_files(ROOT, page=mine(tmp_path))
    assert site["mine.css"] == b"p { color: red }"
    assert re.search(rb'from "\./static-\w+/boot\.mjs"', site["mine.mjs"])
    assert "secret.txt" not in site
    inner = tmp_path / "inner"
    inner.mkdir()
    page = inner / "mine.html"
    page.write_text(PAGE.format(meta="").replace("./mine", "../mine"), "utf-8")
    with pytest.raises(CannotBuild, match=r"\.\./mine\.css, \.\./mine\.mjs"):
        site_files(ROOT, page=page)


def test_wheels_that_are_there_are_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the stamp of this lock file nothing is run, not even for a page that wants some."""
    (tmp_path / "requirements").mkdir()
    lock = tmp_path / "requirements" / "pyodide.txt"
    lock.write_text("requests==1\n")
    (tmp_path / WHEELS).mkdir(parents=True)
    made = tmp_path / WHEELS / ".stamp-wheels"
    steps.stamp(made, steps.fingerprint(lock.read_bytes()))
    monkeypatch.setenv("PATH", str(tmp_path))
    prepare.prepare_wheels(tmp_path)
    lock.write_text("requests==2\n")
    with pytest.raises((steps.CannotPrepare, OSError)):
        prepare.prepare_wheels(tmp_path)


def _archive(site: dict[str, bytes]) -> bytes:
    return next(site[name] for name in site if re.fullmatch(r"tollbridge_compiled-\w+\.zip", name))
