"""Where the tests' own folders are: in memory if there is room, and nothing of them stays."""

import os
from pathlib import Path

import pytest

from building import checks
from building.checks import PYTEST_FOLDERS, folder_for_tests


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A place that is taken for the machine's memory, by a run that nobody has told of a folder."""
    monkeypatch.delenv(PYTEST_FOLDERS, raising=False)
    monkeypatch.setattr(checks, "MEMORY", tmp_path)
    return tmp_path


def test_there_is_room(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pytest is told a folder there, and what it leaves goes with the run."""
    monkeypatch.setattr(checks, "MEMORY_BYTES", 1)
    with folder_for_tests():
        folder = Path(os.environ[PYTEST_FOLDERS])
        assert folder.parent == memory
        (folder / "left").mkdir()
    assert list(memory.iterdir()) == []
    assert PYTEST_FOLDERS not in os.environ


def test_there_is_no_room(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's default is 64 MB, too small for a few thousand databases: the disk then."""
    monkeypatch.setattr(checks, "MEMORY_BYTES", 1 << 60)
    with folder_for_tests():
        assert PYTEST_FOLDERS not in os.environ
    assert list(memory.iterdir()) == []


def test_there_is_no_such_place(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every system has one."""
    monkeypatch.setattr(checks, "MEMORY", memory / "none")
    with folder_for_tests():
        assert PYTEST_FOLDERS not in os.environ
