"""The Python that MicroPython runs a page from: the modules that the page reaches, in one file.

MicroPython reads no zip and no byte code of CPython. It gets its own, as an image of a file system.
"""

from building import romfs
from building.imports import imported
from building.micropython_code import micropython_code

PACKAGE = "tollbridge"


def bundle(page: str, python: dict[str, bytes]) -> bytes:
    """The bundle of one page.

    Args:
        page: The dotted name of its module.
        python: File name → content of everything that a page may load, as `python_files` gives it.

    Raises:
        CannotMake: There is no byte code of it.
        ValueError: There is no such module.
    """
    return romfs.image(micropython_code({name: python[name] for name in reached(page, python)}))


def bundle_name(page: str) -> str:
    """What the bundle of a page is called before its hash."""
    return f"{page.replace('.', '_')}.romfs"


def reached(page: str, python: dict[str, bytes]) -> list[str]:
    """The names of the files that importing a module loads, sorted.

    Imports are read and not run, so one that stands in a function counts as well; those for type
    checkers alone do not.
    """
    found: set[str] = set()
    wanted = [page]
    while wanted:
        module = wanted.pop()
        name = file_of(module, python)
        if name is None:
            if module == page:
                raise ValueError(f"there is no module {page}")
            continue  # a name inside a module: `from tollbridge.ui import dom` asks for either
        if name in found:
            continue
        found.add(name)
        parent = module.rpartition(".")[0]
        wanted += [parent] * bool(parent) + _imports(python[name])
    return sorted(found)


def in_order(page: str, python: dict[str, bytes]) -> list[str]:
    """The modules of a page, each behind those that it imports: what to import one by one.

    Then none takes the time of many, and the page stays alive in between. What a package imports of
    itself is left out: its first module runs the package, which runs the others.
    """
    order: list[str] = []
    begun: set[str] = set()

    def visit(module: str) -> None:
        name = file_of(module, python)
        if name is None or module in begun:
            return
        begun.add(module)
        parent = module.rpartition(".")[0]
        for inner in [parent] * bool(parent) + _imports(python[name]):
            visit(inner)
        if not parent or parent in order:
            order.append(module)

    visit(page)
    return order


def file_of(module: str, python: dict[str, bytes]) -> str | None:
    """The file of a module of ours, or None where there is none."""
    path = module.replace(".", "/")
    return next((name for name in (f"{path}.py", f"{path}/__init__.py") if name in python), None)


def _imports(source: bytes) -> list[str]:
    """Every module, or perhaps name in one, that a file imports from our package, in order."""
    return sorted(name for name in imported(source) if name.split(".")[0] == PACKAGE)
