"""Pyodide without what only compiled packages link to: smaller, and the same to all our Python."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from building import trimmed, vendored
from building.hashed import HashedFiles
from building.library import whole_library
from building.packages import Wheel
from building.prefabricated import CannotMake, without_exports
from building.runtimes import add_runtimes
from building.site import PAGE, ROOT

NODE_MODULES = ROOT / "node_modules"

# Small glue, as Emscripten writes it.
GLUE = (
    'var Module={};function run(){_used();wasmExports["direct"]();wasmExports.by_property}'
    "var _used,_beside,_unused,wasmTable;function assignWasmExports(wasmExports){"
    '_used=Module["_used"]=wasmExports["used"];'
    '_beside=Module["_beside"]=wasmExports["beside"].value>>>0;'
    '_unused=Module["_unused"]=wasmExports["unused"];'
    '__table=Module["__table"]=wasmTable=Module["wasmTable"]=wasmExports["__table"]}'
    "run(wasmTable);if(!dynamicLibraries.length){reportUndefinedSymbols();return}"
)

# What a page may ask of Python: numbers, text, files, both languages calling each other, errors.
BATTERY = """
import array, asyncio, bz2, csv, ctypes, datetime, decimal, hashlib, io, json, lzma, math, random
import re, sqlite3, struct, tempfile, unicodedata, zlib
import js
from pyodide.code import run_js
from pyodide.ffi import JsException, create_proxy, to_js
said = [await js.Promise.resolve(5)]
double = create_proxy(lambda x, *_: 2 * x)
said += js.Array.of(1, 2, 3).map(double).to_py()
double.destroy()
async def counted():
    for number in range(3):
        await asyncio.sleep(0)
        yield number
said.append([number async for number in counted()])
try:
    run_js("throw new TypeError('told')")
except JsException as error:
    said.append(str(error))
deep = lambda depth: depth and deep(depth - 1)
try:
    deep(10**6)
except RecursionError:
    said.append("too deep")
try:
    async with asyncio.timeout(0.01):
        await asyncio.sleep(0.5)
except TimeoutError:
    said.append("too late")
said.append(str(decimal.Decimal(1) / 3))
said.append(sqlite3.connect(":memory:").execute("select sqlite_version() > '3'").fetchone())
for packer in (zlib, bz2, lzma):
    said.append(packer.decompress(packer.compress(b"packed")).decode())
with tempfile.TemporaryFile() as file:
    file.write(b"kept")
    file.seek(0)
    said.append(file.read().decode())
said += [unicodedata.name("é"), hashlib.sha256(b"a").hexdigest(), struct.pack("<d", math.e).hex()]
said += [re.sub(r"(?<=a)b+", "-", "abbc"), str(datetime.datetime.fromisoformat("2026-12-01"))]
said += [to_js([[1]]).at(0).at(0), ctypes.sizeof(ctypes.c_int), array.array("d", [1]).itemsize]
random.seed(7)
said.append(random.random())
json.dumps(said)
"""
_RUN = """
import { loadPyodide } from %s;
const python = await loadPyodide();
console.log(await python.runPythonAsync(%s));
"""


def said_by(folder: Path) -> list[object]:
    """What the battery says in the Pyodide of a folder."""
    loader = json.dumps((folder / "pyodide.mjs").as_uri())
    script = folder / "run.mjs"
    script.write_text(_RUN % (loader, json.dumps(BATTERY)))
    node = shutil.which("node") or "node"
    done = subprocess.run([node, script], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said: list[object] = json.loads(done.stdout.splitlines()[-1])
    return said


def test_python_is_the_same_in_it(tmp_path: Path) -> None:
    """All that goes through the C library, the two languages' border, or the stack."""
    said = []
    for name, files in (
        ("plain", vendored.pyodide_files(NODE_MODULES)),
        ("trimmed", trimmed.pyodide_files(NODE_MODULES)),
    ):
        folder = tmp_path / name
        shutil.copytree(NODE_MODULES / "pyodide", folder)
        library = {"python_stdlib.zip": whole_library(NODE_MODULES)}  # compiled: quicker
        for file, content in {**files, **library}.items():
            (folder / file).write_bytes(content)
        said.append(said_by(folder))
    assert said[0] == said[1]
    assert "too late" in said[0]
    assert "too deep" in said[0]


def test_it_is_smaller() -> None:
    """By more than a third of the glue, and by a twelfth of the module; more is welcome."""
    whole, less = vendored.pyodide_files(NODE_MODULES), trimmed.pyodide_files(NODE_MODULES)
    assert less["pyodide.mjs"] == whole["pyodide.mjs"]
    assert len(less["pyodide.asm.mjs"]) < 0.65 * len(whole["pyodide.asm.mjs"])
    assert len(less["pyodide.asm.wasm"]) < 0.92 * len(whole["pyodide.asm.wasm"])


def test_glue_keeps_what_somebody_uses() -> None:
    """By its variable, here or in the file beside it, or by the export's own name."""
    glue, exports = trimmed.trimmed_glue(GLUE, beside="it._beside")
    assert exports == sorted(
        ["__main_argc_argv", "__table", "beside", "by_property", "direct", "used"]
    )
    less = GLUE.replace('_unused=Module["_unused"]=wasmExports["unused"];', "")
    less = less.replace("_unused,", "").replace("reportUndefinedSymbols();", "")
    assert glue == less


