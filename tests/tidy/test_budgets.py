"""Sizes and names that keep the code readable. A budget that pinches asks for a seam."""

import ast
from pathlib import Path

import pytest

from tests.tidy.tree import ROOT, name_of, packages, python_sources

FILE_LINES_MAX = 300  # what a person reads in one sitting
DOOR_LINES_MAX = 149  # build.py only opens doors
FUNCTION_LINES_MAX = 60  # about a screen
LINE_COLUMNS_MAX = 100
README_LINES_MAX = 80  # a page
# Names that say nothing about what is inside, so that everything ends up there.
EMPTY_NAMES = {"common", "data", "helper", "helpers", "manager", "managers", "util", "utils"}

SOURCES = [pytest.param(path, id=name_of(path)) for path in python_sources()]
TESTS = [pytest.param(p, id=name_of(p)) for p in sorted((ROOT / "tests").rglob("*.py"))]


@pytest.mark.parametrize("path", SOURCES)
def test_no_file_is_too_long(path: Path) -> None:
    """A file fits a sitting; `build.py` is a door and shorter still."""
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= (DOOR_LINES_MAX if path.name == "build.py" else FILE_LINES_MAX)


@pytest.mark.parametrize("path", SOURCES)
def test_no_function_is_too_long(path: Path) -> None:
    """A function fits a screen, its docstring included."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{node.name}, line {node.lineno}"


@pytest.mark.parametrize("path", SOURCES + TESTS)
def test_no_line_is_too_wide(path: Path) -> None:
    """Two files fit side by side."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        assert len(line) <= LINE_COLUMNS_MAX, f"line {number}"


@pytest.mark.parametrize("path", SOURCES + TESTS)
def test_a_name_says_what_is_inside(path: Path) -> None:
    """Neither a module nor its folder has a name that would fit anything."""
    assert not EMPTY_NAMES & {path.stem, *path.relative_to(ROOT).parts[:-1]}


@pytest.mark.parametrize("package", [pytest.param(p, id=name_of(p)) for p in packages()])
def test_every_package_introduces_itself(package: Path) -> None:
    """Each package has a README of a page at most: what it owns, what not, what always holds."""
    readme = package / "README.md"
    assert readme.is_file()
    assert 0 < len(readme.read_text("utf-8").splitlines()) <= README_LINES_MAX
