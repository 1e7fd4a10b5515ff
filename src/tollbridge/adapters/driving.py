"""Runs a coroutine of the SDK's to its end within synchronous code.

A call over a synchronous transport never waits for the event loop, except where the session has to
be renewed first, or where a hook is asynchronous. In a browser that lets WebAssembly wait for
JavaScript (JSPI), that is waited for; elsewhere it cannot be, and counts as having failed: the old
token is used while it lasts, and a failed hook is reported.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tollbridge.sdk import PaywallError

try:
    from pyodide.ffi import can_run_sync, run_sync
except ImportError:

    def can_run_sync() -> bool:
        """Return False: outside a page nothing can wait for the loop that it runs in."""
        return False


T = TypeVar("T")


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns, without leaving the caller's stack.

    Raises:
        PaywallError: `cannot_wait`, unless `work` takes it where it had to wait.
        Exception: What else `work` raised.
    """
    step: Callable[[], Any] = lambda: work.send(None)  # noqa: E731 - it changes
    while True:
        try:
            awaited = step()
        except StopIteration as end:
            result: T = end.value
            return result
        failure = _wait_for(awaited)
        step = (lambda: work.send(None)) if failure is None else _thrown(work, failure)


def _thrown(work: Coroutine[Any, Any, T], failure: PaywallError) -> Callable[[], Any]:
    return lambda: work.throw(failure)


def _wait_for(awaited: Any) -> PaywallError | None:
    """Wait for what a coroutine waits for; return why that cannot be."""
    if not can_run_sync():
        return PaywallError(
            "cannot_wait",
            "Synchronous code cannot wait here. Renew the session before: "
            "await auth.get_access_token().",
        )
    run_sync(asyncio.sleep(0) if awaited is None else _settled(awaited))
    return None


async def _settled(future: Any) -> None:
    await asyncio.wait([future])
