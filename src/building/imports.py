"""What a file of Python imports, read off its text."""

import ast
from functools import cache


@cache  # every archive of a site asks it of the same files
def imported(source: bytes) -> frozenset[str]:
    """The modules that a file names in its imports, wherever in it, but not for type checkers.

    What is imported from a module counts as a module as well, since either may be meant.
    """
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        waiting += ast.iter_child_nodes(node)
    return frozenset(found)
