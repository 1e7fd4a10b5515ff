"""Runs what a button starts, and keeps hold of it until it is done."""

import asyncio

from tollbridge.sdk import AbortedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from tollbridge.sdk.abort import AbortSignal


class Tasks:
    """The page's tasks. An event loop holds them so weakly that they could vanish.

    Attributes:
        running: Those that have not ended.
    """

    def __init__(self) -> None:
        """Start with none."""
        self.running: list[asyncio.Task[None]] = []

    def start(self, coroutine: "Coroutine[Any, Any, None]") -> None:
        """Run `coroutine` beside everything else.

        An error that it raises reaches the event loop, which prints it to the console.
        """

        async def run() -> None:
            try:
                await coroutine
            finally:
                self.running.remove(task)

        task = asyncio.create_task(run())
        self.running.append(task)

    async def cancel(self) -> None:
        """Stop all of them, and return when they have ended."""
        while self.running:
            await asyncio.sleep(0)  # one that never began could not end either
            left = list(self.running)
            for task in left:
                task.cancel()
            for task in left:
                try:
                    await task
                except asyncio.CancelledError:
                    pass


async def until_aborted(work: "Coroutine[Any, Any, None]", signal: "AbortSignal") -> None:
    """Await `work`, which knows no signal, and cancel it when `signal` is aborted.

    Raises:
        AbortedError: The signal was aborted before the work had ended.
    """
    task = asyncio.create_task(work)
    undo = signal.subscribe(task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if signal.aborted:
            raise AbortedError
        raise
    finally:
        undo()
