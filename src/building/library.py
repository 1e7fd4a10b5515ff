"""The standard library as a page gets it: compiled, stored, and for our page only what it uses.

Pyodide brings the sources and would compile about two hundred modules of them at every start, which
takes longer than everything else of the start together.
"""

import io
import zipfile
from pathlib import Path

from building.imports import imported
from building.prefabricated import compiled
from building.python_zip import packed

# One module a line, made by `python -m building.used_modules`.
LIST = Path(__file__).with_name("library.txt")
_REMEDY = "library.txt lacks; run `.venv/bin/python -m building.used_modules`"
PLACE = "/lib/python314.zip"  # where Pyodide puts it, whatever it is called on the host


def stock_library(node_modules: Path) -> bytes:
    """The library as Pyodide's package brings it: sources, deflated."""
    return (node_modules / "pyodide" / "python_stdlib.zip").read_bytes()


def whole_library(node_modules: Path) -> bytes:
    """Every module that is read from it, compiled: for a page of which nobody knows its imports.

    Raises:
        CannotMake: Node is missing.
    """
    return compiled(stock_library(node_modules), node_modules, place=PLACE, bare=False)


def our_library(node_modules: Path, python: dict[str, bytes]) -> bytes:
    """The modules of our list, compiled.

    Args:
        node_modules: Where Pyodide is.
        python: The files that will import from it.

    Raises:
        CannotMake: Node is missing.
        ValueError: The list names what this library lacks, or lacks what a file imports.
    """
    with zipfile.ZipFile(io.BytesIO(whole_library(node_modules))) as whole:
        entries = {module_of(name): name for name in whole.namelist() if name.endswith(".pyc")}
        listed = listed_modules()
        if lost := [name for name in listed if name not in entries]:
            raise ValueError(f"{LIST.name} names what the library lacks: {', '.join(lost)}")
        for file, content in python.items():
            if lost := sorted((imported(content) & set(entries)) - set(listed)):
                raise ValueError(f"{file} imports {', '.join(lost)}, which {_REMEDY}")
        return packed({entries[name]: whole.read(entries[name]) for name in listed})


def modules_of(archive: bytes) -> list[str]:
    """The modules of a compiled library."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return [module_of(name) for name in opened.namelist() if name.endswith(".pyc")]


def listed_modules() -> list[str]:
    """The modules that our page needs, in order."""
    lines = LIST.read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def module_of(entry: str) -> str:
    """The module that a file of the library holds: `json/__init__.pyc` is `json`."""
    return entry.rpartition(".")[0].removesuffix("/__init__").replace("/", ".")
