"""Callers that ask for the same thing at the same time share one asking."""

import asyncio

from tollbridge.sdk import platform
from tollbridge.sdk.errors import PaywallError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any


class _Flight:
    """One run of the work: how it ended, and whom to wake."""

    def __init__(self) -> None:
        self.landed = asyncio.Event()
        self.value: Any = None
        self.error: BaseException | None = None
        self.task: asyncio.Task[None] | None = None
        self.passengers = 0
        self.is_wanted = False  # also without passengers


class SingleFlight:
    """Runs a piece of work at most once at a time."""

    def __init__(
        self, work: "Callable[[], Awaitable[Any]]", *, ends_with_callers: bool = False
    ) -> None:
        """Take the work.

        Args:
            work: An async callable.
            ends_with_callers: Whether the work is cancelled when the last caller was, unless it was
                also started in the background.
        """
        self._work = work
        self._ends_with_callers = ends_with_callers
        self._flight: _Flight | None = None

    @property
    def flying(self) -> bool:
        """Whether the work runs just now."""
        return self._flight is not None

    async def run(self) -> "Any":
        """Return what the work returns; who comes while it runs gets the same outcome.

        Raises:
            Exception: What the work raised, in every caller.

        A caller that is cancelled leaves; the work goes on for the others.
        """
        flight = self._take_off()
        flight.passengers += 1
        try:
            await flight.landed.wait()
        except asyncio.CancelledError:
            flight.passengers -= 1
            self._leave(flight)
            raise
        if flight.error is not None:
            raise flight.error
        return flight.value

    def start(self) -> None:
        """Start the work, unless it runs, and do not wait.

        Its errors go to whoever else waits for this run. Where nobody does, a `PaywallError` is
        dropped, any other one reported. Without a running event loop nothing happens.
        """
        flight = self._take_off()
        flight.is_wanted = True
        if flight.task is None:
            self._flight = None

    async def cancel(self) -> None:
        """Stop the work if it runs, and return when it has ended; whoever waits is cancelled."""
        flight = self._flight
        if flight is None or flight.task is None:
            return
        flight.task.cancel()
        try:
            await flight.task
        except asyncio.CancelledError as error:
            flight.error = error
        self._flight = None
        flight.landed.set()  # a task that is cancelled before its first step does not do it

    def _leave(self, flight: _Flight) -> None:
        """Stop a flight that carries nobody any more; who comes now gets another one."""
        if flight.passengers or flight.is_wanted or not self._ends_with_callers:
            return
        if flight.task is not None and self._flight is flight:
            self._flight = None
            flight.task.cancel()

    def _take_off(self) -> _Flight:
        if self._flight is None:
            flight = self._flight = _Flight()
            flight.task = platform.spawn(self._fly(flight))
        return self._flight

    async def _fly(self, flight: _Flight) -> None:
        try:
            flight.value = await self._work()
        except Exception as error:
            flight.error = error
            if not flight.passengers and not isinstance(error, PaywallError):
                platform.report(error, "a background task of the Tollbridge SDK failed")
        except asyncio.CancelledError as error:  # the event loop is being closed
            flight.error = error
            raise
        finally:
            if self._flight is flight:
                self._flight = None
            flight.landed.set()
