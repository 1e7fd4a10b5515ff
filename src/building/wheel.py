"""The wheel that `micropip` installs into a page: our Python without the gateway.

Written by hand and not by the build backend, because it leaves a part out and has to be the same
bytes each time. The format is that of the packaging standard (binary distribution format 1.0).
"""

import ast
import base64
import hashlib
from pathlib import Path

from building.python_zip import packed, python_files

# What runs on CPython and Pyodide alone stays out of the archives of our pages, but not of this.
ALSO = ("adapters",)
_SUMMARY = "Metered AI calls from a page that has no backend: the SDK, in Python."
_WHEEL = "Wheel-Version: 1.0\nGenerator: tollbridge\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel(root: Path) -> tuple[str, bytes]:
    """The wheel's file name and its content.

    Args:
        root: The repository.

    Raises:
        ValueError: A source is missing, or would need the gateway.
    """
    package = root / "src" / "tollbridge"
    version = version_of(package / "__init__.py")
    info = f"tollbridge-{version}.dist-info"
    metadata = (
        f"Metadata-Version: 2.4\nName: tollbridge\nVersion: {version}\nSummary: {_SUMMARY}\n"
        "License-Expression: MIT\nLicense-File: LICENSE\nRequires-Python: >=3.11\n"
    )
    files = python_files(package, also=ALSO) | {
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": _WHEEL.encode(),
        f"{info}/licenses/LICENSE": (root / "LICENSE").read_bytes(),
    }
    record = "".join(f"{name},{_hash(files[name])},{len(files[name])}\n" for name in sorted(files))
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    return f"tollbridge-{version}-py3-none-any.whl", packed(files)


def version_of(module: Path) -> str:
    """What a module says that its `__version__` is, without importing it.

    Raises:
        ValueError: It says nothing.
    """
    for node in ast.parse(module.read_bytes()).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if names == ["__version__"]:
                return str(node.value.value)
    raise ValueError(f"{module.name} has no __version__")


def _hash(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return "sha256=" + digest.decode().rstrip("=")
