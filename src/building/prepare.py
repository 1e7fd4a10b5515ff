"""Makes ready what a command needs: `.venv`, npm packages, programs. Standard library only.

Every step leaves a stamp that names what it was made from. A second run reads the stamps, finds
nothing changed and contacts nothing. A step that broke off leaves no stamp and is done again.
"""

import contextlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from building.packages import WHEELS, download_words, wanted_by
from building.programs import CHROMIUM, PGBOUNCER, POSTGRES, SHELL, Program, programs_complaint
from building.steps import CannotPrepare, fingerprint, is_stamped, output_of, run, say, stamp

NODE_OLDEST = 18  # what npm 9 and the runtimes' own test drivers need
# Names a PostgreSQL server whose role may create databases; the tests use it, not one of their own.
TEST_POSTGRES = "TOLLBRIDGE_TEST_POSTGRES"


def venv_program(root: Path, name: str) -> Path:
    """Where a program of `.venv` stands."""
    return root / ".venv" / ("Scripts" if os.name == "nt" else "bin") / name


def prepare_python(root: Path, *, for_tests: bool) -> None:
    """Make `.venv` hold the locked packages and Tollbridge itself, editable.

    The packages of the tests contain those of the gateway, so after a `test` a `run` finds its own
    already there.
    """
    venv = root / ".venv"
    birth = fingerprint(sys.version, str(venv))
    if not is_stamped(venv / ".stamp-venv", birth):
        _make_venv(venv)
        stamp(venv / ".stamp-venv", birth)
    python = venv_program(root, "python")
    locks = {name: root / "requirements" / f"{name}.txt" for name in ("gateway", "dev")}
    keys = {name: fingerprint(path.read_bytes()) for name, path in locks.items()}
    wanted = "dev" if for_tests else "gateway"
    if not is_stamped(venv / f".stamp-{wanted}", keys[wanted]):
        say(f"python packages ({wanted})")
        pip_install(python, "--require-hashes", "-r", str(locks[wanted]))
        for name in {wanted, "gateway"}:
            stamp(venv / f".stamp-{name}", keys[name])
    project = fingerprint((root / "pyproject.toml").read_bytes())
    if not is_stamped(venv / ".stamp-project", project):
        say("tollbridge itself")
        # The build backend is one of the locked packages, so this needs no network.
        local = ("--no-index", "--no-deps", "--no-build-isolation", "--editable", str(root))
        pip_install(python, *local)
        stamp(venv / ".stamp-project", project)


def pip_install(python: Path, *arguments: str) -> None:
    """Install with the environment's own pip, without its look for a newer pip."""
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--retries", "2"]
    run([*pip, "install", "--quiet", *arguments], what="pip install")


def _make_venv(venv: Path) -> None:
    """Make a fresh, empty virtual environment."""
    if complaint := venv_complaint(has_pip=importlib.util.find_spec("ensurepip") is not None):
        raise CannotPrepare(complaint)
    say("a virtual environment in .venv")
    run([sys.executable, "-m", "venv", "--clear", venv], what="python -m venv", cwd=venv.parent)


def venv_complaint(*, has_pip: bool) -> str | None:
    """What a person has to do about a Python without `ensurepip`, as Debian ships it; or None."""
    if has_pip:
        return None
    return (
        "This Python cannot make a virtual environment: install python3-venv "
        "(as root: apt-get install python3-venv) and run this again."
    )


def prepare_for_page(root: Path, page: Path | None = None) -> None:
    """What building and serving the page needs. What may be missing on a machine is asked first.

    Args:
        root: The repository.
        page: Another page than ours, which may want packages beside it.

    Raises:
        CannotPrepare: Something cannot be had.
    """
    prepare_runtimes(root)
    prepare_python(root, for_tests=False)
    if page and page.is_file() and wanted_by(page.read_text("utf-8")):
        prepare_wheels(root)


def prepare_for_browser(root: Path) -> None:
    """What the screenshots and the benchmark of the page need.

    Raises:
        CannotPrepare: Something cannot be had.
    """
    prepare_runtimes(root, need_node=True)
    prepare_programs([CHROMIUM])
    prepare_python(root, for_tests=True)


def prepare_for_tests(root: Path) -> None:
    """What the tests need: a browser, PostgreSQL unless a server is given, and PgBouncer.

    Raises:
        CannotPrepare: Something cannot be had.
    """
    prepare_runtimes(root, need_node=True)
    server = [] if os.environ.get(TEST_POSTGRES) else [POSTGRES]
    prepare_programs([CHROMIUM, *server, PGBOUNCER])
    prepare_python(root, for_tests=True)
    prepare_wheels(root)
    prefer_program(SHELL, tried=root / ".venv" / ".stamp-tried-shell")


