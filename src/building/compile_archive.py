"""Compiles an archive of Python. Runs in the Pyodide of the page, so that it writes its byte code.

`compile.mjs` executes this file there; nothing of it touches a browser, so it runs on CPython too.
"""

import _imp
import ast
import importlib.util
import io
import marshal
import sys
import zipfile

# A `.pyc` that is never compared with a source: its flags say so, and its hash is not read.
_UNCHECKED = (1).to_bytes(4, "little") + bytes(8)
_ARCHIVED_AT = (1980, 1, 1, 0, 0, 0)


def compiled(archive: bytes, place: str, *, bare: bool) -> bytes:
    """The same archive with `.pyc` in place of `.py`, stored and not deflated.

    Stored, because a host compresses the whole better than a zip its single files. Compiled like
    `python -OO`, without docstrings and asserts, which is a fifth less to download; line numbers
    stay. What a page itself brings is compiled by the page and keeps both. Modules that are frozen
    into the interpreter are left out: it never reads them from anywhere else.

    Args:
        archive: The zip.
        place: Where it will lie in the page, for tracebacks: `/lib/tollbridge.zip`.
        bare: Leave out annotations too, which nothing of ours reads while it runs.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(out, "w") as target:
        for name in sorted(source.namelist()):
            if _is_frozen(name):
                continue
            content = source.read(name)
            if name.endswith(".py"):
                content = _code(content, f"{place}/{name}", bare=bare)
                name += "c"
            entry = zipfile.ZipInfo(name, date_time=_ARCHIVED_AT)
            entry.external_attr = 0o644 << 16
            target.writestr(entry, content)
    return out.getvalue()


def _is_frozen(name: str) -> bool:
    """Whether the interpreter has this file's module in its own code."""
    module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    # Two of them bear other names there: `importlib._bootstrap` is `_frozen_importlib`.
    spec = getattr(sys.modules.get(module), "__spec__", None)
    return _imp.is_frozen(module) or getattr(spec, "origin", "") == "frozen"


def _code(source: bytes, filename: str, *, bare: bool) -> bytes:
    """The content of a `.pyc`."""
    tree = ast.parse(source, filename)
    if bare:
        tree = ast.fix_missing_locations(_Unannotated().visit(tree))
    code = compile(tree, filename, "exec", dont_inherit=True, optimize=2)
    return importlib.util.MAGIC_NUMBER + _UNCHECKED + marshal.dumps(code)


class _Unannotated(ast.NodeTransformer):
    """Takes out what is written for readers and type checkers alone."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Drop what a function says that it returns."""
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """Drop what a coroutine says that it returns."""
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        """Drop the type of an argument."""
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Keep the value that a name is given; a name without one is nothing while it runs."""
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        plain = ast.Assign([node.target], self.visit(node.value))
        return ast.copy_location(plain, node)

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        """Drop what only a type checker would import."""
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)
