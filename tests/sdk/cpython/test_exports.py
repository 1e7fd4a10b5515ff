"""The surface of the SDK is listed, small, and costs nothing to import.

On CPython alone: it asks modules and processes for what only CPython tells.
"""

import subprocess
import sys
from pathlib import Path

import tollbridge.sdk

SRC = Path(tollbridge.sdk.__file__).parents[2]
PUBLIC_NAMES_MAX = 24

# Dear at a page's start, or not there at all.
UNWANTED = ["httpx2", "urllib.parse", "http.client", "uuid", "typing", "dataclasses"]


def test_what_is_listed_is_there_and_nothing_else() -> None:
    """Every public name is listed, in order, and stays within the budget."""
    listed = tollbridge.sdk.__all__
    assert listed == sorted(listed)
    assert len(listed) <= PUBLIC_NAMES_MAX
    there = {
        name
        for name, value in vars(tollbridge.sdk).items()
        if callable(value) and not name.startswith("_")
    }
    assert there == set(listed)


def test_every_class_is_where_it_says() -> None:
    """A name has one home, so that an `except` never meets a second copy of a class."""
    for name in tollbridge.sdk.__all__:
        owner = getattr(tollbridge.sdk, name).__module__
        assert getattr(sys.modules[owner], name) is getattr(tollbridge.sdk, name)


def test_importing_needs_nothing_but_the_standard_library() -> None:
    """A bare interpreter, without any installed package, imports the SDK."""
    code = (
        "import asyncio, sys; before = set(sys.modules); "
        f"sys.path.insert(0, {str(SRC)!r}); import tollbridge.sdk; "
        f"print([name for name in {UNWANTED} if name in set(sys.modules) - before])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
