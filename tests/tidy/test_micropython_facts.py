"""The tables of what MicroPython has, held to the pinned interpreter and to CPython."""

import builtins
import importlib
import json

from tests.tidy import micropython_facts as facts
from tests.tidy.micropython import run_all


def test_every_listed_module_name_is_there_on_both() -> None:
    """What the lint lets pass can be imported from MicroPython and from CPython."""
    asked = [(module, name) for module, names in facts.MODULES.items() for name in sorted(names)]
    ran = run_all([f"from {module} import {name}" for module, name in asked])
    missing = [pair for pair, run in zip(asked, ran, strict=True) if run.error]
    assert missing == []
    assert [p for p in asked if not hasattr(importlib.import_module(p[0]), p[1])] == []


def test_the_listed_built_ins_are_all_there_are() -> None:
    """The list is neither too long, which would pass a NameError, nor too short."""
    candidates = sorted(name for name in dir(builtins) if not name.startswith("_"))
    source = (
        "import json\nfound = []\n"
        f"for name in {candidates!r}:\n"
        "    try:\n        eval(name)\n        found.append(name)\n"
        "    except NameError:\n        pass\nprint(json.dumps(found))"
    )
    (run,) = run_all([source])
    # No page needs these, and MicroPython's `slice` is a name that cannot be called.
    left_out = {"compile", "eval", "exec", "help", "input", "open", "slice"}
    assert set(json.loads(run.printed[-1])) - left_out == facts.BUILTINS & set(candidates)
