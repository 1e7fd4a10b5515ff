"""Work that is asked for several times at once is done once."""

import asyncio

from tests.support.everywhere.testing import cases, outcome_of, raises, reported
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
    outcomes = await asyncio.gather(outcome_of(flight.run()), outcome_of(flight.run()))
    assert [str(outcome) for outcome in outcomes] == ["gone", "gone"]
    with raises(LookupError):
        await flight.run()
    assert work.times == 2


@cases(("error", "told"), [(LookupError("bug"), ["bug"]), (NetworkError("offline"), [])])
async def test_work_that_nobody_waits_for_reports_bugs_only(
    error: Exception, told: list[str]
) -> None:
    """In the background an outage is nothing to report, a bug is."""
    work = Work(error)
    flight = SingleFlight(work)
    with reported() as errors:
        flight.start()
        work.go.set()
        for _ in range(10):
            await asyncio.sleep(0)
    assert not flight.flying
    assert [str(error) for error in errors] == told


async def test_cancelled_work_ends_at_once_for_everybody() -> None:
    """Whoever waits is cancelled, also when the work had not begun; it can be run again."""
    work = Work()
    flight = SingleFlight(work)
    waiting = asyncio.create_task(flight.run())
    await work.began.wait()
    await flight.cancel()
    with raises(asyncio.CancelledError):
        await waiting
    flight.start()
    await flight.cancel()
    await flight.cancel()
    work.go.set()
    assert await flight.run() == 2
