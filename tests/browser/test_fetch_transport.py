"""Python in a tab, to a gateway on another origin: what depends on the page around it.

Everything else of the bridge to `fetch` is tried by the shared tests of `tests/sdk`, in tabs,
module workers and Node; see `tests/interpreters`.
"""

import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.contract_gateway import ContractGateway
from tests.support.interpreters import Interpreter, interpreter_host
from tests.support.loopback import loopback

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def host() -> AsyncIterator[str]:
    """Serve the interpreters."""
    async with interpreter_host() as origin:
        yield origin


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=["pyodide", "micropython"])
async def started(
    request: pytest.FixtureRequest, chromium: Browser, host: str
) -> AsyncIterator[Interpreter]:
    """Start each interpreter once for all tests."""
    context = await chromium.new_context()
    interpreter = Interpreter(await context.new_page())
    await interpreter.start(f"{host}/page", request.param)
    yield interpreter
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def python(started: Interpreter) -> AsyncIterator[Interpreter]:
    """Give the interpreter; a test leaves nothing uncaught and nothing stored behind."""
    yield started
    await started.page.evaluate("localStorage.clear()")
    assert started.errors == []


@pytest_asyncio.fixture(loop_scope="session")
async def origin() -> AsyncIterator[str]:
    """Serve the contract's gateway on an origin that is not the page's."""
    async with loopback(ContractGateway()) as served:
        yield served


async def test_nobody_there_is_a_network_error(python: Interpreter) -> None:
    """A refused connection is no abort."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = await python.run("no_answer", origin=f"http://127.0.0.1:{port}")
    assert outcome == "network_error"


async def test_a_reload_brings_the_same_user_back(python: Interpreter, origin: str) -> None:
    """The refresh token waits in `localStorage`; the access token never gets there."""
    first, second = await python.run("same_user_after_reload", origin=origin)
    assert first == second
    kept = await python.page.evaluate("JSON.stringify(localStorage)")
    assert "refresh_" in kept
    assert "access_" not in kept


async def test_storage_keeps_text(python: Interpreter, origin: str) -> None:
    """What is kept is read back, and gone once forgotten."""
    assert await python.run("store", origin=origin) == [None, "größe €", None]


async def test_without_storage_a_session_lasts_as_long_as_the_page(
    chromium: Browser, host: str, origin: str
) -> None:
    """Where the browser refuses `localStorage`, memory stands in, and calls work from no origin.

    On MicroPython, because there nothing that throws in JavaScript can be caught by plain means.
    """
    context = await chromium.new_context()
    interpreter = Interpreter(await context.new_page())
    await interpreter.start(f"{host}/sandbox", "micropython")
    assert await interpreter.run("store", origin=origin) == [None, "größe €", None]
    assert await interpreter.run("count", origin=origin) == [20, 19]
    assert interpreter.errors == []
    await context.close()
