"""Runs the shared tests on CPython: pytest gives what they ask for, in process.

The same files run in Pyodide and MicroPython; see `tests/interpreters`.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.asgi_transport import AsgiTransport
from tests.support.everywhere.contract import Contract
from tests.support.everywhere.pages import Page, Visit
from tests.support.shared_tests import generate_cases, leave_out_of_cpython
from tests.support.steering import SteeredGateway

ORIGIN = "http://gateway.test"

pytest_generate_tests = generate_cases


def pytest_pycollect_makeitem(name: str, obj: object) -> list[pytest.Item] | None:
    """Leave out what runs elsewhere only."""
    return leave_out_of_cpython(name, obj)


@pytest.fixture
async def visit() -> AsyncIterator[Visit]:
    """Give a gateway and a browser; at the end every call must have ended well."""
    gateway = SteeredGateway()
    transport = AsgiTransport(gateway)

    async def steer(command: str, *args: Any) -> Any:
        # Through JSON, as everywhere else.
        question = json.loads(json.dumps(args))
        return json.loads(json.dumps(await gateway.steer(command, question)))

    visit = Visit(Contract(steer), ORIGIN, transport)
    yield visit
    await visit.aclose()
    await transport.idle()


@pytest.fixture
async def contract(visit: Visit) -> Contract:
    """Give the gateway, without users."""
    contract: Contract = await visit.give("contract")
    return contract


@pytest.fixture
async def origin(visit: Visit) -> str:
    """Give the gateway's origin."""
    origin: str = await visit.give("origin")
    return origin


@pytest.fixture
async def transport(visit: Visit) -> AsgiTransport:
    """Give what carries requests to the gateway."""
    transport: AsgiTransport = await visit.give("transport")
    return transport


@pytest.fixture
async def page(visit: Visit) -> Page:
    """Give a page that nobody has signed in on."""
    page: Page = await visit.give("page")
    return page


@pytest.fixture
async def signed_in(visit: Visit) -> Page:
    """Give a page with an anonymous session and 20 of 20 credits, not read yet."""
    page: Page = await visit.give("signed_in")
    return page
