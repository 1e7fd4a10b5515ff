"""Which versions were measured: of programs by asking them, of pinned packages by their locks."""

import json
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import apsw

import tollbridge
from building.bench.arguments import LITELLM, PORTKEY
from building.chromium import find_chromium
from building.programs import find_postgres

_VERSION = re.compile(r"\d+(\.\d+)+")


def versions(root: Path, peers: Iterable[str]) -> dict[str, str]:
    """Program → version, of everything whose speed is compared or relied on."""
    found = {
        "tollbridge": tollbridge.__version__,
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "nginx": version_in(_said_by("nginx", "-v")),
        "wrk": version_in(_said_by("wrk", "--version")),
    }
    if LITELLM in peers:
        lock = (root / "requirements" / "litellm.txt").read_text("utf-8")
        found[LITELLM] = locked_version(lock, "litellm")
    if PORTKEY in peers:
        package = json.loads((Path(__file__).parent / PORTKEY / "package.json").read_text("utf-8"))
        found[PORTKEY] = package["dependencies"]["@portkey-ai/gateway"]
        found["node"] = version_in(_said_by("node", "--version"))
    return found


def stores_versions(root: Path) -> dict[str, str]:
    """Program → version, of everything whose speed is compared or relied on with both stores."""
    programs = find_postgres()
    server = _said_by(str(programs / "postgres"), "--version") if programs else ""
    return {
        **versions(root, ()),
        "postgresql": version_in(server),
        "asyncpg": metadata.version("asyncpg"),
    }


def page_versions(root: Path) -> dict[str, str]:
    """Program → version, of everything that a start of the page depends on."""
    lock = json.loads((root / "package-lock.json").read_text("utf-8"))["packages"]
    return {
        "tollbridge": tollbridge.__version__,
        "chromium": version_in(_said_by(find_chromium() or "", "--version")),
        "pyodide": lock["node_modules/pyodide"]["version"],
        "pyscript": lock["node_modules/@pyscript/core"]["version"],
    }


def version_in(said: str) -> str:
    """The first thing that looks like a version in what a program says of itself."""
    match = _VERSION.search(said)
    return match[0] if match else "unknown"


def locked_version(lock: str, package: str) -> str:
    """Which version a lock file of pip's pins.

    Raises:
        ValueError: It does not name the package.
    """
    for line in lock.splitlines():
        name, pinned, rest = line.partition("==")
        if pinned and name == package:
            return rest.split()[0]
    raise ValueError(f"the lock file pins no {package}")


def _said_by(program: str, option: str) -> str:
    # Some tell it on stdout, some on stderr; wrk ends with status 1 after it.
    path = shutil.which(program)
    if path is None:
        return ""
    done = subprocess.run([path, option], capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr
