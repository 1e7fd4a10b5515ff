"""The lint for the shared subset, tried on both sides and against the interpreter itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.shared_tests import portable_files
from tests.tidy.micropython import ROOT, run_all
from tests.tidy.shared_subset import findings
from tests.tidy.subset_snippets import ACCEPTED, NEWER, REFUSED, REFUSED_BY_RULE

SHIPPED = ROOT / "src" / "tollbridge"
SHARED = [
    path.relative_to(SHIPPED).as_posix()
    for package in ("wire", "sdk", "ui", "pages")
    for path in sorted((SHIPPED / package).rglob("*.py"))
]
# These run on every interpreter too, and are held to the same.
SHARED_TESTS = [path.relative_to(ROOT).as_posix() for path in portable_files()]


@pytest.mark.parametrize("path", SHARED)
def test_what_runs_in_a_page_keeps_to_the_shared_subset(path: str) -> None:
    """Every file that a page may load is Python which all three interpreters understand."""
    found = findings((SHIPPED / path).read_text("utf-8"), path=path)
    assert not found, "\n".join(f"src/tollbridge/{path}:{line}: {what}" for line, what in found)


@pytest.mark.parametrize("path", SHARED_TESTS)
def test_the_tests_that_run_everywhere_keep_to_it_too(path: str) -> None:
    """A shared test fails for what it found, and not for how it is written."""
    found = findings((ROOT / path).read_text("utf-8"), path=path)
    assert not found, "\n".join(f"{path}:{line}: {what}" for line, what in found)


def test_the_shared_tests_are_found() -> None:
    """They are the files of `wire` and `sdk` themselves; those that CPython alone runs are not."""
    assert {"tests/wire/test_balance.py", "tests/sdk/test_stopping.py"} <= set(SHARED_TESTS)
    assert "tests/support/everywhere/runner.py" in SHARED_TESTS
    assert not [path for path in SHARED_TESTS if "cpython" in path]


def test_a_shared_test_may_import_what_it_is_written_with_and_no_other_test() -> None:
    """What is not put into the interpreters cannot be imported there."""
    path = "tests/sdk/test_example.py"
    assert findings("from tests.support.everywhere.testing import raises", path=path) == []
    assert findings("from tests.support.clock import FakeClock", path=path)
    assert findings("import pytest", path=path)
    assert findings("from tests.support.everywhere.testing import raises", path="sdk/auth.py")


@pytest.mark.parametrize("source", (REFUSED | NEWER | REFUSED_BY_RULE).values())
def test_what_one_interpreter_lacks_is_refused(source: str) -> None:
    """Each snippet that does not work everywhere is found."""
    assert findings(source, path="sdk/example.py")


@pytest.mark.parametrize("source", ACCEPTED.values())
def test_what_all_interpreters_have_is_accepted(source: str) -> None:
    """No snippet that works everywhere is refused."""
    assert findings(source, path="sdk/example.py") == []


def test_a_finding_names_its_line() -> None:
    """A person who is told what is wrong is also told where."""
    (found,) = findings("a = 1\nb = [*'ab']\n", path="sdk/example.py")
    assert found == (2, "a display takes no `*`; add the sequences")


def test_the_bridge_files_may_touch_the_browser_and_nobody_else() -> None:
    """`import js` is accepted in the bridge files and in pages, and in no other file."""
    for path in ("sdk/platform.py", "sdk/transport/fetch.py", "ui/dom/nodes.py", "pages/spa.py"):
        assert findings("import js", path=path) == []
    assert findings("import js", path="sdk/auth.py")


def test_only_the_platform_file_may_name_what_one_interpreter_has() -> None:
    """`time.monotonic` and guarded imports belong to the file that hides such differences."""
    source = "import time\ntry:\n    from secrets import token_hex\nexcept ImportError:\n    pass\n"
    source += "time.monotonic()\n"
    assert findings(source, path="sdk/platform.py") == []
    assert len(findings(source, path="sdk/auth.py")) == 2


def test_the_refused_snippets_do_fail_in_micropython() -> None:
    """A rule stands only as long as the pinned interpreter needs it."""
    ran = run_all(list((REFUSED | NEWER).values()))
    needless = [name for name, run in zip(REFUSED | NEWER, ran, strict=True) if run.error is None]
    assert needless == []


def test_the_accepted_snippets_do_run_in_micropython() -> None:
    """The lint lets nothing pass that the pinned interpreter refuses."""
    ran = run_all(list(ACCEPTED.values()))
    broken = {name: run.error for name, run in zip(ACCEPTED, ran, strict=True) if run.error}
    assert broken == {}


def test_the_snippets_run_on_cpython(tmp_path: Path) -> None:
    """A snippet that is wrong everywhere would prove nothing about MicroPython."""
    program = tmp_path / "run_each.py"
    program.write_text(
        "import sys\nfor source in eval(sys.stdin.read()):\n    exec(source, {'__name__': 'a'})\n"
    )
    sources = list((REFUSED | ACCEPTED).values())
    done = subprocess.run(
        [sys.executable, str(program)], input=repr(sources), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
