"""A lint that holds a file to the Python that CPython, Pyodide and MicroPython share.

It is told what is there (`micropython_facts`) and refuses the rest, so that code which fails only
in a widget fails in the checks first. It reads the syntax tree and no more: a method called on a
value of unknown type is judged by its name.
"""

import ast
import builtins
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeGuard

from tests.tidy import micropython_facts as facts

# The files that may ask which interpreter they run on, and so may name what only one of them has:
# the shipped one, and the one of the shared tests.
PLATFORM_FILES = {"sdk/platform.py", "tests/support/everywhere/interpreter.py"}
# The files that may import the browser. `pages/` and `ui/dom/` as a whole may.
BRIDGE_FILES = PLATFORM_FILES | {"sdk/transport/fetch.py", "ui/element.py"}
BRIDGE_FOLDERS = ("pages/", "ui/dom/")
# The SDK's transport for CPython servers and tests; no page ever loads it.
CPYTHON_FILES = {"sdk/transport/http.py"}
# What the shared tests are written with; only they import it.
SHARED_TESTS = "tests.support.everywhere."
BROWSER_MODULES = {
    *("js", "jsffi", "pyodide", "pyodide_js", "pyscript"),
    # What the hosts of our pages register.
    *("tollbridge_pump", "tollbridge_widget"),
}

_TYPES = {
    t.__name__ for t in (bool, bytes, dict, float, frozenset, int, list, set, str, tuple, type)
}
_MISSING_BUILTINS = set(dir(builtins)) - facts.BUILTINS - {"__name__"}
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_UNKNOWN_SYNTAX = {
    "Match": "`match` is not known",
    "TryStar": "`except*` is not known",
    "TypeAlias": "`type X = …` is not known",
}


class Finding(NamedTuple):
    """One thing that not every interpreter has."""

    line: int
    what: str


