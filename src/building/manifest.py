"""The list that the starters of Python read: where its files lie, how large and what they are."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from building.hashed import integrity

_HEAD = "// Made by build.py: where the runtimes' files are, seen from this folder.\n"


@dataclass
class Manifest:
    """What `static/interpreter.mjs` and `static/boot.mjs` need to know. Paths are seen from there.

    Attributes:
        pyodide: `folder` (with a slash at its end), `wasm`, `library`, `ours` (our Python,
            compiled), and `lock`: Pyodide's lock file with the packages of the site alone.
        micropython: `module` and `wasm`.
        bundles: A page's module → `file`, the Python that MicroPython runs it from, and `modules`,
            what of it to import one by one.
        files: Path → `bytes`, once decompressed, and `integrity`, of whatever a start fetches and
            does not import.
    """

    pyodide: dict[str, Any]
    micropython: dict[str, str]
    bundles: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    def know(self, path: str, content: bytes) -> str:
        """Note what a file is; returns its path."""
        self.files[path] = {"bytes": len(content), "integrity": integrity(content)}
        return path

    def module(self) -> bytes:
        """The JavaScript module; the same manifest gives the same bytes."""
        return f"{_HEAD}export default {json.dumps(asdict(self), indent=2)};\n".encode()


def lock_of(stock: bytes, packages: dict[str, Any]) -> dict[str, Any]:
    """What Pyodide wants to know of itself, from its own lock file, and of these packages."""
    return {"info": json.loads(stock)["info"], "packages": packages}
