"""Python without what only readers need: docstrings and comments go, every line keeps its number.

For archives of sources, which MicroPython and pages of one's own load. Line for line, so that a
traceback from a page still leads to the right place in the repository.
"""

import ast
import io
import tokenize
from functools import cache

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@cache  # several archives of a site hold the same files
def spare(source: bytes) -> bytes:
    """The same program, with an empty line for each line that held no code.

    Raises:
        SyntaxError: It is no Python.
    """
    text = source.decode()
    lines = text.splitlines(keepends=True)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _Documented) and ast.get_docstring(node, clean=False) is not None:
            _empty(lines, node.body)
    for token in tokenize.generate_tokens(io.StringIO("".join(lines)).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip() + "\n"
    return "".join(lines).encode()


def _empty(lines: list[str], body: list[ast.stmt]) -> None:
    """Take the docstring at the head of a body out of the lines; a body is never left empty."""
    said = body[0]
    for number in range(said.lineno, (said.end_lineno or said.lineno) + 1):
        lines[number - 1] = "\n"
    if len(body) == 1:
        lines[said.lineno - 1] = " " * said.col_offset + "pass\n"
