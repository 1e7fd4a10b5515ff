"""Other processes on the same file, as the command line is one beside the gateway."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def running(module: str, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """Run a module of the tests in a process of its own; it is killed when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def say(process: "subprocess.Popen[str]", word: str) -> None:
    """Send a process one line."""
    assert process.stdin is not None
    process.stdin.write(word + "\n")
    process.stdin.flush()


def hear(process: "subprocess.Popen[str]") -> str:
    """Wait for the next line of a process; an empty one means that it ended."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")
