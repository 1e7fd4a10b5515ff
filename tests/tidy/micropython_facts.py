"""What PyScript's MicroPython has and lacks, as data: the tables behind `shared_subset`.

Measured on the pinned interpreter, and held to it: `test_micropython_facts.py` asks the interpreter
itself. Whatever is not listed as present counts as missing, so a module or a name that somebody
needs is added here after it was seen to work.
"""

# Names that mean the same on CPython and MicroPython, by module. `sdk/platform.py` may go further.
MODULES = {
    "abc": {"ABC", "abstractmethod"},
    "asyncio": {
        "CancelledError",
        "Event",
        "Lock",
        "Task",
        "TimeoutError",
        "create_task",
        "current_task",
        "gather",
        "get_event_loop",
        "sleep",
        "wait_for",
    },
    "base64": {"b64decode", "b64encode", "urlsafe_b64decode", "urlsafe_b64encode"},
    "binascii": {"hexlify", "unhexlify"},
    "collections": {"OrderedDict", "defaultdict", "deque", "namedtuple"},
    "datetime": {"date", "datetime", "timedelta", "timezone"},
    "functools": {"partial", "reduce", "wraps"},
    "hashlib": {"sha256"},
    "hmac": {"new"},
    "io": {"BytesIO", "StringIO"},
    "itertools": {"accumulate", "chain", "count", "cycle", "islice", "repeat"},
    "json": {"dumps", "loads"},
    "math": {"ceil", "floor", "inf", "isfinite", "isnan", "nan"},
    "random": {"choice", "random", "randrange", "uniform"},
    "re": {"compile", "match", "search", "sub"},
    "struct": {"pack", "unpack"},
    "sys": {"implementation", "platform", "version_info"},
    "time": {"time", "time_ns"},
}

# Built-in names that are there. Another of CPython's is a NameError, also in `except TimeoutError`.
_BUILTINS = """
    ArithmeticError AssertionError AttributeError BaseException EOFError Ellipsis Exception False
    GeneratorExit ImportError IndentationError IndexError KeyError KeyboardInterrupt LookupError
    MemoryError NameError None NotImplemented NotImplementedError OSError OverflowError RuntimeError
    StopAsyncIteration StopIteration SyntaxError SystemExit True TypeError UnicodeError ValueError
    ZeroDivisionError abs all any bin bool bytearray bytes callable chr classmethod complex delattr
    dict dir divmod enumerate filter float frozenset getattr globals hasattr hash hex id int
    isinstance issubclass iter len list locals map max memoryview min next object oct ord pow print
    property range repr reversed round set setattr sorted staticmethod str sum super tuple type zip
"""
BUILTINS = frozenset(_BUILTINS.split())

# Methods of str, bytes, int, hashes, patterns and exceptions that MicroPython has not.
MISSING_METHODS = {
    "add_note",
    "as_integer_ratio",
    "bit_count",
    "bit_length",
    "capitalize",
    "casefold",
    "expandtabs",
    "finditer",
    "findall",
    "format_map",
    "fullmatch",
    "groupdict",
    "hexdigest",
    "isalnum",
    "isascii",
    "isdecimal",
    "isidentifier",
    "isnumeric",
    "isprintable",
    "istitle",
    "ljust",
    "maketrans",
    "move_to_end",
    "removeprefix",
    "removesuffix",
    "rjust",
    "swapcase",
    "title",
    "translate",
    "with_traceback",
    "zfill",
}

# Attributes of classes, functions and exceptions that are not there, or not there on everything.
MISSING_ATTRIBUTES = {
    "__annotations__",
    "__cause__",
    "__context__",
    "__doc__",
    "__mro__",
    "__notes__",
    "__subclasses__",
    "__traceback__",
    "__wrapped__",
}

# Special methods that MicroPython never calls, so that code leaning on them fails without a word.
UNCALLED_METHODS = {"__class_getitem__", "__format__", "__init_subclass__"}

# Keyword arguments that built-in functions take on both, `dict` aside; every other one fails.
BUILTIN_KEYWORDS = {
    "enumerate": {"start"},
    "max": {"default", "key"},
    "min": {"default", "key"},
    "print": {"end", "sep"},
    "sorted": {"key", "reverse"},
    "super": set(),
}

# Keyword arguments of a module's functions that work on both; functions not named take any.
FUNCTION_KEYWORDS = {
    ("asyncio", "create_task"): set(),
    ("collections", "deque"): set(),
    ("collections", "namedtuple"): set(),
    ("json", "dumps"): {"separators"},
    ("json", "loads"): set(),
}

# Keyword arguments that a built-in method takes on CPython only.
METHOD_KEYWORDS = {
    "decode": {"encoding", "errors"},
    "encode": {"encoding", "errors"},
    "from_bytes": {"byteorder", "signed"},
    "rsplit": {"maxsplit", "sep"},
    "split": {"maxsplit", "sep"},
    "splitlines": {"keepends"},
}

# Parts of a regular expression that its small `re` refuses, or, as with `{2}`, reads wrongly.
UNKNOWN_IN_PATTERNS = ("(?P", "(?=", "(?!", "(?<", "{")