def prepare_wheels(root: Path) -> None:
    """Make `build/wheels` hold the packages for pages, as locked; `.venv` has to be ready.

    Raises:
        CannotPrepare: They cannot be had.
    """
    lock, folder = root / "requirements" / "pyodide.txt", root / WHEELS
    made, key = folder / ".stamp-wheels", fingerprint(lock.read_bytes())
    if is_stamped(made, key):
        return
    say("packages for pages")
    shutil.rmtree(folder, ignore_errors=True)
    pip = [str(venv_program(root, "python")), "-m", "pip", "--disable-pip-version-check"]
    run([*pip, "--retries", "2", *download_words(lock, folder)], what="pip download")
    stamp(made, key)


def prepare_for_stores(root: Path) -> None:
    """What the benchmark of the two stores needs: the gateway's packages and PostgreSQL.

    Raises:
        CannotPrepare: Something cannot be had.
    """
    prepare_programs([POSTGRES])
    prepare_python(root, for_tests=False)


def prepare_runtimes(root: Path, *, need_node: bool = False) -> None:
    """Make `node_modules` hold the Python runtimes that the pages load, as locked.

    Args:
        root: The repository.
        need_node: Node itself is wanted afterwards (the interpreter tests run in it), so that its
            absence is said now and not by a test.
    """
    made = root / "node_modules" / ".stamp-runtimes"
    key = fingerprint((root / "package-lock.json").read_bytes())
    if is_stamped(made, key) and not need_node:
        return
    node, npm = shutil.which("node"), shutil.which("npm")
    version = output_of([node, "--version"]) if node else ""
    if complaint := node_complaint(version, has_npm=npm is not None):
        raise CannotPrepare(complaint)
    if not is_stamped(made, key):
        say("npm packages")
        run([npm or "npm", "ci"], what="npm ci", cwd=root)
        stamp(made, key)


def node_complaint(version: str, *, has_npm: bool) -> str | None:
    """What a person has to do about Node, or None. `version` is like "v20.1.0" or empty."""
    if not version or not has_npm:
        lacking = "npm" if version else "Node.js"
        return f"{lacking} is missing: install Node.js {NODE_OLDEST} or newer with npm."
    major = version.lstrip("v").partition(".")[0]
    if not major.isdigit() or int(major) < NODE_OLDEST:
        return f"Node.js here is {version}: install Node.js {NODE_OLDEST} or newer."
    return None


def prepare_programs(wanted: Sequence[Program]) -> None:
    """Find programs of the system, or install Debian's where that is ours to do.

    Raises:
        CannotPrepare: Some are missing and cannot be installed; all of them are named at once.
    """
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    missing = [program for program in wanted if not program.find()]
    if complaint := programs_complaint(missing, is_root=is_root, apt_get=shutil.which("apt-get")):
        raise CannotPrepare(complaint)
    if not missing:
        return
    say(" and ".join(program.name for program in missing))
    if POSTGRES in missing:
        forbid_cluster(Path("/etc/postgresql-common/createcluster.conf"))
    # The last one keeps what `forbid_cluster` wrote.
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "UCF_FORCE_CONFFOLD": "1"}
    run(["apt-get", "update", "-q"], what="apt-get update", env=quiet)
    packages = [program.package for program in missing]
    install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
    run(install, what=f"apt-get install {' '.join(packages)}", env=quiet)
    for program in missing:
        if not program.find():
            raise CannotPrepare(f"apt-get installed {program.package}, yet no {program.name}.")


def prefer_program(program: Program, *, tried: Path) -> None:
    """Install a program that only saves time, if that is ours to do; without it, work goes on.

    Args:
        program: What is better to have.
        tried: The stamp of a try, so that one that failed is not made at every run.
    """
    if program.find() or is_stamped(tried, program.package):
        return
    with contextlib.suppress(CannotPrepare):
        prepare_programs([program])
    stamp(tried, program.package)


def forbid_cluster(settings: Path) -> None:
    """Keep Debian's packages from making a server of the system and starting it.

    Args:
        settings: Theirs for new servers; one that is there is somebody's, and stays as it is.
    """
    if not settings.exists():
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("create_main_cluster = false\n", "utf-8")
