"""The list that the page's starters read: where the runtime lies, and how many bytes it has."""

import json
from dataclasses import asdict, dataclass
from typing import Any

_HEAD = "// Made by build.py: where the runtime's files are, seen from this folder.\n"


@dataclass(frozen=True)
class Manifest:
    """What `static/interpreter.mjs` and other starters of Python need to know.

    Attributes:
        pyodide: Pyodide's folder, with a slash at its end.
        library: The standard library.
        ours: Our Python, compiled.
        files: Bytes, once decompressed, of every file that a start fetches, by its path.
        lock: Pyodide's lock file without its packages, of which the site has none.
    """

    pyodide: str
    library: str
    ours: str
    files: dict[str, int]
    lock: dict[str, Any]

    def module(self) -> bytes:
        """The JavaScript module; the same manifest gives the same bytes."""
        return f"{_HEAD}export default {json.dumps(asdict(self), indent=2)};\n".encode()


def empty_lock(lock: bytes) -> dict[str, Any]:
    """What Pyodide wants to know of itself, from its lock file, without any package."""
    return {"info": json.loads(lock)["info"], "packages": {}}
