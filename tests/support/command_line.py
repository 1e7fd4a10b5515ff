"""The command line on a folder of one's own, in this process or in one of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

import tollbridge
from building.prepare import TEST_POSTGRES
from tests.support import stores
from tollbridge.gateway.owner.commands import app


class CommandLine:
    """Runs `tollbridge` commands on one data folder; call it outside of a running event loop."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`; nothing is made in it yet."""
        self.folder = folder

    def run(self, *words: str, environment: Mapping[str, str] | None = None) -> Result:
        """Run a command and return what it said."""
        return CliRunner().invoke(
            app,
            [*words, "--data-dir", str(self.folder)],
            # What tells the tests about their server is no setting of ours.
            env={TEST_POSTGRES: None, **stores.environment(self.folder), **(environment or {})},
        )

    def make(self, *words: str, environment: Mapping[str, str] | None = None) -> Any:
        """Run a command that must succeed, with `--json`, and return its answer."""
        result = self.run(*words, "--json", environment=environment)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def refuse(self, *words: str, environment: Mapping[str, str] | None = None) -> str:
        """Run a command that must fail with exit code 1; return its one sentence."""
        result = self.run(*words, environment=environment)
        assert result.exit_code == 1, result.output
        assert result.stdout == ""
        (sentence,) = result.stderr.splitlines()
        assert sentence.startswith("Error: ")
        return sentence.removeprefix("Error: ")


def run_process(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as a process of its own, with nothing else in its environment."""
    source = str(Path(tollbridge.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-m", "tollbridge.gateway.owner.cli", *words],
        env={"PYTHONPATH": source, "PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
