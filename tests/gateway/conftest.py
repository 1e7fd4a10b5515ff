"""What the tests of the gateway as a whole share.

On both stores runs what opens one, starts or ends on one, or asks for what is another's. The rest
is about HTTP, files and settings.
"""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

from tests.support.stores import Store, run_once

ON_BOTH = {
    "test_borders",
    "test_demonstration",
    "test_health",
    "test_serve",
}


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run on the loop that `serve` runs on; its transports are not asyncio's own."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """See `ON_BOTH`."""
    run_once(metafunc, ON_BOTH)


@pytest.fixture(autouse=True)
def _in_a_store(store: Store) -> None:
    """Have what a test opens be in the store that it runs on."""
