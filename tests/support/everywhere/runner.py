"""Runs the shared tests in an interpreter that has no pytest, one after the other."""

import asyncio
import json

from tests.support.everywhere.contract import Contract
from tests.support.everywhere.interpreter import ask, load, traceback_of
from tests.support.everywhere.pages import Visit
from tests.support.everywhere.testing import cases_of
from tollbridge.sdk.transport import default_transport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A test that hangs must name itself; the slowest asks six hundred times, which takes a busy machine
# more than twenty seconds.
TEST_S_MAX = 90


async def run(plan: str) -> str:
    """Run tests and return, as JSON, a list of [id, traceback or ""].

    Args:
        plan: As JSON, a list of {id, module, name, asks, case, origin, steering}: what each test
            asks for by name, which of its cases it is, where its gateway answers, and where that
            is steered.
    """
    # A task of its own: MicroPython's `wait_for` cannot be awaited by what JavaScript called.
    return await asyncio.create_task(_run_all(json.loads(plan)))


async def _run_all(plan: "list[dict[str, Any]]") -> str:
    outcomes = []
    for entry in plan:
        failure = ""
        try:
            await asyncio.wait_for(_run_one(entry), TEST_S_MAX)
        except Exception as error:
            failure = traceback_of(error)
        except asyncio.CancelledError as error:
            failure = traceback_of(error)
        outcomes.append([entry["id"], failure])
    return json.dumps(outcomes)


async def _run_one(entry: "dict[str, Any]") -> None:
    test = load(entry["module"], entry["name"])
    given = dict(cases_of(test)[entry["case"]])
    visit = _visit(entry) if entry["asks"] else None
    try:
        for name in entry["asks"]:
            given[name] = await visit.give(name)
        result = test(**given)
        if entry["is_async"]:
            await result
    finally:
        if visit is not None:
            await visit.aclose()


def _visit(entry: "dict[str, Any]") -> Visit:
    async def steer(command: str, *args: object) -> object:
        return await ask(entry["steering"], [command, list(args)])

    return Visit(Contract(steer), entry["origin"], default_transport())
