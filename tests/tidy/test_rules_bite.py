"""The linters are configured so that they refuse what the design forbids; each is tried once."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.tree import ROOT


def _ruff(source: str, *, path: str, rules: str) -> subprocess.CompletedProcess[str]:
    """Lint a source as if it stood at `path`, with the repository's settings."""
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", rules]
    return subprocess.run(
        [*command, "--stdin-filename", path, "-"],
        cwd=ROOT,
        input=source,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "source",
    [
        "import js",
        "from js import document",
        "import jsffi",
        "from pyodide.ffi import to_js",
        "import pyscript",
        "from unittest.mock import MagicMock",
        "from unittest import mock",
    ],
)
def test_the_browser_and_mocks_are_refused(source: str) -> None:
    """Neither JavaScript nor an obliging double gets into a file that may not have it."""
    assert _ruff(source, path="src/tollbridge/sdk/auth.py", rules="TID251").returncode == 1
    assert _ruff(source, path="src/tollbridge/gateway/app.py", rules="TID251").returncode == 1


@pytest.mark.parametrize(
    "path",
    [
        "src/tollbridge/sdk/platform.py",
        "src/tollbridge/sdk/transport/fetch.py",
        "src/tollbridge/adapters/driving.py",
        "src/tollbridge/ui/dom/nodes.py",
        "src/tollbridge/ui/element.py",
        "src/tollbridge/pages/spa.py",
        "tests/browser/in_page.py",
    ],
)
def test_the_bridge_files_may_import_the_browser(path: str) -> None:
    """The few files that are the bridge to JavaScript are not refused."""
    assert _ruff("import js", path=path, rules="TID251").returncode == 0


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n",
        '"""A module."""\n\n\ndef f():\n    pass\n',
        '"""A module."""\n\n\nasync def f():\n    pass\n',
        '"""A module."""\n\n\nclass A:\n    pass\n',
        '"""A module."""\n\n\nclass A:\n    """A class."""\n\n    def f(self):\n        pass\n',
    ],
)
@pytest.mark.parametrize("path", ["src/tollbridge/sdk/auth.py", "src/building/site.py"])
def test_what_others_may_use_has_a_docstring(source: str, path: str) -> None:
    """Every module, class, function and method without an underscore says what it is for."""
    assert _ruff(source, path=path, rules="D").returncode == 1


FORBIDDEN_IMPORTS = {
    "sdk/auth.py": "from tollbridge.ui import dom",
    "sdk/gateway.py": "from tollbridge.adapters import options",
    "adapters/options.py": "from tollbridge.ui import PaywallUI",
    "wire/codes.py": "from tollbridge.sdk import errors",
    "pages/spa.py": "from tollbridge.gateway import app",
    "gateway/app.py": "from tollbridge.sdk import errors",
    "gateway/ledger/engine.py": "import sqlite3",
    "gateway/ledger/values.py": "from tollbridge.gateway.database import sqlite",
    "gateway/ledger/queries.py": "from tollbridge.wire import codes",
    "gateway/ledger/verify.py": "from starlette.requests import Request",
    "gateway/providers/http.py": "from tollbridge.gateway.ledger import values",
    "gateway/providers/policy.py": "from tollbridge.gateway.identity import values",
}


@pytest.mark.parametrize("path", FORBIDDEN_IMPORTS)
def test_an_import_against_the_arrows_is_refused(path: str, tmp_path: Path) -> None:
    """Each forbidden arrow, drawn in a copy of the sources, breaks the check."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "src" / "tollbridge" / path).open("a", encoding="utf-8") as target:
        target.write(f"\n{FORBIDDEN_IMPORTS[path]}\n")
    program = "import sys; sys.path.insert(0, 'src'); from importlinter.cli import lint_imports; "
    done = subprocess.run(
        [sys.executable, "-c", program + "sys.exit(lint_imports(no_cache=True))"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout
