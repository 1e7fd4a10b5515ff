"""Programs of the system that tests and benchmarks need: where they are, and who packages them.

Standard library only, on every system.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from building.chromium import HEADLESS_SHELL, find_chromium

POSTGRES_OLDEST = 15  # the major version that Tollbridge supports from on


@dataclass(frozen=True)
class Program:
    """A program that is looked for and, as root on Debian, installed.

    Attributes:
        name: How messages call it.
        package: Debian's package.
        find: Gives something truthy where it is installed.
    """

    name: str
    package: str
    find: Callable[[], object]


def find_program(name: str) -> Path | None:
    """A program on PATH, or among the administrator's where a person's PATH may not look."""
    path = os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin"
    found = shutil.which(name, path=path)
    return Path(found) if found else None


def find_postgres(debian: Path = Path("/usr/lib/postgresql")) -> Path | None:
    """The folder of the newest PostgreSQL's programs, or None when none is new enough.

    Args:
        debian: Where Debian keeps each major version's programs, off PATH; else PATH is asked.
    """
    versions = [int(path.name) for path in debian.glob("*") if path.name.isdigit()]
    for version in sorted(versions, reverse=True):
        programs = debian / str(version) / "bin"
        if version >= POSTGRES_OLDEST and (programs / "initdb").exists():
            return programs
    found = find_program("initdb")
    if found is None or _major_version(found) < POSTGRES_OLDEST:
        return None
    return found.resolve().parent


CHROMIUM = Program("Chromium", "chromium", find_chromium)
SHELL = Program("Chromium's headless shell", HEADLESS_SHELL, lambda: find_program(HEADLESS_SHELL))
POSTGRES = Program(f"PostgreSQL {POSTGRES_OLDEST} or newer", "postgresql", find_postgres)
PGBOUNCER = Program("PgBouncer", "pgbouncer", lambda: find_program("pgbouncer"))


def programs_complaint(
    missing: Sequence[Program], *, is_root: bool, apt_get: str | None
) -> str | None:
    """Why missing programs cannot be installed from here, or None when they can."""
    if not missing or (is_root and apt_get):
        return None
    packages = " ".join(program.package for program in missing)
    names = " and ".join(program.name for program in missing)
    it, word = ("it", "package") if len(missing) == 1 else ("them", "packages")
    how = f"as root: apt-get install {packages}" if apt_get else f"the {word} {packages}"
    return f"{names} cannot be found here: install {it} ({how}) and run this again."


def _major_version(initdb: Path) -> int:
    done = subprocess.run([initdb, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"\) (\d+)", done.stdout)  # initdb (PostgreSQL) 15.18 …
    return int(match[1]) if match else 0
