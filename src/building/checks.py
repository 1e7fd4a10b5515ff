"""Every check and then every test, as `build.py test` runs them.

A check that fails does not stop the next one, so one run shows everything there is to mend. The
tests come last, and pytest's own summary is the last thing printed.
"""

import argparse
import subprocess
import sys
import time

from building.prepare import venv_program
from building.site import ROOT, CannotBuild, build_site

SITE = ROOT / "build" / "site"

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
    command = [sys.executable, "-m", "pytest", *pytest_arguments]
    if options.long:
        command += ["--long", "-o", "faulthandler_timeout=7200"]  # some take most of an hour
    tested = subprocess.call(command, cwd=ROOT)
    return 1 if failed else tested


if __name__ == "__main__":
    sys.exit(main())
