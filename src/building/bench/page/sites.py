"""The sites that are compared: ours on both hosts, others with Python, and one without any.

Ours and the stock library under PyScript differ in the library alone. Stock Pyodide is what people
write who start from its documentation: its package as it comes, in a page of a few lines.
"""

import re
import shutil
import tempfile
from pathlib import Path

from building import site
from building.bench.figures import CannotMeasure
from building.pages import INDEX, STRICT

# Our page under PyScript, the same with the stock library, without scripts, on the strict host.
OURS, STOCK, BARE, OURS_STRICT = "ours", "stock", "bare", "strict"
# Pages of a few lines that start, sign in and read a first byte: stock Pyodide's, JavaScript's.
PYODIDE, JAVASCRIPT = "pyodide", "javascript"
# What the measured page says as soon as Python runs its first statement.
FIRST_STATEMENT = "tollbridge:first-statement"
# What a page says when its program has read the first byte of an answer, and when it was clicked.
FIRST_BYTE, CLICK = "tollbridge:first-byte", "tollbridge:click"

_HERE = Path(__file__).parent
_SCRIPTS = re.compile(
    r"<script\b.*?</script>|<mpy-config\b.*?</mpy-config>|<link rel=\"(?:module)?preload\"[^>]*>",
    re.DOTALL,
)
_MARK = f'import js\njs.performance.mark("{FIRST_STATEMENT}")\n'
_SOURCES = ("index.html", "pyscript.toml", "LICENSE", "package.json")


def build_sites(folder: Path, *, quality: int) -> dict[str, Path]:
    """Build every site below `folder`.

    Args:
        folder: Where to.
        quality: Of the compression, 11 for what `build.py dist` ships.

    Returns:
        Name → the site's folder.
    """
    names = (OURS, STOCK, BARE, OURS_STRICT, PYODIDE, JAVASCRIPT)
    sites = {name: folder / name for name in names}
    site.build_site(sites[OURS], quality=quality)
    site.build_site(sites[STOCK], quality=quality, stock_library=True)
    site.build_site(sites[BARE], quality=quality)
    for name in (OURS, STOCK):
        _mark_first_statement(sites[name])
    _take_scripts_out(sites[BARE] / INDEX)
    with tempfile.TemporaryDirectory() as sources:
        _copy_marked(Path(sources))
        site.build_site(sites[OURS_STRICT], root=Path(sources), host=STRICT, quality=quality)
    _write_pyodide(sites[PYODIDE], sites[OURS], quality=quality)
    _write_page(sites[JAVASCRIPT], {"start.mjs": (_HERE / "javascript_start.mjs").read_bytes()})
    return sites


def _mark_first_statement(built: Path) -> None:
    """Let the page's Python say when it begins, and offer what is measured inside of it."""
    (main,) = built.glob("static-*/main.py")
    in_page = (_HERE / "in_page.py").read_text("utf-8")
    rewrite(main, f"{_MARK}{main.read_text('utf-8')}\n{in_page}")


def _copy_marked(root: Path) -> None:
    """Copy the sources, with the mark at the head of the page's module.

    On the strict host nothing can be rewritten in the built site, since its files are checked.
    """
    for name in _SOURCES:
        shutil.copy(site.ROOT / name, root / name)
    shutil.copytree(site.ROOT / "static", root / "static")
    shutil.copytree(site.ROOT / "src" / "tollbridge", root / "src" / "tollbridge")
    (root / "node_modules").symlink_to(site.ROOT / "node_modules")
    module = root / "src" / "tollbridge" / "pages" / "spa.py"
    module.write_text(_MARK + module.read_text("utf-8"), "utf-8")


def _write_pyodide(out: Path, ours: Path, *, quality: int) -> None:
    """Write the page of a few lines around Pyodide's package, with the SDK's sources beside it."""
    package = site.ROOT / "node_modules" / "pyodide"
    names = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
    files = {name: (package / name).read_bytes() for name in (*names, "pyodide-lock.json")}
    (sdk,) = ours.glob("tollbridge_sdk-*.zip")
    files |= {
        "tollbridge_sdk.zip": sdk.read_bytes(),
        "start.mjs": (_HERE / "pyodide_start.mjs").read_bytes(),
        "start.py": (_HERE / "pyodide_start.py").read_bytes(),
    }
    _write_page(out, files | site.compressed_files(files, quality=quality))


def _write_page(out: Path, files: dict[str, bytes]) -> None:
    page = (
        '<!doctype html>\n<meta charset="utf-8">\n<link rel="icon" href="data:,">\n'
        '<p id="answer">Starting…</p>\n<script type="module" src="./start.mjs"></script>\n'
    )
    out.mkdir(parents=True)
    for name, content in files.items() | {INDEX: page.encode()}.items():
        (out / name).write_bytes(content)


def _take_scripts_out(page: Path) -> None:
    text = page.read_text("utf-8")
    bare = _SCRIPTS.sub("", text)
    if bare == text or "<script" in bare:
        raise CannotMeasure("the page's scripts could not be taken out of it")
    rewrite(page, bare)


def rewrite(path: Path, text: str) -> None:
    """Write a file of a built site anew; what was compressed of it is not true any more."""
    path.write_text(text, "utf-8")
    path.with_name(f"{path.name}.br").unlink(missing_ok=True)