class Module:
    """A parsed file and what the rules need to know about it as a whole."""

    def __init__(self, source: str, *, path: str) -> None:
        """Parse `source`; `path` is relative to `src/tollbridge`, of a shared test to the root."""
        self.path = path
        self.lines = source.splitlines()
        self.tree = ast.parse(source)
        every = list(ast.walk(self.tree))
        self.functions = {
            n.name for n in every if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        self.bound = _bound_names(every)
        self.aliases = _module_aliases(every)
        self.skips_types = _declares_no_type_checking(self.tree)

    @property
    def may_touch_the_browser(self) -> bool:
        """Whether this file may import `js` and its like."""
        return self.path in BRIDGE_FILES or self.path.startswith(BRIDGE_FOLDERS)

    def function_of(self, call: ast.Call) -> tuple[str, str]:
        """The module and name of a called function, as far as the file's imports tell."""
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
            return self.aliases.get(call.func.value.id, ""), call.func.attr
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        owner, _, original = self.aliases.get(name, "").rpartition(".")
        return owner, original


def findings(source: str, *, path: str) -> list[Finding]:
    """Everything in `source` that some interpreter lacks, by line."""
    if path in CPYTHON_FILES:
        return []
    try:
        module = Module(source, path=path)
    except SyntaxError as error:
        return [Finding(error.lineno or 0, f"is not Python 3.11: {error.msg}")]
    found = {
        Finding(getattr(node, "lineno", 0), what)
        for node in _runtime_nodes(module.tree)
        for rule in _RULES
        for what in rule(node, module)
    }
    return sorted(found)


def _runtime_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs: not annotations, which MicroPython skips, nor `if TYPE_CHECKING:`."""
    yield node
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns"} or (field == "body" and _is_type_checking(node)):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _runtime_nodes(child)


def _is_type_checking(node: ast.AST) -> bool:
    """Whether this is the `if` that only type checkers enter."""
    return isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"


def _declares_no_type_checking(tree: ast.Module) -> bool:
    """Whether the file sets `TYPE_CHECKING = False` itself, `typing` not being there to ask."""
    return any(ast.unparse(node) == "TYPE_CHECKING = False" for node in tree.body)


def _bound_names(every: list[ast.AST]) -> set[str]:
    """Names that the file gives a meaning of its own, so that they are no built-ins."""
    stored = {n.id for n in every if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    defined = {getattr(n, "name", None) or "" for n in every}
    imported = {
        a.asname or a.name for n in every for a in getattr(n, "names", []) if not isinstance(a, str)
    }
    return stored | defined | imported | {n.arg for n in every if isinstance(n, ast.arg)}


def _module_aliases(every: list[ast.AST]) -> dict[str, str]:
    """Local name → module, or module.name, for what the file imports."""
    aliases: dict[str, str] = {}
    for node in every:
        if isinstance(node, ast.Import):
            aliases |= {a.asname or a.name: a.name for a in node.names}
        if isinstance(node, ast.ImportFrom) and not node.level:
            aliases |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return aliases


def _imports(node: ast.AST, module: Module) -> Iterator[str]:
    """Modules and names that every interpreter has; the browser in the bridge files only."""
    if isinstance(node, ast.Import):
        wanted = [(alias.name, "") for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and not node.level:
        wanted = [(node.module or "", alias.name) for alias in node.names]
    else:
        return
    for name, member in wanted:
        top = name.partition(".")[0]
        if top == "tollbridge" or module.path in PLATFORM_FILES:
            continue
        if name.startswith(SHARED_TESTS) and module.path.startswith("tests/"):
            continue
        if top in BROWSER_MODULES:
            if not module.may_touch_the_browser:
                yield f"only the bridge files may import `{top}`"
        elif name not in facts.MODULES:
            yield f"there is no module `{name}` everywhere"
        elif member and member not in facts.MODULES[name]:
            yield f"there is no `{name}.{member}` everywhere"


def _names(node: ast.AST, module: Module) -> Iterator[str]:
    """Built-in names, names of modules, methods and attributes that are missing."""
    may_differ = module.path in PLATFORM_FILES
    missing = set() if may_differ else _MISSING_BUILTINS - module.bound
    if isinstance(node, ast.Name) and node.id in missing:
        yield f"there is no built-in `{node.id}` everywhere"
    if not isinstance(node, ast.Attribute):
        return
    owner = module.aliases.get(getattr(node.value, "id", ""), "")
    known = facts.MODULES.get(owner)
    if known is not None and node.attr not in known and not may_differ:
        yield f"there is no `{owner}.{node.attr}` everywhere"
    if node.attr in facts.MISSING_ATTRIBUTES:
        yield f"there is no `{node.attr}` everywhere"
    if node.attr == "__init__" and not isinstance(node.value, ast.Call):
        yield "a built-in class has no `__init__` to name; call `super().__init__()`"


def _calls(node: ast.AST, module: Module) -> Iterator[str]:
    """Methods and arguments that MicroPython's functions do not take."""
    if not isinstance(node, ast.Call):
        return
    given = {word.arg for word in node.keywords if word.arg}
    name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
    if isinstance(node.func, ast.Name) and name in facts.BUILTINS - module.bound - {"dict"}:
        for word in given - facts.BUILTIN_KEYWORDS.get(name, set()):
            yield f"`{name}()` takes no `{word}=` everywhere"
        if name == "iter" and len(node.args) > 1:
            yield "`iter()` takes one argument"
    if isinstance(node.func, ast.Attribute) and name not in module.functions:
        if name in facts.MISSING_METHODS:
            yield f"there is no method `{name}()` everywhere"
        for word in given & facts.METHOD_KEYWORDS.get(name, set()):
            yield f"`{name}()` takes no `{word}=` everywhere"
    owner, function = module.function_of(node)
    for word in given - facts.FUNCTION_KEYWORDS.get((owner, function), given):
        yield f"`{owner}.{function}()` takes no `{word}=` everywhere"
    if (owner, function) == ("collections", "deque") and len(node.args) < 2:
        yield "`deque()` needs what it starts with and its greatest length"
    if owner == "re" and node.args and isinstance(node.args[0], ast.Constant):
        for part in facts.UNKNOWN_IN_PATTERNS:
            if part in str(node.args[0].value):
                yield f"`{part}` in a pattern is not understood everywhere"


def _functions(node: ast.AST, module: Module) -> Iterator[str]:
    """What may stand in a `def` line, above it, and in an async function."""
    if getattr(node, "type_params", None):
        yield "type parameters are not known"
    for decorator in getattr(node, "decorator_list", []):
        dotted = decorator.func if isinstance(decorator, ast.Call) else decorator
        if not isinstance(dotted, ast.Name | ast.Attribute):
            yield "a decorator is a name, with or without arguments"
    if isinstance(node, ast.arguments) and node.posonlyargs:
        yield "positional-only `/` is not known"
    if isinstance(node, ast.AsyncFunctionDef) and any(_yields_itself(node)):
        yield "an async generator cannot be iterated; write a class with `__anext__`"
    if isinstance(node, ast.FunctionDef) and node.name in facts.UNCALLED_METHODS:
        yield f"`{node.name}` is never called"


def _yields_itself(node: ast.AST) -> Iterator[bool]:
    """One item per `yield` that belongs to this function and not to one inside it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Yield):
            yield True
        if not isinstance(
            child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
        ):
            yield from _yields_itself(child)


def _classes(node: ast.AST, module: Module) -> Iterator[str]:
    """One base at most: `super()` goes astray in diamonds, and two native bases are refused."""
    if isinstance(node, ast.ClassDef) and len(node.bases) > 1:
        yield "a class has one base at most"
    if isinstance(node, ast.ClassDef) and node.keywords:
        yield "a class takes no keyword such as `metaclass=`"


def _expressions(node: ast.AST, module: Module) -> Iterator[str]:
    """Displays, comprehensions, and types used as values."""
    if _is_display(node) and any(isinstance(item, ast.Starred) for item in node.elts):
        yield "a display takes no `*`; add the sequences"
    if isinstance(node, ast.Dict) and None in node.keys:
        yield "a display takes no `**`; use `|` or `update()`"
    if isinstance(node, ast.comprehension) and node.is_async:
        yield "there are no async comprehensions"
    if isinstance(node, _COMPREHENSIONS) and any(isinstance(n, ast.Await) for n in ast.walk(node)):
        yield "`await` inside a comprehension gives a generator, not the values"
    if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") in _TYPES - module.bound:
        yield "a type takes no `[…]` at run time; only annotations may"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = [node.left, node.right]
        if any(getattr(s, "id", "") in _TYPES or getattr(s, "value", "") is None for s in sides):
            yield "types have no `|` at run time; use a tuple"


def _statements(node: ast.AST, module: Module) -> Iterator[str]:
    """Unknown statements, and assignments that do not work."""
    if type(node).__name__ in _UNKNOWN_SYNTAX:
        yield _UNKNOWN_SYNTAX[type(node).__name__]
    if _is_type_checking(node) and not module.skips_types:
        yield "set `TYPE_CHECKING = False` in the file; there is no `typing` to import it from"
    for target in getattr(node, "targets", []):
        if (
            isinstance(target, ast.Attribute)
            and getattr(target.value, "id", "") in module.functions
        ):
            yield "a function takes no attributes"
        if isinstance(target, ast.Subscript) and getattr(target.slice, "step", None):
            yield "no assignment to a slice with a step"
    if isinstance(node, ast.With | ast.AsyncWith) and _is_parenthesized(node, module):
        yield "`with (a, b):` is not known; nest them or leave the parentheses out"


def _is_display(node: ast.AST) -> TypeGuard[ast.List | ast.Tuple | ast.Set]:
    """Whether this builds a sequence; `a, *b = …` looks the same but takes one apart."""
    is_target = isinstance(getattr(node, "ctx", None), ast.Store)
    return isinstance(node, ast.List | ast.Tuple | ast.Set) and not is_target


def _is_parenthesized(node: ast.With | ast.AsyncWith, module: Module) -> bool:
    """Whether parentheses stand around several context managers; the tree itself forgets them."""
    first = node.items[0].context_expr
    after_with = module.lines[node.lineno - 1][node.col_offset :].partition("with")[2].lstrip()
    opens_itself = module.lines[first.lineno - 1][first.col_offset] == "("
    return len(node.items) > 1 and after_with.startswith("(") and not opens_itself


_RULES: list[Callable[[ast.AST, Module], Iterator[str]]] = [
    _imports,
    _names,
    _calls,
    _functions,
    _classes,
    _expressions,
    _statements,
]
