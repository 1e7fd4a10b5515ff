"""What shared tests are written with, in place of pytest: it runs on every interpreter.

A shared test is a function `test_…`, plain or asynchronous, in a file `test_*.py` of `tests/wire`
or `tests/sdk`. What it asks for by the names of its arguments stands in `pages.Visit.give`; the
others come from `cases`. pytest runs it on CPython, `runner` everywhere else.
"""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Where shared tests run.
CPYTHON = "cpython"
IN_A_PAGE = ("pyodide-page", "pyodide-worker", "micropython-page", "micropython-worker")
UNDER_NODE = ("pyodide-node", "micropython-node")
MICROPYTHON = ("micropython-page", "micropython-worker", "micropython-node")

# Kept beside the tests, because MicroPython's functions take no attributes.
_cases: list[tuple] = []
_exclusions: list[tuple] = []


def cases(names: "str | tuple[str, ...]", rows: list) -> "Callable[[Any], Any]":
    """Run a test once for each row, as `pytest.mark.parametrize` does; two multiply.

    Args:
        names: The name of an argument of the test, or a tuple of them.
        rows: A value for each run, or a tuple of values where there are several names.
    """

    def register(test: "Any") -> "Any":
        known = cases_of(test)
        _cases.append((test, [_named(names, row) | earlier for row in rows for earlier in known]))
        return test

    return register


def cases_of(test: object) -> "list[dict[str, Any]]":
    """Return the arguments of each run of a test; one run without any where it has no `cases`."""
    for registered, rows in reversed(_cases):
        if registered is test:
            return rows
    return [{}]


def except_on(*interpreters: str, because: str) -> "Callable[[Any], Any]":
    """Do not run a test on some interpreters; the reason is shown wherever tests are counted."""

    def register(test: "Any") -> "Any":
        _exclusions.append((test, interpreters, because))
        return test

    return register


def exclusions_of(test: object) -> dict[str, str]:
    """Return the reason by the name of each interpreter that a test does not run on."""
    reasons = {}
    for registered, interpreters, because in _exclusions:
        if registered is test:
            reasons.update({name: because for name in interpreters})
    return reasons


class raises:
    """A context that must end with an error: `with raises(ValueError, says="no list") as caught`.

    Attributes:
        value: The error.
    """

    def __init__(self, kind: "Any", *, says: str = "") -> None:
        """Take the class of the error, or a tuple of classes, and words that it must hold."""
        self._kind = kind
        self._says = says
        self.value: Any = None

    def __enter__(self) -> "raises":
        return self

    def __exit__(self, kind: "Any", error: "Any", where: object) -> bool:
        assert kind is not None, f"nothing was raised, but {self._kind} was expected"
        if not issubclass(kind, self._kind):
            return False
        assert self._says in str(error), f"{self._says!r} is not in {str(error)!r}"
        self.value = error
        return True


class reported:
    """A context that collects what nobody caught: `with reported() as errors`."""

    def __enter__(self) -> list[Exception]:
        errors: list[Exception] = []
        self._loop = asyncio.get_event_loop()
        self._before = self._loop.get_exception_handler()
        self._loop.set_exception_handler(lambda loop, what: errors.append(what["exception"]))
        return errors

    def __exit__(self, *error: object) -> None:
        self._loop.set_exception_handler(self._before)


async def every(chunks: "Any") -> list:
    """Return everything that an asynchronous iterable gives."""
    found = []
    async for chunk in chunks:
        found.append(chunk)
    return found


async def outcome_of(work: "Any") -> "Any":
    """Return what a task or coroutine returns, or the error that it ends with."""
    try:
        return await work
    except asyncio.CancelledError as error:
        return error
    except Exception as error:
        return error


def _named(names: "str | tuple[str, ...]", row: "Any") -> "dict[str, Any]":
    if isinstance(names, str):
        return {names: row}
    assert len(names) == len(row), f"{row!r} has no value for each of {names!r}"
    return dict(zip(names, row))
