"""What a page gets of Python: compiled archives, the manifest that names them, their sizes."""

import ast
import io
import json
import marshal
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from building import library
from building.compile_archive import compiled as compiled_here
from building.imports import imported
from building.prefabricated import compressed
from building.python_zip import packed
from building.site import ROOT, SMALLEST, CannotBuild, site_files

DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
NODE_MODULES = ROOT / "node_modules"
PYODIDE = NODE_MODULES / "pyodide" / "pyodide.mjs"


@pytest.fixture(scope="module")
def site() -> dict[str, bytes]:
    """The page as it is built from the sources as they are now."""
    return site_files(ROOT)


def _named(site: dict[str, bytes], stem: str) -> bytes:
    """The content of the one file with this name before its hash."""
    (found,) = (name for name in site if name.rpartition("-")[0] == stem)
    return site[found]


def _archive(content: bytes) -> zipfile.ZipFile:
    """An archive in memory."""
    return zipfile.ZipFile(io.BytesIO(content))


def _page(site: dict[str, bytes]) -> str:
    """The page's HTML."""
    return site["index.html"].decode()


def _manifest(site: dict[str, bytes]) -> dict[str, Any]:
    """What the starters of Python read."""
    (text,) = (site[name].decode() for name in site if name.endswith("/manifest.mjs"))
    assert text.splitlines()[0].startswith("// Made by build.py")
    value: dict[str, Any] = json.loads(text.partition("export default ")[2].rstrip(";\n"))
    return value


@pytest.mark.parametrize("stem", ["python_stdlib", "tollbridge_compiled"])
def test_an_archive_is_stored_byte_code_of_the_page_s_python(
    stem: str, site: dict[str, bytes]
) -> None:
    """Nothing is left to compile or to inflate, and Pyodide takes the byte code for its own."""
    magic = _magic_of_pyodide()
    archive = _archive(_named(site, stem))
    assert archive.testzip() is None
    for entry in archive.infolist():
        assert entry.compress_type == zipfile.ZIP_STORED, entry.filename
        assert entry.filename.endswith(".pyc"), entry.filename
        head = archive.read(entry)[:16]
        assert head[:4] == magic, entry.filename
        assert head[4:8] == b"\x01\0\0\0", "is compared with a source that is not there"


def test_our_archives_hold_the_same_modules(site: dict[str, bytes]) -> None:
    """Pyodide's byte code is of what our page reaches; the sources are of all."""
    sources = _archive(_named(site, "tollbridge")).namelist()
    code = _archive(_named(site, "tollbridge_compiled")).namelist()
    assert set(code) < {f"{name}c" for name in sources}
    assert "tollbridge/pages/spa.pyc" in code
    assert "tollbridge/pages/miniapp.pyc" not in code  # another page's, on another runtime
    assert "tollbridge/sdk/auth.py" in sources
    assert "tollbridge/sdk/transport/http.py" not in sources  # CPython's, and useless in a page
    sdk = _archive(_named(site, "tollbridge_sdk")).namelist()
    assert {name.split("/")[1] for name in sdk} == {"__init__.py", "wire", "sdk"}
    assert set(sdk) < set(sources)


def test_sources_are_the_same_program_on_the_same_lines(site: dict[str, bytes]) -> None:
    """Only what readers need is gone, so a traceback leads to the line in the repository."""
    archive = _archive(_named(site, "tollbridge"))
    for name in archive.namelist():
        written = ast.parse((ROOT / "src" / name).read_bytes())
        for node in ast.walk(written):
            if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
        shipped = ast.parse(archive.read(name))
        assert ast.dump(written) == ast.dump(shipped), name
        assert _lines(written) == _lines(shipped), name


def test_our_page_gets_the_modules_of_the_list(site: dict[str, bytes]) -> None:
    """They and no others; what reads a zip's names is among them, though nobody names it."""
    names = library.modules_of(_named(site, "python_stdlib"))
    assert sorted(names) == library.listed_modules()
    assert "encodings.cp437" in names


def test_another_page_gets_the_whole_library() -> None:
    """Nobody knows what a page of somebody else's imports."""
    site = site_files(ROOT, page=ROOT / "index.html")
    with zipfile.ZipFile(NODE_MODULES / "pyodide" / "python_stdlib.zip") as stock:
        modules = {library.module_of(name) for name in stock.namelist() if name.endswith(".py")}
    whole = set(library.modules_of(_named(site, "python_stdlib")))
    assert whole < modules
    # Which these are is looked at in the page's own interpreter: browser/test_library.py.
    assert len(modules - whole) == 20


def test_the_stock_library_is_pyodide_s_own() -> None:
    """What a bench compares with is the file as it comes, and nothing else is different."""
    ours, stock = site_files(ROOT), site_files(ROOT, stock_library=True)
    package = NODE_MODULES / "pyodide" / "python_stdlib.zip"
    assert _named(stock, "python_stdlib") == package.read_bytes()
    assert _named(stock, "tollbridge_compiled") == _named(ours, "tollbridge_compiled")


