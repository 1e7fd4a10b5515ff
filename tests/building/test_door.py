"""`build.py` as a person meets it: help, mistakes, a machine that lacks something."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from building.prepare import TEST_POSTGRES

ROOT = Path(__file__).resolve().parents[2]


def _door(
    *arguments: str, at: Path = ROOT, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `build.py` of the repository, or of a copy `at` another place."""
    command = [sys.executable, str(at / "build.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=60)


def _bare_copy(tmp_path: Path) -> Path:
    """The door and what is behind it, with nothing prepared."""
    shutil.copy(ROOT / "build.py", tmp_path)
    shutil.copy(ROOT / "package-lock.json", tmp_path)
    shutil.copytree(ROOT / "src" / "building", tmp_path / "src" / "building")
    return tmp_path


def test_help_lists_every_command() -> None:
    """`--help` needs nothing prepared and names what there is."""
    done = _door("--help")
    assert done.returncode == 0
    for command in ("run", "test", "dist", "shots", "bench"):
        assert f"\n    {command} " in done.stdout


@pytest.mark.parametrize("command", ["run", "test", "dist", "shots", "bench"])
def test_every_command_explains_itself(command: str) -> None:
    """`build.py COMMAND --help` prints its usage."""
    done = _door(command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: build.py {command}")


@pytest.mark.parametrize(
    "arguments",
    [(), ("walk",), ("run", "--prot", "1"), ("dist", "here"), ("bench", "cals")],
)
def test_a_mistake_is_named(arguments: tuple[str, ...]) -> None:
    """An unknown command or option ends with status 2 before anything is prepared."""
    done = _door(*arguments)
    assert done.returncode == 2
    assert "usage: build.py" in done.stderr


@pytest.mark.parametrize("command", ["run", "test", "dist", "shots"])
def test_a_machine_without_node_hears_one_sentence(command: str, tmp_path: Path) -> None:
    """The missing program is named at once: no trace, no half-made environment."""
    copy = _bare_copy(tmp_path)
    done = _door(command, at=copy, env={"PATH": str(tmp_path)})
    assert done.returncode == 2
    assert done.stderr == "Node.js is missing: install Node.js 18 or newer with npm.\n"
    assert not (copy / ".venv").exists()


@pytest.fixture
def door() -> ModuleType:
    """`build.py` as a module, on this repository, in which everything is prepared."""
    spec = importlib.util.spec_from_file_location("door", ROOT / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("command", "as_far_as_it_goes"), [("dist", True), ("run", False)])
def test_only_dist_compresses_as_far_as_it_goes(
    door: ModuleType, monkeypatch: pytest.MonkeyPatch, command: str, as_far_as_it_goes: bool
) -> None:
    """It takes half a minute, for which nobody who starts the demo wants to wait."""
    called: list[Any] = []

    def fail(words: list[str], **_: Any) -> int:
        called.append(words)
        return 1

    monkeypatch.setattr(subprocess, "call", fail)
    monkeypatch.setattr(sys, "argv", ["build.py", command])
    assert door.main() == 1
    [words] = called
    assert "building.site" in words
    assert ("--smallest" in words) == as_far_as_it_goes


def test_the_server_of_the_tests_is_no_setting_of_the_gateway(
    door: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever names one for the tests can still start the demo."""
    given: dict[str, str] = {}
    monkeypatch.setenv(TEST_POSTGRES, "postgresql://anywhere/postgres")
    monkeypatch.setattr(subprocess, "call", lambda *_, **__: 0)
    monkeypatch.setattr(os, "execve", lambda program, words, env: given.update(env))
    monkeypatch.setattr(sys, "argv", ["build.py", "run"])
    door.main()
    assert "TOLLBRIDGE_SITE_DIR" in given
    assert TEST_POSTGRES not in given
