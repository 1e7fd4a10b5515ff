"""An exception as a log may show it: where it came from and what it is, never what it quotes.

The text of an exception often repeats the input that it is about: a key that was not there, a word
that is no number, a line that is no JSON. With us that may be a prompt. So only the texts of
exceptions are shown that are known to be made of our own or the store's words. No I/O.
"""

import traceback
from types import TracebackType

from tollbridge.gateway.errors import Refusal

# Enough to find the place; a recursion has a thousand.
FRAMES_MAX = 30
# Causes of causes, and members of groups, in all.
EXCEPTIONS_MAX = 10

# Their texts come from the interpreter or from the store, and name types, columns and operators.
_PLAIN_TYPES = (
    AttributeError,
    ImportError,
    ModuleNotFoundError,
    NameError,
    RecursionError,
    TypeError,
    UnboundLocalError,
)
_PLAIN_NAMES = (
    "tollbridge.gateway.database.script.StoreUnavailable",
    "tollbridge.gateway.errors.StartError",
)
_PLAIN_MODULE = "apsw"


def name_fault(error: BaseException) -> str:
    """Return one line: the exception's type, and its text where that may be shown."""
    kind = _qualified_name(error)
    if isinstance(error, Refusal):
        return f"{kind}: {error.code}"
    if isinstance(error, OSError):  # never its file's name, which a page may have chosen
        return f"{kind}: {error.strerror}" if isinstance(error.strerror, str) else kind
    text = str(error)
    if not text:
        return kind
    if (
        type(error) in _PLAIN_TYPES
        or kind in _PLAIN_NAMES
        or type(error).__module__ == _PLAIN_MODULE
    ):
        return f"{kind}: {text}"
    return f"{kind} ({len(text)} characters withheld)"


def tell_fault(error: BaseException) -> str:
    """Return an exception with its places and its causes, the first cause first."""
    parts: list[str] = []
    _tell(error, parts, set(), "")
    return "\n".join(reversed(parts))


def _tell(error: BaseException, parts: list[str], told: set[int], follows: str) -> None:
    if id(error) in told or len(told) >= EXCEPTIONS_MAX:
        return
    told.add(id(error))
    places = "\n".join(_places(error.__traceback__))
    parts.append("\n".join(part for part in (places, name_fault(error), follows) if part))
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            _tell(member, parts, told, "which is one of:")
    if error.__cause__ is not None:
        _tell(error.__cause__, parts, told, "which led to:")
    elif error.__context__ is not None and not error.__suppress_context__:
        _tell(error.__context__, parts, told, "while this was handled:")


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)
    lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    if len(lines) > FRAMES_MAX:
        half = FRAMES_MAX // 2
        lines[half:-half] = [f"  … {len(lines) - 2 * half} more …"]
    return lines


def _qualified_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
