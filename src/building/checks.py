"""Every check and then every test, as `build.py test` runs them.

A check that fails does not stop the next one, so one run shows everything there is to mend. The
tests come last, in five runs side by side, which mostly wait: for a browser, an interpreter, the
store, a clock. The first one speaks as it goes; what each other said is printed whole, at the end.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from building.child import CannotServe
from building.postgres import running_postgres
from building.prepare import TEST_POSTGRES, venv_program
from building.site import ROOT, CannotBuild, build_site

SITE = ROOT / "build" / "site"

# The runs of the tests by name, and what pytest's `-m` and `-k` choose for each. Of two of a kind
# the second has what the first has not, so that no test is in none; they take about as long.
_WAITING = "browser or interpreters"
_FIRST_FILES = "test_look or test_shared_tests or test_miniapp or test_widget or test_extension"
_FIRST_FOLDERS = "calls or building or torture or faults"
RUNS = {
    "the gateway's parts": (f"not ({_WAITING})", f"not postgres and not ({_FIRST_FOLDERS})"),
    "calls, faults and builds": (f"not ({_WAITING})", f"not postgres and ({_FIRST_FOLDERS})"),
    "on PostgreSQL": (f"not ({_WAITING})", "postgres"),
    "surfaces and interpreters": (_WAITING, _FIRST_FILES),
    "the page": (_WAITING, f"not ({_FIRST_FILES})"),
}

# Where files live in memory, if there is room: a store's commits, of which the tests make tens of
# thousands, wait for no disk there. The tests leave far less than this behind.
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 2 * 1024**3
PYTEST_FOLDERS = "PYTEST_DEBUG_TEMPROOT"

# What a person reads → the program of `.venv` and its arguments.
CHECKS: dict[str, list[str]] = {
    "format": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
    "arrows": ["lint-imports", "--no-cache"],
}


def run_checks() -> list[str]:
    """Run every check and print a line for each; what a failed one said follows its line.

    Returns:
        The names of those that failed.
    """
    failed = []
    for name, (program, *arguments) in CHECKS.items():
        started_s = time.monotonic()
        command = [str(venv_program(ROOT, program)), *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        report(name, ok=done.returncode == 0, took_s=time.monotonic() - started_s)
        if done.returncode:
            failed.append(name)
            print(done.stdout, flush=True)
    return failed


def build_page() -> bool:
    """Build the page that the browser tests open; False, its reason printed, if it cannot be."""
    started_s = time.monotonic()
    try:
        build_site(SITE)
    except CannotBuild as reason:
        report("page", ok=False, took_s=time.monotonic() - started_s)
        print(reason, flush=True)
        return False
    report("page", ok=True, took_s=time.monotonic() - started_s)
    return True


def report(name: str, *, ok: bool, took_s: float) -> None:
    """One line for one step."""
    print(f"{name:12}{'ok' if ok else 'FAILED':8}{took_s:6.1f} s", flush=True)


def main() -> int:
    """Run all of it; 0 only if every check and every test passed."""
    parser = argparse.ArgumentParser(prog="building.checks", allow_abbrev=False)
    parser.add_argument("--long", action="store_true")
    options, pytest_arguments = parser.parse_known_args()
    failed = run_checks()
    if not build_page():
        failed.append("page")
    if failed:
        # Said before the tests, whose summary could otherwise pass for the whole result.
        print(f"failed so far: {', '.join(failed)}; the tests follow", flush=True)
    if options.long:
        # Some take most of an hour.
        pytest_arguments = ["--long", "-o", "faulthandler_timeout=7200", *pytest_arguments]
    try:
        with server_for_tests():
            tested = run_tests(pytest_arguments)
    except CannotServe as reason:
        print(reason, flush=True)
        return 1
    return 1 if failed else tested


@contextlib.contextmanager
def server_for_tests() -> Iterator[None]:
    """Have the environment name a PostgreSQL server: the one it names already, else one of ours.

    One server is enough for both runs of the tests, which make databases of their own there.

    Raises:
        CannotServe: None is named, and none can be started.
    """
    if os.environ.get(TEST_POSTGRES):
        yield
        return
    with running_postgres() as url:
        os.environ[TEST_POSTGRES] = url
        try:
            yield
        finally:
            del os.environ[TEST_POSTGRES]


@contextlib.contextmanager
def folder_for_tests() -> Iterator[None]:
    """Have pytest keep the tests' own folders in memory, where there is room."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < MEMORY_BYTES:
        yield
        return
    # A short name: a test's folder may hold a socket, whose path has 107 characters at most.
    with tempfile.TemporaryDirectory(prefix="t", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        # Root's tests run PostgreSQL as another user, who has to get to its folder.
        Path(folder).chmod(0o711)
        os.environ[PYTEST_FOLDERS] = folder
        try:
            yield
        finally:
            del os.environ[PYTEST_FOLDERS]


def run_tests(arguments: list[str]) -> int:
    """Run the tests; 0 only if all passed.

    Args:
        arguments: Pytest's. A run that somebody narrowed down is one run, so that what pytest says
            of it comes at once.
    """
    pytest = [sys.executable, "-m", "pytest", *arguments]
    if set(arguments) - {"--long", "-o", "faulthandler_timeout=7200"}:
        return subprocess.call(pytest, cwd=ROOT)
    pytest += ["-o", "tmp_path_retention_policy=failed"]
    with contextlib.ExitStack() as stack:
        stack.enter_context(folder_for_tests())
        kept = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        processes: dict[str, subprocess.Popen[bytes]] = {}
        for name, (marked, named) in RUNS.items():
            # A cache of its own: each would write the others' away.
            which = ["-m", marked, "-k", named, "-o", f"cache_dir=.pytest_cache/{name}"]
            with (kept / name).open("wb") as file:
                said = file if processes else None
                process = subprocess.Popen([*pytest, *which], cwd=ROOT, stdout=said, stderr=said)
            processes[name] = stack.enter_context(process)
        codes = []
        for name, process in processes.items():
            codes.append(process.wait())
            print(f"the tests, {name}: {'FAILED' if codes[-1] else 'ok'}", flush=True)
            sys.stdout.buffer.write((kept / name).read_bytes())
            sys.stdout.flush()
    print(f"{'tests':12}{'FAILED' if any(codes) else 'ok'}", flush=True)
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