@pytest.mark.parametrize(
    "glue",
    ["run()", GLUE.replace('wasmExports["used"]', "find(1)"), GLUE.replace("report", "resolve")],
)
def test_glue_of_another_kind_is_refused(glue: str) -> None:
    """A later Emscripten may write it otherwise; then nobody guesses."""
    with pytest.raises(ValueError, match=r"pyodide\.asm\.mjs takes its exports in another way"):
        trimmed.trimmed_glue(glue, beside="")


def sized(content: bytes) -> bytes:
    """Content behind its length, which is below 128 here."""
    assert len(content) < 128
    return bytes([len(content)]) + content


def vector(*items: bytes) -> bytes:
    """Items behind their number."""
    return bytes([len(items)]) + b"".join(items)


def module(
    bodies: list[bytes], exports: dict[str, int], *, table: list[int], address: bool = False
) -> bytes:
    """A WebAssembly module of functions that take nothing and return an i32.

    Args:
        bodies: The functions' instructions.
        exports: Name → number of a function.
        table: The functions in its table.
        address: It imports a global, number 0.
    """
    sections = {
        1: vector(b"\x60\x00\x01\x7f"),
        2: vector(*[b"\x01a\x01b\x03\x7f\x00"] * address),
        3: vector(*[b"\x00"] * len(bodies)),
        4: vector(b"\x70\x00\x08"),
        7: vector(
            *[sized(name.encode()) + bytes([0, number]) for name, number in exports.items()],
            sized(b"table") + b"\x01\x00",
        ),
        9: vector(b"\x00\x41\x00\x0b" + vector(*[bytes([number]) for number in table])),
        10: vector(*[sized(b"\x00" + body + b"\x0b") for body in bodies]),
    }
    parts = [bytes([number]) + sized(content) for number, content in sections.items()]
    return b"\0asm\x01\0\0\0" + b"".join(parts)


def exports_of(content: bytes, tmp_path: Path, call: str) -> dict[str, object]:
    """What a JavaScript expression gives with `exports` in it, under Node."""
    path = tmp_path / "module.wasm"
    path.write_bytes(content)
    code = (
        f"const bytes = require('fs').readFileSync({json.dumps(str(path))});"
        "const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));"
        f"console.log(JSON.stringify({call}));"
    )
    done = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


# A constant, a call, a call by way of the table, and two that nothing leads to.
SMALL = module(
    [b"\x41\x07", b"\x10\x00", b"\x41\x0b", b"\x41\x0d", b"\x10\x03"],
    {"kept": 1, "gone": 3, "gone_too": 4},
    table=[2],
)


def test_what_is_reached_stays_and_the_rest_is_emptied(tmp_path: Path) -> None:
    """From a kept export, or from a table; a table of its own is no function and always stays."""
    less = without_exports(SMALL, keep=["kept"])
    assert exports_of(
        less, tmp_path, "[Object.keys(exports), exports.kept(), exports.table.get(0)()]"
    ) == [["kept", "table"], 7, 11]
    assert less.count(b"\x03\x00\x00\x0b") == 2
    assert b"\x41\x0d" not in less


def test_an_address_that_only_the_dead_read_is_nobody_s() -> None:
    """It stays imported, so that every other global keeps its number."""
    two = module([b"\x41\x07", b"\x23\x00"], {"kept": 0, "gone": 1}, table=[], address=True)
    assert b"\x23\x00" not in without_exports(two, keep=["kept"])


def test_all_that_is_kept_stays_as_it_is() -> None:
    """With every export nothing is dead, and not a byte differs."""
    assert without_exports(SMALL, keep=["gone", "gone_too", "kept"]) == SMALL


@pytest.mark.parametrize(
    ("content", "keep", "said"),
    [
        (SMALL, ["kept", "nowhere"], "nothing is exported as nowhere"),
        (module([b"\xf0"], {"odd": 0}, table=[]), ["odd"], "instruction 0xf0 is not known"),
        (
            module([b"\x23\x00"], {"reading": 0}, table=[], address=True),
            ["reading"],
            "a function that stays reads a global from outside: number 0",
        ),
        (
            module([b"\x41"], {"cut": 0}, table=[]),
            ["cut"],
            "a function does not end where it should",
        ),
    ],
)
def test_what_is_not_understood_ends_it(content: bytes, keep: list[str], said: str) -> None:
    """No module is written of which a part was guessed."""
    with pytest.raises(CannotMake, match=said):
        without_exports(content, keep=keep)


@pytest.mark.parametrize(
    ("file", "plain"),
    [("a-1.0-cp314-cp314-pyemscripten_2026_0_wasm32.whl", True), ("a-1.0-py3-none-any.whl", False)],
)
def test_a_page_with_compiled_packages_gets_all_of_it(file: str, plain: bool) -> None:
    """They are linked to what it exports."""
    site = HashedFiles()
    wheel = Wheel(file=file, content=b"PK", version="1.0", needs=())
    add_runtimes(site, ROOT, pyodide_page=PAGE, micropython_pages=[], packages={"a": wheel})
    (module,) = [content for name, content in site.files.items() if name.endswith(".asm.wasm")]
    assert (module == vendored.pyodide_files(NODE_MODULES)["pyodide.asm.wasm"]) == plain
