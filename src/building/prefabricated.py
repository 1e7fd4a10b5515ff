"""What takes long to make is made once and kept, named by what it was made of, in `build/cache`.

A kept file is written under another name and then renamed, so one that is there is whole, and two
builds at the same time do each other no harm.
"""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from building.prepare import node_complaint
from building.steps import ended, fingerprint, output_of, tail

CACHE = Path(__file__).resolve().parents[2] / "build" / "cache"
KEPT_S = 7 * 24 * 3600  # unused for so long, it belongs to sources that nobody builds any more


class CannotMake(Exception):
    """Node is missing or a script of ours failed; the text says which, with its last words."""


def made_once(keys: list[str], make: Callable[[list[int]], list[bytes]]) -> list[bytes]:
    """Contents by key; those that are not kept yet are made, all at once.

    Args:
        keys: File names that tell everything that the contents depend on.
        make: Told the positions that are missing, gives their contents in this order.
    """
    missing = [n for n, key in enumerate(keys) if not (CACHE / key).is_file()]
    if missing:
        CACHE.mkdir(parents=True, exist_ok=True)
        _forget_unused()
        for position, content in zip(missing, make(missing), strict=True):
            _keep(CACHE / keys[position], content)
    for key in keys:
        os.utime(CACHE / key)
    return [(CACHE / key).read_bytes() for key in keys]


def compiled(archive: bytes, node_modules: Path, *, place: str, bare: bool) -> bytes:
    """A zip of Python compiled by the page's Pyodide; see `compile_archive.compiled`.

    Raises:
        CannotMake: Nothing is kept of it.
    """
    pyodide = node_modules / "pyodide"
    how = [_script("compile.mjs"), _script("compile_archive.py")]
    version = (pyodide / "package.json").read_bytes()
    key = fingerprint(archive, version, place, str(bare), *(path.read_bytes() for path in how))
    task = {"place": place, "bare": bare}

    def make(_: list[int]) -> list[bytes]:
        return _by_node("compile.mjs", [(archive, task)], str(pyodide / "pyodide.mjs"))

    return made_once([f"{key}.pyc.zip"], make)[0]


def compressed(contents: list[bytes], *, quality: int) -> list[bytes]:
    """Each of them compressed with brotli.

    Args:
        contents: What to compress.
        quality: From 0 to 11. 11 takes about half a minute for a whole site, 5 half a second.

    Raises:
        CannotMake: Nothing more is kept than before.
    """
    how = _script("compress.mjs").read_bytes()
    keys = [f"{fingerprint(content, how)}.{quality}.br" for content in contents]

    def make(missing: list[int]) -> list[bytes]:
        return _by_node("compress.mjs", [(contents[n], {"quality": quality}) for n in missing])

    return made_once(keys, make)


def without_exports(module: bytes, *, keep: list[str]) -> bytes:
    """A WebAssembly module with these exports alone, and without the code that nothing reaches.

    Raises:
        CannotMake: An export is not there, or the module has what `trim.mjs` does not know.
    """
    key = fingerprint(module, _script("trim.mjs").read_bytes(), *keep)

    def make(_: list[int]) -> list[bytes]:
        return _by_node("trim.mjs", [(module, {"keep": keep})])

    return made_once([f"{key}.wasm"], make)[0]


def _by_node(
    script: str, tasks: list[tuple[bytes, dict[str, object]]], *arguments: str
) -> list[bytes]:
    """Have a script of ours turn contents into others."""
    node = shutil.which("node")
    version = output_of([node, "--version"]) if node else ""
    if complaint := node_complaint(version, has_npm=True):
        raise CannotMake(complaint)
    with tempfile.TemporaryDirectory() as folder:
        plan = []
        for number, (content, task) in enumerate(tasks):
            source, target = Path(folder, f"{number}.in"), Path(folder, f"{number}.out")
            source.write_bytes(content)
            plan.append(task | {"source": str(source), "target": str(target)})
        command = [node or "node", str(_script(script)), *arguments]
        done = ended(command, told=json.dumps(plan))
        if done.returncode:
            raise CannotMake("\n  ".join([f"{script} failed; its last words:", *tail(done.stdout)]))
        return [Path(str(step["target"])).read_bytes() for step in plan]


def _script(name: str) -> Path:
    """A file beside this one."""
    return Path(__file__).with_name(name)


def _forget_unused() -> None:
    """Delete what was not asked for in a week."""
    oldest = time.time() - KEPT_S
    for path in CACHE.iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def _keep(path: Path, content: bytes) -> None:
    """Write a file that is whole from the moment it has its name."""
    number, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(number, "wb") as file:
        file.write(content)
    Path(draft).replace(path)
