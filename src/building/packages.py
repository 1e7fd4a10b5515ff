"""Other people's packages beside a page: wheels for Pyodide, of `requirements/pyodide.txt`.

A page names those that it wants: `<meta name="tollbridge-packages" content="openai">`. The site
then holds their wheels and those that they need, and `pyodide_js.loadPackage("openai")` finds them:
from no other host, and checked against the hashes that the build knows.
"""

import hashlib
import re
import zipfile
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

# Where `prepare` puts the wheels, seen from the repository.
WHEELS = Path("build", "wheels")
# What Pyodide 314 says of itself, in pip's words.
_FOR_PYODIDE = (
    *("--platform", "pyemscripten_2026_0_wasm32"),
    *("--implementation", "cp", "--python-version", "3.14", "--abi", "cp314", "--abi", "none"),
)
_META = re.compile(r'<meta name="tollbridge-packages" content="([^"]*)">')
_REQUIRED_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Wheel:
    """A package that can be put beside a page.

    Attributes:
        file: The file's name.
        content: The file.
        version: The package's version.
        needs: The names of the packages that it requires, whether or not Pyodide needs them.
    """

    file: str
    content: bytes
    version: str
    needs: tuple[str, ...]

    @property
    def is_compiled(self) -> bool:
        """Whether it holds WebAssembly, which is linked to what Pyodide exports."""
        return not self.file.endswith("-none-any.whl")


def wanted_by(page: str) -> list[str]:
    """The packages that a page names, in order."""
    return [name for names in _META.findall(page) for name in names.split()]


def download_words(lock: Path, folder: Path) -> list[str]:
    """What pip is told, to put the wheels of a lock file into a folder."""
    words = ["download", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    return [*words, *_FOR_PYODIDE, "--dest", str(folder), "--requirement", str(lock)]


def read_wheels(folder: Path) -> dict[str, Wheel]:
    """Name → wheel, for all that were prepared."""
    return dict(_read_wheel(path) for path in sorted(folder.glob("*.whl")))


def with_needs(names: list[str], wheels: dict[str, Wheel]) -> dict[str, Wheel]:
    """Those packages, and all that they need; what they need elsewhere only was not prepared.

    Raises:
        ValueError: One that a page names was not prepared.
    """
    if lost := [name for name in names if name not in wheels]:
        known = ", ".join(sorted(wheels)) or "none; `python3 build.py run --page` gets them"
        raise ValueError(f"no package {', '.join(lost)} for pages; there are: {known}")
    found: dict[str, Wheel] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = wheels[name]
            waiting += [need for need in wheels[name].needs if need in wheels]
    return {name: found[name] for name in sorted(found)}


def lock_entries(chosen: dict[str, Wheel], folder: str) -> dict[str, Any]:
    """What Pyodide's lock file says of these packages.

    Args:
        chosen: From `with_needs`.
        folder: Where the wheels lie, seen from Pyodide's folder, with a slash at its end.
    """
    return {
        name: {
            "name": name,
            "version": wheel.version,
            "file_name": folder + wheel.file,
            "sha256": hashlib.sha256(wheel.content).hexdigest(),
            "install_dir": "site",
            "package_type": "package",
            "depends": [need for need in wheel.needs if need in chosen],
            "imports": [],
            "unvendored_tests": False,
        }
        for name, wheel in chosen.items()
    }


def _read_wheel(path: Path) -> tuple[str, Wheel]:
    with zipfile.ZipFile(path) as archive:
        (inner,) = (n for n in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
        told = HeaderParser().parsestr(archive.read(inner).decode())
    required = [text for text in told.get_all("Requires-Dist", []) if "extra ==" not in text]
    needs = sorted({_plain(_REQUIRED_NAME.findall(text)[0]) for text in required})
    wheel = Wheel(path.name, path.read_bytes(), told["Version"], tuple(needs))
    return _plain(told["Name"]), wheel


def _plain(name: str) -> str:
    """A package's name as the packaging standard compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()
