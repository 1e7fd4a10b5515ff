"""`build.py` as a person meets it: help, mistakes, a machine that lacks something."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
