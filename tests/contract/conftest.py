"""What the tests of the published contract share.

Balances and sessions are rows, and run on both stores; calls and our client are about HTTP.
"""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

from tests.support.stores import Store, run_once

ON_BOTH = {"test_balances_and_sessions"}


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run on the loop that `serve` runs on; its transports are not asyncio's own."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """See `ON_BOTH`."""
    run_once(metafunc, ON_BOTH)


@pytest.fixture(autouse=True)
def _in_a_store(store: Store) -> None:
    """Have what a test opens be in the store that it runs on."""
