"""Work that is asked for several times at once is done once."""

import asyncio

import pytest

from tollbridge.sdk import NetworkError
from tollbridge.sdk.single_flight import SingleFlight


class Work:
    """Work that waits until it is let go, and counts."""

    def __init__(self, error: Exception | None = None) -> None:
        """Fail with `error`, if there is one."""
        self.times = 0
        self.began = asyncio.Event()
        self.go = asyncio.Event()
        self._error = error

    async def __call__(self) -> int:
        """Return how often it ran."""
        self.times += 1
        self.began.set()
        await self.go.wait()
        if self._error is not None:
            raise self._error
        return self.times


async def test_callers_at_the_same_time_share_one_run() -> None:
    """All get the same value; the next caller starts anew."""
    work = Work()
    flight = SingleFlight(work)
    callers = [asyncio.create_task(flight.run()) for _ in range(3)]
    await asyncio.sleep(0)
    assert flight.flying
    work.go.set()
    assert await asyncio.gather(*callers) == [1, 1, 1]
    assert not flight.flying
    assert await flight.run() == 2


async def test_an_error_reaches_every_caller() -> None:
    """All learn that it failed, and the next caller tries again."""
    work = Work(LookupError("gone"))
    flight = SingleFlight(work)
    work.go.set()
    outcomes = await asyncio.gather(flight.run(), flight.run(), return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["gone", "gone"]
    with pytest.raises(LookupError):
        await flight.run()
    assert work.times == 2


@pytest.mark.parametrize(
    ("error", "reported"), [(LookupError("bug"), ["bug"]), (NetworkError("offline"), [])]
)
async def test_work_that_nobody_waits_for_reports_bugs_only(
    error: Exception, reported: list[str]
) -> None:
    """In the background an outage is nothing to report, a bug is."""
    told: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, what: told.append(str(what["exception"])))
    work = Work(error)
    flight = SingleFlight(work)
    flight.start()
    work.go.set()
    background = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*background)
    assert told == reported


def test_without_an_event_loop_nothing_starts() -> None:
    """Started from plain code the work does not run, and can be run later."""
    work = Work()
    flight = SingleFlight(work)
    flight.start()
    assert not flight.flying
    work.go.set()
    assert asyncio.run(flight.run()) == 1


async def test_cancelled_work_ends_at_once_for_everybody() -> None:
    """Whoever waits is cancelled, also when the work had not begun; it can be run again."""
    work = Work()
    flight = SingleFlight(work)
    waiting = asyncio.create_task(flight.run())
    await work.began.wait()
    await flight.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    flight.start()
    await flight.cancel()
    await flight.cancel()
    work.go.set()
    assert await flight.run() == 2
