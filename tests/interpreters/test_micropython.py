"""The wire and the SDK are the same program on MicroPython and Pyodide, under Node."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.interpreters import wire_answers
from tests.support.contract_gateway import ContractGateway, Exchanged, say_hello
from tests.support.interpreters import INTERPRETERS, sources
from tests.support.loopback import loopback

pytestmark = pytest.mark.interpreters

HERE = Path(__file__).parent
RUNNER = HERE / "run_in_node.mjs"


@pytest.fixture(params=["micropython", "pyodide"])
def interpreter(request: pytest.FixtureRequest) -> Path:
    """Give the file that starts each interpreter."""
    return INTERPRETERS[request.param]


@pytest.fixture
def contract() -> ContractGateway:
    """Give a gateway without users."""
    return ContractGateway()


@pytest.fixture
async def origin(contract: ContractGateway) -> AsyncIterator[str]:
    """Serve `contract`."""
    async with loopback(contract) as served:
        yield served


async def run(interpreter: Path, *calls: list[Any]) -> list[Any]:
    """Run calls in one interpreter and return what they returned, read as JSON."""
    files = sources()
    files["/code/wire_answers.py"] = (HERE / "wire_answers.py").read_text("utf-8")
    process = await asyncio.create_subprocess_exec(
        "node",
        RUNNER,
        interpreter,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    sent = json.dumps({"files": files, "calls": calls}).encode()
    printed, _ = await process.communicate(sent)
    results = json.loads(printed)
    failed = [result for result in results if isinstance(result, dict)]
    assert not failed, failed[0]["error"]
    return [json.loads(result) for result in results]


def check(name: str, **options: Any) -> list[Any]:
    """Return the call that runs a check of `tests/browser/in_page.py`."""
    return ["in_page", "run", [name, json.dumps(options)]]


async def test_the_wire_says_the_same_everywhere(interpreter: Path) -> None:
    """Every answer of the wire package is the one that CPython gives."""
    (answers,) = await run(interpreter, ["wire_answers", "answers", []])
    assert answers == json.loads(wire_answers.answers())


async def test_the_sdk_works_the_same_everywhere(
    interpreter: Path, origin: str, contract: ContractGateway
) -> None:
    """A sign-in, a call, a stream and a stopped stream go as they do on CPython."""
    scripts = iter([say_hello, in_two, until_left])

    async def next_script(call: Exchanged) -> None:
        await next(scripts)(call)

    contract.script = next_script
    counted, streamed, stopped = await run(
        interpreter,
        check("count", origin=origin),
        check("chunks", origin=origin),
        check("stop_stream", origin=origin, how="cancel"),
    )
    assert counted == [20, 19]
    assert b"".join(bytes(chunk) for chunk in streamed) == b"one two"
    assert stopped == ["cancelled", "aborted"]
    await contract.requests_to("call")[-1].left.wait()


async def in_two(call: Exchanged) -> None:
    """Answer in two chunks."""
    await call.send(b"one ")
    await call.end(b"two")


async def until_left(call: Exchanged) -> None:
    """Send one chunk, then nothing, until the client is gone."""
    await call.send(b"a")
    await call.until_left()