def test_a_module_that_is_listed_and_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new Pyodide without a module that our page used to need ends the build."""
    changed = tmp_path / "library.txt"
    changed.write_text("json\nno_such_module\n")
    monkeypatch.setattr(library, "LIST", changed)
    with pytest.raises(CannotBuild, match=r"library\.txt names what .* lacks: no_such_module"):
        site_files(ROOT)


def test_an_import_that_is_not_listed_ends_the_build() -> None:
    """Said when the page is built, with what to do, and not by a page that does not start."""
    python = {"tollbridge/ui/x.py": b"def f():\n    from wsgiref import util\n"}
    said = r"tollbridge/ui/x\.py imports wsgiref, wsgiref\.util, which library\.txt lacks; run `"
    with pytest.raises(ValueError, match=said):
        library.our_library(NODE_MODULES, python)


def test_what_only_a_type_checker_imports_is_not_needed() -> None:
    """Everything else that a file names counts, within functions and branches, too."""
    source = (
        b"import a, b.c\nfrom d import e\nTYPE_CHECKING = False\n"
        b"if TYPE_CHECKING:\n    import typing\n"
        b"try:\n    import g\nexcept ImportError:\n    from . import h\n"
    )
    assert imported(source) == {"a", "b.c", "d", "d.e", "g"}


def test_the_manifest_leads_to_files_of_their_sizes(site: dict[str, bytes]) -> None:
    """Seen from the folder that the manifest lies in."""
    manifest = _manifest(site)
    pyodide, micropython = manifest["pyodide"], manifest["micropython"]
    fetched = {pyodide["wasm"], pyodide["library"], pyodide["ours"], micropython["wasm"]}
    assert fetched <= set(manifest["files"])
    for path, facts in manifest["files"].items():
        assert path.startswith("../")
        assert len(site[path.removeprefix("../")]) == facts["bytes"]
    folder = pyodide["folder"].removeprefix("../")
    assert f"{folder}pyodide.mjs" in site
    assert f"{folder}pyodide-lock.json" not in site  # the manifest says all that is true of it
    assert micropython["module"].removeprefix("../") in site
    lock = pyodide["lock"]
    assert lock["packages"] == {}
    assert lock["info"]["python"] == "3.14.2"


def test_the_head_begins_what_a_start_fetches(site: dict[str, bytes]) -> None:
    """All but the WebAssembly, whose compiled form a browser would not keep; nothing in vain."""
    links = re.findall(r'<link rel="preload" as="fetch" crossorigin href="(.+?)"', _page(site))
    pyodide = _manifest(site)["pyodide"]
    assert sorted(f".{link}" for link in links) == sorted([pyodide["library"], pyodide["ours"]])
    modules = set(re.findall(r'<link rel="modulepreload" href="./[^"]*?([\w.]+)"', _page(site)))
    ours = {"manifest.mjs", "downloads.mjs", "sse_pump.mjs"}
    assert modules == {*ours, "pyodide.mjs", "pyodide.asm.mjs"}
    assert re.search(r'<script [^>]*/interpreter\.mjs" async></script>', _page(site))


def test_sizes_on_the_wire(site: dict[str, bytes]) -> None:
    """Budgets of what is downloaded, as `dist` compresses it.

    Byte code compresses to about twice what its source does: our page pays that once to save a
    fifth of a second of compiling at every start. The SDK proper is measured as a bundle that a
    page may load by itself.
    """
    budgets = {"python_stdlib": 750_000, "tollbridge_compiled": 160_000, "tollbridge_sdk": 30_000}
    contents = [_named(site, stem) for stem in budgets]
    for small, budget in zip(compressed(contents, quality=SMALLEST), budgets.values(), strict=True):
        assert len(small) <= budget


def test_byte_code_keeps_lines_and_loses_what_only_readers_need() -> None:
    """A traceback names the line; docstrings, asserts and annotations are gone."""
    source = (
        '"""Said to readers."""\n'
        "TYPE_CHECKING = False\n"
        "if TYPE_CHECKING:\n    import nowhere\n"
        "count: int = 1\n"
        "class Row:\n    name: str\n"
        'def f(a: int, *, b: str = "x") -> list[int]:\n    """Said."""\n    assert a\n'
        "    kept: list = [a, b]\n    return kept\n"
        "async def g() -> None:\n    raise ValueError\n"
    )
    archive = compiled_here(packed({"m.py": source.encode()}), "/lib/x.zip", bare=True)
    code = marshal.loads(_archive(archive).read("m.pyc")[16:])
    names: dict[str, object] = {}
    exec(code, names)
    f, g = names["f"], names["g"]
    assert names.get("__doc__") is None
    assert names["count"] == 1
    assert f(0) == [0, "x"]  # type: ignore[operator]
    assert (f.__doc__, f.__annotations__) == (None, {})  # type: ignore[attr-defined]
    assert g.__code__.co_filename == "/lib/x.zip/m.py"  # type: ignore[attr-defined]
    assert g.__code__.co_firstlineno == 13  # type: ignore[attr-defined]


def _lines(tree: ast.Module) -> list[int]:
    """The line of every statement that does something."""
    statements = (node for node in ast.walk(tree) if isinstance(node, ast.stmt))
    return [node.lineno for node in statements if not isinstance(node, ast.Pass)]


def _magic_of_pyodide() -> bytes:
    """Ask the Pyodide that the page loads for the number of its byte code."""
    program = (
        f"const {{loadPyodide}} = await import({json.dumps(PYODIDE.as_uri())});"
        "const python = await loadPyodide();"
        "console.log(python.runPython('import _imp; hex(_imp.pyc_magic_number_token)'));"
        "process.exit();"
    )
    done = subprocess.run(
        ["node", "--input-type=module", "-e", program], capture_output=True, text=True, check=True
    )
    return int(ast.literal_eval(done.stdout.strip())).to_bytes(4, "little")
