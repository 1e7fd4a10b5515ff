"""The wheel for pages: installed by pip as it is, without the gateway, the same each time."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from building.site import ROOT, site_files
from building.wheel import version_of, wheel
from tollbridge import __version__


def test_pip_takes_it(tmp_path: Path) -> None:
    """Names, tags and every hash of its record are right; what it brings can be imported."""
    name, content = wheel(ROOT)
    (tmp_path / name).write_bytes(content)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    there = tmp_path / "there"
    subprocess.run([*pip, "--no-index", "--target", there, tmp_path / name], check=True)
    said = subprocess.run(
        [sys.executable, "-c", "import tollbridge.sdk as sdk; print(sdk.__file__)"],
        cwd=there,
        env={"PYTHONPATH": str(there)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.startswith(str(there))


def test_it_has_no_gateway() -> None:
    """What a page can install is what a page can run."""
    _, content = wheel(ROOT)
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert not [name for name in names if "/gateway/" in name]
    assert {"tollbridge/sdk/gateway.py", "tollbridge/wire/codes.py"} <= set(names)


def test_the_site_offers_it_under_its_version_to_every_origin() -> None:
    """Pages elsewhere install it from the gateway's own address."""
    site = site_files(ROOT)
    name, content = wheel(ROOT)
    assert name == f"tollbridge-{__version__}-py3-none-any.whl"
    assert site[name] == content
    rule = f"/{name}\n  Access-Control-Allow-Origin: *\n  Cache-Control: no-cache\n"
    assert rule in site["_headers"].decode()


def test_a_package_without_a_version_is_refused(tmp_path: Path) -> None:
    """No wheel can have a name without one."""
    (tmp_path / "__init__.py").write_text("x = 1\n")
    with pytest.raises(ValueError, match="has no __version__"):
        version_of(tmp_path / "__init__.py")
