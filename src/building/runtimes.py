"""What starts Python in a page: the runtimes, their library, our Python, and the manifest of it."""

from pathlib import Path
from typing import Any

from building import library, trimmed, vendored
from building.bundle import bundle, bundle_name, in_order, reached
from building.hashed import HashedFiles
from building.manifest import Manifest, lock_of
from building.packages import Wheel, lock_entries
from building.prefabricated import compiled
from building.python_zip import is_sdk, packed, python_files
from building.spare import spare
from building.wheel import ALSO

OURS_PLACE = "/lib/tollbridge.zip"  # where `static/interpreter.mjs` puts our Python


def add_runtimes(
    site: HashedFiles,
    root: Path,
    *,
    pyodide_page: str | None,
    stock_library: bool = False,
    trim: bool = True,
    micropython_pages: list[str],
    packages: dict[str, Wheel],
) -> Manifest:
    """Add Pyodide, MicroPython, the standard library and our Python to a site.

    Args:
        site: What to add to.
        root: The repository.
        pyodide_page: The module of ours that Pyodide runs, which tells what it needs of our Python
            and of the library; None for a page of which nobody knows.
        stock_library: Not compiled, and whole.
        trim: Leave out of Pyodide what only compiled packages ask for, where there are none.
        micropython_pages: The modules that run on MicroPython, each from a bundle of its own.
        packages: Other people's packages, which Pyodide can load; our adapters for them come along.

    Raises:
        CannotMake: Node is missing.
        ValueError: A source is missing, or does not fit.
    """
    modules = root / "node_modules"
    python = _python(root, packages)
    wanted = {name: python[name] for name in reached(pyodide_page, python)} if pyodide_page else {}
    standard = library.stock_library(modules) if stock_library else _library(modules, wanted)
    code = compiled(packed(wanted or python), modules, place=OURS_PLACE, bare=True)
    trims = trim and not _may_link(pyodide_page, packages)
    runtime = (trimmed if trims else vendored).pyodide_files(modules)
    small = vendored.micropython_files(modules)
    pyodide = f"../{site.add_folder('pyodide', runtime)}"
    micropython = f"../{site.add_folder('micropython', small)}"
    others = _add_packages(site, packages)
    manifest = Manifest(
        pyodide={
            "folder": pyodide,
            "wasm": f"{pyodide}pyodide.asm.wasm",
            "library": f"../{site.add_file('python_stdlib.zip', standard)}",
            "ours": f"../{site.add_file('tollbridge_compiled.zip', code)}",
            "lock": lock_of(vendored.pyodide_lock(modules), others),
        },
        micropython={
            "module": f"{micropython}micropython.mjs",
            "wasm": f"{micropython}micropython.wasm",
        },
    )
    manifest.know(manifest.pyodide["wasm"], runtime["pyodide.asm.wasm"])
    manifest.know(manifest.pyodide["library"], standard)
    manifest.know(manifest.pyodide["ours"], code)
    manifest.know(manifest.micropython["wasm"], small["micropython.wasm"])
    for page in micropython_pages:
        image = bundle(page, python)
        name = site.add_file(bundle_name(page), image)
        file = manifest.know(f"../{name}", image)
        manifest.bundles[page] = {"file": file, "modules": in_order(page, python)}
    return manifest


def _may_link(pyodide_page: str | None, packages: dict[str, Wheel]) -> bool:
    """Whether something compiled may be loaded, which asks for any of Pyodide's exports."""
    return pyodide_page is None or any(package.is_compiled for package in packages.values())


def _library(node_modules: Path, wanted: dict[str, bytes]) -> bytes:
    """The standard library, compiled: for files that will import from it, or the whole."""
    if wanted:
        return library.our_library(node_modules, wanted)
    return library.whole_library(node_modules)


def _add_packages(site: HashedFiles, packages: dict[str, Wheel]) -> dict[str, Any]:
    """Add other people's wheels; returns what Pyodide is told of them."""
    if not packages:
        return {}
    files = {wheel.file: wheel.content for wheel in packages.values()}
    return lock_entries(packages, f"../{site.add_folder('packages', files)}")


def add_sources(site: HashedFiles, root: Path, *, packages: dict[str, Wheel]) -> None:
    """Add what no page of ours loads: for PyScript on MicroPython, and for who wants the SDK."""
    python = _python(root, packages)
    sources = {name: spare(content) for name, content in python.items()}
    site.add_file("tollbridge.zip", packed(sources))
    site.add_file("tollbridge_sdk.zip", packed({n: c for n, c in sources.items() if is_sdk(n)}))


def _python(root: Path, packages: dict[str, Wheel]) -> dict[str, bytes]:
    """Our Python, with the adapters where there are packages to adapt."""
    return python_files(root / "src" / "tollbridge", also=ALSO if packages else ())
