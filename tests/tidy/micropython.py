"""Asks the pinned MicroPython itself, under Node, so that the lint rests on more than memory."""

import json
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
_PACKAGE = "@micropython/micropython-webassembly-pyscript"
_INTERPRETER = ROOT / "node_modules" / _PACKAGE / "micropython.mjs"
_RUNNER = Path(__file__).with_name("run_micropython.mjs")


class Run(NamedTuple):
    """How one snippet ended: its error, or None, and the lines it printed."""

    error: str | None
    printed: list[str]


def run_all(sources: list[str]) -> list[Run]:
    """Run each source in a fresh interpreter; one Node process for all keeps it under a second."""
    done = subprocess.run(
        ["node", str(_RUNNER), str(_INTERPRETER)],
        input=json.dumps(sources),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return [Run(**result) for result in json.loads(done.stdout)]
