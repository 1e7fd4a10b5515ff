"""Snippets for the lint: each refused one fails in MicroPython, each accepted one runs there.

All of them run on CPython 3.11, but for the few marked by `NEWER`, so a refusal is never about code
that is wrong anyway. An `assert` stands where MicroPython goes on without an error but does
something else.
"""

REFUSED = {
    "match": "match 1:\n    case 1:\n        pass",
    "except star": "try:\n    pass\nexcept* ValueError:\n    pass",
    "positional-only": "def f(a, /):\n    return a",
    "positional-only lambda": "f = lambda a, /: a",
    "list display": "a = [*range(2), 1]",
    "tuple display": "a = (*range(2), 1)",
    "set display": "a = {*range(2)}",
    "dict display": "a = {**{'b': 1}}",
    "returned star": "def f():\n    return *range(2), 1",
    "async comprehension": "async def f(a):\n    return [x async for x in a]",
    "await in comprehension": (
        "async def one():\n    return 1\n"
        "async def f():\n    return [await one() for _ in range(2)]\n"
        "try:\n    f().send(None)\n"
        "except StopIteration as end:\n    assert end.value == [1, 1], end.value"
    ),
    "async generator": (
        "async def f():\n    yield 1\n"
        "async def g():\n    async for x in f():\n        return x\n"
        "try:\n    g().send(None)\nexcept StopIteration as end:\n    assert end.value == 1"
    ),
    "parenthesized with": (
        "class A:\n    def __enter__(self):\n        return self\n"
        "    def __exit__(self, *a):\n        pass\n"
        "with (A() as a, A() as b):\n    pass"
    ),
    "expression as decorator": "@(lambda f: f)\ndef f():\n    pass",
    "import typing": "import typing",
    "from typing": "from typing import Any",
    "dataclasses": "from dataclasses import dataclass",
    "enum": "import enum",
    "contextlib": "import contextlib",
    "future": "from __future__ import annotations",
    "collections.abc": "from collections.abc import Callable",
    "urllib": "import urllib.parse",
    "uuid": "import uuid",
    "cache": "from functools import lru_cache",
    "cached_property": "import functools\nfunctools.cached_property",
    "monotonic": "import time\ntime.monotonic()",
    "queue": "import asyncio\nasyncio.Queue()",
    "timeout": "import asyncio as a\na.timeout",
    "shield": "from asyncio import shield",
    "utc": "import datetime\ndatetime.UTC",
    "json error": "import json\njson.JSONDecodeError",
    "re flags": "import re\nre.compile('a', re.IGNORECASE)",
    "builtin TimeoutError": "try:\n    pass\nfinally:\n    TimeoutError",
    "builtin ConnectionError": "raised = ConnectionError",
    "vars": "vars()",
    "removeprefix": "'ab'.removeprefix('a')",
    "removesuffix": "'ab'.removesuffix('b')",
    "format_map": "'{a}'.format_map({'a': 1})",
    "title": "'ab'.title()",
    "zfill": "'1'.zfill(3)",
    "hexdigest": "import hashlib\nhashlib.sha256(b'a').hexdigest()",
    "finditer": "import re\nre.compile('a').finditer('a')",
    "zip strict": "list(zip([1], [2], strict=True))",
    "sum start": "sum([1], start=2)",
    "int base": "int('1', base=10)",
    "bytes encoding": "bytes('a', encoding='utf-8')",
    "dumps ascii": "import json\njson.dumps('a', ensure_ascii=False)",
    "dumps sorted": "import json\njson.dumps({}, sort_keys=True)",
    "dumps imported": "from json import dumps\ndumps({}, indent=1)",
    "decode errors": "b'a'.decode(errors='replace')",
    "decode errors after encoding": "b'a'.decode('utf-8', errors='replace')",
    "split maxsplit": "'a b'.split(maxsplit=1)",
    "deque without arguments": "from collections import deque\ndeque()",
    "deque maxlen": "from collections import deque\ndeque(maxlen=3)",
    "namedtuple defaults": (
        "from collections import namedtuple\nnamedtuple('P', 'a', defaults=(1,))"
    ),
    "iter with sentinel": "it = iter(lambda: 1, 1)",
    "named group": "import re\nre.match('(?P<a>x)', 'x')",
    "lookahead": "import re\nre.compile('(?=a)')",
    "counted repetition": "import re\nassert re.match('a{2}', 'aa')",
    "two bases": ("class A(Exception):\n    pass\nclass B(A, ValueError):\n    pass\n"),
    "diamond": (
        "class A:\n    def f(self):\n        return 'A'\n"
        "class B(A):\n    def f(self):\n        return 'B' + super().f()\n"
        "class C(A):\n    def f(self):\n        return 'C' + super().f()\n"
        "class D(B, C):\n    pass\nassert D().f() == 'BCA'"
    ),
    "metaclass": "class A(metaclass=type):\n    pass",
    "init subclass": (
        "seen = []\n"
        "class A:\n    def __init_subclass__(cls):\n        seen.append(cls)\n"
        "class B(A):\n    pass\nassert seen"
    ),
    "class getitem": "class A:\n    def __class_getitem__(cls, k):\n        return k\nA[int]",
    "format method": (
        "class A:\n    def __format__(self, spec):\n        return 'mine'\n"
        "assert f'{A()}' == 'mine'"
    ),
    "mro": "class A:\n    pass\nA.__mro__",
    "cause": "ValueError('a').__cause__",
    "init of a native class": (
        "class A(Exception):\n    def __init__(self):\n        Exception.__init__(self, 'a')\nA()"
    ),
    "function attribute": "def f():\n    pass\nf.x = 1",
    "generic at run time": "names = list[str]",
    "union at run time": "number = int | float",
    "optional at run time": "maybe = str | None",
    "isinstance of a union": "isinstance(1, int | str)",
    "slice with a step": "a = [1, 2, 3]\na[::2] = [9, 9]",
}

