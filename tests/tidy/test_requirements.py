"""Each requirement that the page promises is named by a test that shows it, or is `not yet`."""

import ast
import re
from functools import cache

import pytest

from tests.tidy.tree import ROOT

REQUIREMENTS = [
    *(f"SPA-M{number}" for number in range(1, 9)),
    *(f"TG-M{number}" for number in range(1, 12)),
    *(f"UX-M{number}" for number in range(1, 12)),
    *(f"X-M{number}" for number in range(1, 11)),
    *(f"W-M{number}" for number in range(1, 12)),
    *(f"EXT-M{number}" for number in range(1, 9)),
]
_NAME = re.compile(r"\b(?:SPA|TG|UX|X|W|EXT)-M\d+\b")


@cache
def shown() -> set[str]:
    """The requirements that the docstrings of tests name."""
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            is_test = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            if is_test and node.name.startswith("test_"):
                found |= set(_NAME.findall(ast.get_docstring(node) or ""))
    return found


def not_yet() -> set[str]:
    """The requirements that have a row, and with it a reason, in `docs/not-yet.md`."""
    rows = (ROOT / "docs" / "not-yet.md").read_text("utf-8").splitlines()
    named = [row.split("|") for row in rows if row.startswith("| ")]
    return {name for row in named if row[3].strip() for name in _NAME.findall(row[1])}


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_a_requirement_is_shown_or_explained(requirement: str) -> None:
    """Neither list forgets one; what is new in the lists has to be put into `REQUIREMENTS`."""
    assert requirement in shown() | not_yet()


def test_nothing_is_explained_that_was_never_asked() -> None:
    """A name with a typing error would excuse nothing."""
    assert not_yet() <= set(REQUIREMENTS)
