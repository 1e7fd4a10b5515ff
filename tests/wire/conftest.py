"""Runs the shared tests on CPython; the same files run in Pyodide and MicroPython."""

import pytest

from tests.support.shared_tests import generate_cases, leave_out_of_cpython

pytest_generate_tests = generate_cases


def pytest_pycollect_makeitem(name: str, obj: object) -> list[pytest.Item] | None:
    """Leave out what runs elsewhere only."""
    return leave_out_of_cpython(name, obj)
