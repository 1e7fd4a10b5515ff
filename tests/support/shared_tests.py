"""The tests that run on every interpreter: which there are, and how pytest comes to know them."""

import ast
import importlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from tests.support.everywhere.testing import CPYTHON, cases_of, exclusions_of

ROOT = Path(__file__).resolve().parents[2]
# Only what stands in these folders themselves; `cpython` inside them holds what runs there alone.
_FOLDERS = ("tests/wire", "tests/sdk")


class SharedTest(NamedTuple):
    """One run of one shared test.

    Attributes:
        id: How a report names it: `tests.sdk.test_x::test_y[2]`.
        asks: The arguments that the runner gives, by name; the others come from the case.
        case: Which of the test's cases it is, from 0.
        excluded: The reason by the name of each interpreter that it does not run on.
    """

    id: str
    module: str
    name: str
    asks: list[str]
    case: int
    is_async: bool
    excluded: dict[str, str]


def shared_files() -> list[Path]:
    """Return every file of shared tests."""
    return [file for folder in _FOLDERS for file in sorted((ROOT / folder).glob("test_*.py"))]


def portable_files() -> list[Path]:
    """Return every file that goes into the interpreters beside the SDK, and keeps to the subset."""
    return [*shared_files(), *sorted((ROOT / "tests/support/everywhere").glob("*.py"))]


def shared_tests() -> list[SharedTest]:
    """Return every run of every shared test, in the order of the files."""
    return [test for file in shared_files() for test in _tests_of(file)]


def generate_cases(metafunc: pytest.Metafunc) -> None:
    """Have pytest run a test once per case; a `pytest_generate_tests`."""
    rows = cases_of(metafunc.function)
    if rows != [{}]:
        names = list(rows[0])
        values = [[row[name] for name in names] for row in rows]
        metafunc.parametrize(names, values, ids=[str(number) for number in range(len(rows))])


def leave_out_of_cpython(name: str, found: object) -> list[pytest.Item] | None:
    """Have pytest not collect what is excluded on CPython; for `pytest_pycollect_makeitem`."""
    is_left_out = name.startswith("test_") and CPYTHON in exclusions_of(found)
    return [] if is_left_out else None


def _tests_of(file: Path) -> list[SharedTest]:
    name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    module = importlib.import_module(name)
    names = [
        node.name
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    ]
    return [run for test in names for run in _runs_of(module, test)]


def _runs_of(module: ModuleType, name: str) -> list[SharedTest]:
    test: Any = getattr(module, name)
    rows = cases_of(test)
    asks = [asked for asked in inspect.signature(test).parameters if asked not in rows[0]]
    prefix = f"{module.__name__}::{name}"
    return [
        SharedTest(
            id=prefix if rows == [{}] else f"{prefix}[{case}]",
            module=module.__name__,
            name=name,
            asks=asks,
            case=case,
            is_async=inspect.iscoroutinefunction(test),
            excluded=exclusions_of(test),
        )
        for case in range(len(rows))
    ]
