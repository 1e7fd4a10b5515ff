"""The contract is what page and gateway agree on, so it leans on neither, nor on anything else."""

import ast

from tests.tidy.tree import SHIPPED, name_of


def test_the_wire_imports_nothing_but_itself() -> None:
    """Not even the standard library: what is read here in a page is read on the server alike."""
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in sorted((SHIPPED / "wire").rglob("*.py"))
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.Import)
        or (isinstance(node, ast.ImportFrom) and not str(node.module).startswith("tollbridge.wire"))
    ]
    assert found == []
