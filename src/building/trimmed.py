"""Pyodide without what only compiled packages link to: the half of its glue, a tenth of its code.

Pyodide exports every function of Python's C interface and of the C and C++ libraries, since the
compiled part of any package may ask for any of them. At a start each becomes a JavaScript function
with an address, for nothing where no such package is loaded. What Pyodide's own JavaScript asks
for, by name, is one export of fifty-five; only that stays, with the code that it reaches.

That code reads none of the imported addresses, all of OpenGL's functions, for each of which
the glue would make a module of its own.
"""

import re
from pathlib import Path

from building import vendored
from building.prefabricated import without_exports

GLUE, MODULE, LOADER = "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide.mjs"

# `var _a,_b,…;function assignWasmExports(wasmExports){_a=Module["_a"]=wasmExports["a"];…}`
_ASSIGNING = re.compile(
    r"var (?P<names>[\w$,]+);function assignWasmExports\(wasmExports\)\{(?P<body>[^{}]*)\}"
)
_ASSIGNED = re.compile(r'((?:[\w$]+=|Module\["[\w$]+"\]=)+)wasmExports\["[^"]+"\](?:\.value>>>0)?')
_NAME = re.compile(r"([\w$]+)=")
_ASKED = re.compile(r'\bwasmExports(?:\.|\[")([\w$]+)')
_WORD = re.compile(r"[\w$]+")
# Finds a value for every address that is imported, where no library of a package does it later.
_ADDRESSES = "if(!dynamicLibraries.length){reportUndefinedSymbols();return}"
_NO_ADDRESSES = "if(!dynamicLibraries.length){return}"
# Python's `main`, which the glue finds among all exports under its C name.
_BY_ANOTHER_NAME = {"__main_argc_argv"}


def pyodide_files(node_modules: Path) -> dict[str, bytes]:
    """Name → content, as `vendored.pyodide_files` has them, for pages without compiled packages.

    Raises:
        CannotMake: Node is missing.
        ValueError: It is another release, which is made otherwise.
    """
    files = vendored.pyodide_files(node_modules)
    glue, exports = trimmed_glue(files[GLUE].decode(), beside=files[LOADER].decode())
    return files | {GLUE: glue.encode(), MODULE: without_exports(files[MODULE], keep=exports)}


def trimmed_glue(glue: str, *, beside: str) -> tuple[str, list[str]]:
    """The glue with the exports alone that it uses and without imported addresses; their names.

    Args:
        glue: What Emscripten made, `pyodide.asm.mjs`.
        beside: More JavaScript that uses what the glue offers.

    Raises:
        ValueError: The exports are not taken in the way that is known.
    """
    found = _ASSIGNING.search(glue)
    taken = found["body"].split(";") if found else []
    known = found is not None and all(_ASSIGNED.fullmatch(one) for one in taken)
    if found is None or not known or glue.count(_ADDRESSES) != 1:
        raise ValueError(f"{GLUE} takes its exports in another way than is known")
    rest = glue[: found.start()] + glue[found.end() :]
    used = {*_WORD.findall(rest), *_WORD.findall(beside)}
    kept = [one for one in taken if used.intersection(_NAME.findall(one))]
    body = ";".join(kept)
    named = used | set(_WORD.findall(body))
    names = ",".join(name for name in found["names"].split(",") if name in named)
    head = f"var {names};function assignWasmExports(wasmExports){{{body}}}"
    exports = {*_ASKED.findall(rest), *_ASKED.findall(body), *_BY_ANOTHER_NAME}
    less = glue[: found.start()] + head + glue[found.end() :]
    return less.replace(_ADDRESSES, _NO_ADDRESSES), sorted(exports)
