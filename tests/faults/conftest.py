"""What the tests of faults share."""

import asyncio
from collections.abc import Callable, Mapping

import uvloop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run on the loop that `serve` runs on; its transports are not asyncio's own."""
    return {"uvloop": uvloop.new_event_loop}
