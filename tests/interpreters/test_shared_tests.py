"""The test files of `wire` and `sdk` are the same, and pass, on every interpreter."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error

from tests.support.everywhere.testing import CPYTHON, IN_A_PAGE, UNDER_NODE
from tests.support.interpreters import run_in_chromium, run_under_node
from tests.support.shared_tests import ROOT, SharedTest, shared_tests
from tests.support.steered_gateways import Steered, steered_gateways

pytestmark = pytest.mark.interpreters

# An interpreter waits for the network most of the time; two of them fill two cores.
AT_A_TIME = 2
# All of them together take a minute; CI's machine may be busy.
ALL_S_MAX = 290  # below what ends the whole run

INTERPRETERS = [
    *[pytest.param(name, marks=pytest.mark.browser) for name in IN_A_PAGE],
    *UNDER_NODE,
]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def runs(
    request: pytest.FixtureRequest, chromium: Browser, host: str
) -> AsyncIterator[dict[str, asyncio.Task[str]]]:
    """Run the shared tests on every interpreter that was selected; gives what will have come."""
    turns = asyncio.Semaphore(AT_A_TIME)

    async def run(interpreter: str) -> str:
        tests = planned_for(interpreter)
        async with turns, steered_gateways(len(tests)) as gateways:
            planned = plan(tests, gateways)
            if interpreter in UNDER_NODE:
                return await run_under_node(interpreter, planned)
            try:
                async with await chromium.new_page() as page:
                    return await run_in_chromium(page, interpreter, host, planned)
            except Error as error:
                if "crashed" not in str(error):
                    raise
        # Chromium's, once in some tens of runs on a busy machine; what is ours crashes again.
        async with (
            turns,
            steered_gateways(len(tests)) as gateways,
            await chromium.new_page() as page,
        ):
            return await run_in_chromium(page, interpreter, host, plan(tests, gateways))

    calls = [getattr(item, "callspec", None) for item in request.session.items]
    selected = [
        call.params["interpreter"] for call in calls if call and "interpreter" in call.params
    ]
    running = {name: asyncio.create_task(run(name)) for name in dict.fromkeys(selected)}
    yield running
    for task in running.values():
        task.cancel()
    await asyncio.gather(*running.values(), return_exceptions=True)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.timeout(ALL_S_MAX)
@pytest.mark.parametrize("interpreter", INTERPRETERS)
async def test_they_pass_on(interpreter: str, runs: dict[str, asyncio.Task[str]]) -> None:
    """Each passes, or fails here with its name and traceback; and none is left out unsaid."""
    ran = json.loads(await runs[interpreter])
    failures = [f"{name}\n{failure}" for name, failure in ran if failure]
    assert not failures, f"{len(failures)} of {len(ran)} failed\n\n" + "\n".join(failures)
    assert [name for name, _ in ran] == [test.id for test in planned_for(interpreter)]


def test_pytest_runs_the_same_ones_on_cpython() -> None:
    """Nothing that pytest collects from the shared files is missing elsewhere, or the reverse."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    files = sorted({test.module.replace(".", "/") + ".py" for test in shared_tests()})
    done = subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True, check=True)
    collected = [line for line in done.stdout.splitlines() if "::" in line]
    expected = [
        test.id.replace(".", "/", test.module.count(".")).replace("::", ".py::", 1)
        for test in planned_for(CPYTHON)
    ]
    assert sorted(collected) == sorted(expected)


def test_an_exclusion_has_a_reason_and_names_an_interpreter() -> None:
    """What does not run somewhere says why; nothing is left out everywhere."""
    known = {CPYTHON, *IN_A_PAGE, *UNDER_NODE}
    for test in shared_tests():
        assert set(test.excluded) < known
        assert all(len(reason) > 20 for reason in test.excluded.values())


def planned_for(interpreter: str) -> list[SharedTest]:
    """Return what runs on an interpreter."""
    return [test for test in shared_tests() if interpreter not in test.excluded]


def plan(tests: list[SharedTest], gateways: list[Steered]) -> str:
    """Return what `runner.run` takes: each test with a gateway of its own."""
    return json.dumps(
        [test._asdict() | gateway._asdict() for test, gateway in zip(tests, gateways, strict=True)]
    )