# Syntax that CPython 3.11 does not know either; refused all the same where the checks run on 3.12.
NEWER = {
    "generic class": "class A[T]:\n    pass",
    "generic function": "def f[T](a: T):\n    return a",
    "type alias": "type X = int",
}

# Refused by a rule of ours, although it runs: the file would hide what type checkers see.
REFUSED_BY_RULE = {
    "type checking undeclared": "try:\n    TYPE_CHECKING\nexcept NameError:\n    pass\n"
    "def f():\n    if TYPE_CHECKING:\n        pass",
    "browser": "import js",
}

ACCEPTED = {
    "annotations": (
        "TYPE_CHECKING = False\n"
        "if TYPE_CHECKING:\n    from collections.abc import Callable\n    from typing import Any\n"
        "def f(a: list[int] | None = None, *, b: 'Any' = 1) -> dict[str, 'Callable[[], None]']:\n"
        "    found: dict[str, int] = {}\n    return found\nf()"
    ),
    "raise from": (
        "try:\n    try:\n        {}['a']\n    except KeyError as error:\n"
        "        raise ValueError('b') from error\nexcept ValueError:\n    pass"
    ),
    "raise from none": "try:\n    raise ValueError('b') from None\nexcept ValueError:\n    pass",
    "starred calls and targets": (
        "def f(*a, **k):\n    return a\nhead, *rest = f(*[1], *[2], **{'c': 3})"
    ),
    "walrus": "if (a := 1) > 0:\n    pass",
    "merged dicts": "a = {'b': 1} | {'c': 2}\na |= {'d': 3}",
    "asyncio": (
        "import asyncio\n"
        "async def one():\n    await asyncio.sleep(0)\n    return 1\n"
        "async def f():\n    lock = asyncio.Lock()\n    async with lock:\n        try:\n"
        "            return await asyncio.wait_for(one(), 1)\n"
        "        except asyncio.TimeoutError:\n            return 0\n"
    ),
    "iterator class": (
        "class Chunks:\n    def __aiter__(self):\n        return self\n"
        "    async def __anext__(self):\n        raise StopAsyncIteration\n"
        "async def f():\n    async for chunk in Chunks():\n        pass\n"
    ),
    "json": "import json\njson.dumps({'a': [1]}, separators=(',', ':'))\njson.loads('[1]')",
    "error tree": (
        "class PaywallError(Exception):\n"
        "    def __init__(self, message, *, code):\n"
        "        super().__init__(message)\n        self.code = code\n"
        "class QuotaExceededError(PaywallError):\n    pass\n"
        "try:\n    raise QuotaExceededError('a', code='b')\n"
        "except PaywallError as error:\n    assert error.code == 'b' and str(error) == 'a'"
    ),
    "slots and properties": (
        "class A:\n    __slots__ = ('_b',)\n    def __init__(self):\n        self._b = 1\n"
        "    @property\n    def b(self):\n        return self._b\nassert A().b == 1"
    ),
    "bytes": "assert b'\\xff'.decode('utf-8', 'replace') == '\\ufffd'\nassert b'a'.hex() == '61'",
    "keywords": (
        "sorted([1], key=abs, reverse=True)\nmax([], default=1)\nlist(enumerate('a', start=1))\n"
        "dict(a=1)"
    ),
    "own method named as a missing one": (
        "class Page:\n    def title(self):\n        return 'a'\nPage().title()"
    ),
    "own name": "def f(format):\n    return format\nf(1)",
    "hash": "import binascii, hashlib\nbinascii.hexlify(hashlib.sha256(b'a').digest()).decode()",
    "nested generator": (
        "async def f():\n    def numbers():\n        yield 1\n    return list(numbers())"
    ),
    "with without parentheses": (
        "class A:\n    def __enter__(self):\n        return self\n"
        "    def __exit__(self, *a):\n        pass\n"
        "with A() as a, A() as b:\n    pass"
    ),
    "isinstance of a tuple": "isinstance(1, (int, str))",
    "deque": "from collections import deque\ndeque((), 10)",
    "pattern": "import re\nre.compile('^[a-z]+(?:_[a-z]+)*$').match('a_b')",
}
