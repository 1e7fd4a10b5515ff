"""What the tests of faults share.

On both stores runs what stands still or is stopped in the middle of its commits. The rest is about
clients and providers, or about one kind of store and says so.
"""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

from tests.support.stores import Store, run_once

ON_BOTH = {
    "test_frozen",
    "test_stop_under_load",
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
