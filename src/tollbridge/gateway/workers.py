"""The workers of a gateway, kept by their parent: replaced when they die, rolled, ended together.

The parent holds the listening socket, which all workers accept from, so that no connection is lost
when one of them goes: what it did not take waits for the others. It serves nothing itself.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Sequence

from tollbridge.gateway.errors import StartError
from tollbridge.gateway.worker_process import Program, WorkerFailed, WorkerProcess

log = logging.getLogger("tollbridge")

# A worker starts within two seconds; on a machine that is busy, or with a store that must be waited
# for, within many. One that hangs longer is started anew.
START_S = 60
# What kills a worker that has served longer is not likely to kill the next one at once.
SOON_S = 10
# Seconds before each further try at a place whose workers die soon: nothing after the first death,
# then long enough in all for a database to be started again.
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
# Seconds beyond its own time after which a worker that does not end is killed.
SLACK_S = 10


class Patience:
    """How often a place was tried in vain, and how long to wait before the next try. No I/O."""

    def __init__(self, pauses_s: Sequence[float]) -> None:
        """Wait that long before each try in a row."""
        self._pauses_s = pauses_s
        self._tries = 0

    def next_pause_s(self, served_s: float) -> float:
        """Count the death of one that served that long; return the seconds to wait now."""
        if served_s >= SOON_S:
            self._tries = 0
        self._tries += 1
        return self._pauses_s[min(self._tries, len(self._pauses_s)) - 1]

    @property
    def is_over(self) -> bool:
        """Each pause was waited, and another worker died soon."""
        return self._tries > len(self._pauses_s)


class Workers:
    """A number of worker processes that all do the same."""

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        end_s: float,
        start_s: float = START_S,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        """Prepare them; needs a running event loop, `serve` starts them.

        Args:
            programs: What the worker at each place runs.
            end_s: Seconds in which a worker that is asked to end has ended; then it is killed.
            start_s: Seconds within which one must serve.
            pauses_s: Before each try in a row, see `PAUSES_S`.
        """
        self._programs = programs
        self._end_s = end_s
        self._start_s = start_s
        self._patience = [Patience(pauses_s) for _ in programs]
        self._places: list[WorkerProcess | None] = [None for _ in programs]
        # Held by whoever puts a worker in a place.
        self._locks = [asyncio.Lock() for _ in programs]
        # Also those that start, and those that were replaced and drain.
        self._alive: set[WorkerProcess] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._roll_wanted = asyncio.Event()
        self._over: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()

    async def serve(self, on_up: Callable[[], None], on_stop: Callable[[], None]) -> None:
        """Run the workers until `stop`; all of them have ended when it returns.

        Args:
            on_up: Called once all workers serve.
            on_stop: Called before they are asked to end.

        Raises:
            StartError: Workers die as soon as they are started, and none serves.
        """
        self._spawn(self._keep(on_up))
        number = signal.SIGTERM
        try:
            number = await self._over
        finally:
            on_stop()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.gather(*(self._see_off(one, number) for one in list(self._alive)))

    def roll(self) -> None:
        """Have each worker replaced by a new one; asked for during a roll, there is one more."""
        self._roll_wanted.set()

    def stop(self, number: signal.Signals) -> None:
        """Ask all workers to end, with the signal that the parent got; again: pass it on."""
        if not self._over.done():
            self._over.set_result(number)
            return
        for worker in self._alive:
            worker.tell(number)

    async def _keep(self, on_up: Callable[[], None]) -> None:
        await asyncio.gather(*(self._fill(number) for number in range(len(self._places))))
        on_up()
        while True:
            await self._roll_wanted.wait()
            self._roll_wanted.clear()
            await self._roll()

    async def _roll(self) -> None:
        """Replace each worker; over when the old ones have drained, or rolls would pile up."""
        log.info("each of %d workers is replaced by a new one", len(self._places))
        draining = []
        for number, lock in enumerate(self._locks):
            async with lock:
                old = self._places[number]
                try:
                    await self._put(number)
                except WorkerFailed as failure:
                    log.error("worker %d is not replaced and goes on: %s", number, failure)
                    break
            if old is not None:
                draining.append(self._spawn(self._see_off(old, signal.SIGTERM)))
        else:
            log.info("new workers serve; the old ones finish what runs")
        await asyncio.gather(*draining)

    async def _fill(self, number: int, pause_s: float = 0.0) -> None:
        """Have a worker at this place, however many tries it takes."""
        async with self._locks[number]:
            while self._places[number] is None:
                await asyncio.sleep(pause_s)
                try:
                    await self._put(number)
                except WorkerFailed as failure:
                    pause_s = self._count_death(number, str(failure), served_s=0.0)

    async def _put(self, number: int) -> None:
        """Have a new worker at this place.

        Raises:
            WorkerFailed: It does not come to serve; the place is as it was.
        """
        worker = await WorkerProcess.start(number, self._programs[number])
        self._alive.add(worker)
        try:
            await worker.serves(self._start_s)
        except WorkerFailed:
            self._alive.discard(worker)
            raise
        self._places[number] = worker
        self._spawn(self._watch(worker))

    async def _watch(self, worker: WorkerProcess) -> None:
        await worker.ended()
        self._alive.discard(worker)
        number = worker.number
        if self._places[number] is worker:  # nobody has replaced it
            self._places[number] = None
            words = worker.last_words()
            await self._fill(number, self._count_death(number, words, served_s=worker.served_s))

    def _count_death(self, number: int, words: str, *, served_s: float) -> float:
        """Return the seconds to wait before another try.

        Raises:
            StartError: Enough was tried, and no other worker serves.
        """
        patience = self._patience[number]
        pause_s = patience.next_pause_s(served_s)
        if patience.is_over and not any(self._places):
            raise StartError(f"workers die as soon as they are started; the last words: {words}")
        log.warning("worker %d died, the next starts in %g s: %s", number, pause_s, words)
        return pause_s

    async def _see_off(self, worker: WorkerProcess, number: signal.Signals) -> None:
        """Ask a worker to end, and wait until it has."""
        worker.tell(number)
        try:
            async with asyncio.timeout(self._end_s):
                await worker.ended()
        except TimeoutError:
            log.warning("worker %d does not end in time and is killed", worker.number)
            await worker.end_at_once()
        self._alive.discard(worker)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._look_at)
        return task

    def _look_at(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None and not self._over.done():
            self._over.set_exception(failure)
