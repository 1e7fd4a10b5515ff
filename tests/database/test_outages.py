"""The server goes away and comes back; the store goes on by itself."""

import asyncio

import pytest

from building.postgres import postgres_server
from tests.database.notes import add_note, add_note_shortcut, list_notes
from tollbridge.gateway.database import PostgresDatabase, StoreUnavailable

CALLERS = 12
NOTES = 40  # of each caller before the server goes away, and as many after it came back


@pytest.fixture(scope="module")
def server():
    """A server that a test may stop."""
    with postgres_server() as started:
        yield started


@pytest.fixture
async def database(server):
    """A store on it; its notes stay from test to test."""
    database = await PostgresDatabase.open(server.url)
    yield database
    await database.close()


class Callers:
    """Write one note after the other, some in batches, and remember what they were told."""

    def __init__(self, database, name):
        """Begin with nothing written."""
        self.written = set()
        self.in_doubt = set()
        self.refused = 0
        self._database = database
        self._name = name
        self._changed = asyncio.Event()
        self._is_over = False

    async def run(self):
        """Write until told to stop; every single note is answered."""
        await asyncio.gather(*map(self._work, range(CALLERS)))

    def stop(self):
        """Have everybody end after the note that they are at."""
        self._is_over = True

    async def until(self, condition):
        """Return once a condition holds."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def _work(self, caller):
        number = 0
        while not self._is_over:
            number += 1
            name = f"{self._name}_{caller}_{number}"
            shortcut = add_note_shortcut(name) if caller % 2 else None
            try:
                await self._database.write(add_note(name), shortcut)
            except StoreUnavailable as error:
                self.refused += 1
                if error.outcome_unknown:
                    self.in_doubt.add(name)
            else:
                self.written.add(name)
            self._changed.set()


@pytest.mark.parametrize("mode", ["immediate", "fast"])
async def test_it_recovers_by_itself(server, database, mode):
    """Crashed or stopped under load: no answer is missing, no promise broken, no help needed."""
    callers = Callers(database, mode)
    running = asyncio.create_task(callers.run())
    await callers.until(lambda: len(callers.written) >= NOTES)
    await asyncio.to_thread(server.stop, mode)
    refused = callers.refused
    await callers.until(lambda: callers.refused >= refused + NOTES)  # and nobody hangs meanwhile
    await asyncio.to_thread(server.start)
    before = len(callers.written)
    await callers.until(lambda: len(callers.written) >= before + NOTES)
    callers.stop()
    await running
    found = {name for name in await database.read(list_notes()) if name.startswith(mode)}
    assert callers.written <= found <= callers.written | callers.in_doubt


@pytest.mark.long
async def test_a_server_that_says_nothing_is_away(server, database):
    """It is given up after a while, by writers, batches and readers; then it goes on."""
    await database.write(add_note("warm"), add_note_shortcut("warm"))
    await database.read(list_notes())
    server.pause()
    try:
        answers = await asyncio.gather(
            database.write(add_note("silent_1")),
            database.write(add_note("silent_2"), add_note_shortcut("silent_2")),
            database.read(list_notes()),
            return_exceptions=True,
        )
    finally:
        server.resume()
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 3
    assert await database.write(add_note("loud")) == "loud"
