"""Workers are kept: replaced when they die, rolled, ended together. Here they are no gateways."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest

from tests.support.processes import gone, lives, standing_still
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.serve import listen
from tollbridge.gateway.worker_process import Program
from tollbridge.gateway.workers import PAUSES_S, SOON_S, Patience, Workers

# They have no store.
pytestmark = pytest.mark.only_on("sqlite")

# Ample for a small worker on a busy machine.
TIME_S = 30


@pytest.fixture(autouse=True)
def small_workers_are_found(monkeypatch):
    """Workers import the program of these tests."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


class Place:
    """Workers that serve on an address, and how to ask them."""

    def __init__(self, workers, port, folder):
        """Hold them."""
        self.workers = workers
        self.port = port
        self.folder = folder
        self.is_up = asyncio.Event()
        self.stopped = asyncio.Event()
        self._writers = []

    async def ask(self, word=b"who\n"):
        """Connect and say a word; return the connection and who answers."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        pid = int(await reader.readline())
        writer.write(word)
        self._writers.append(writer)
        return reader, writer, pid

    async def who(self):
        """Return the process that answers just now."""
        _, writer, pid = await self.ask()
        writer.close()
        return pid

    async def both(self, but=frozenset()):
        """Ask until two workers have answered, none of whom is among `but`."""
        one = await self._another_than(but)
        with standing_still(one):
            return {one, await self._another_than({one, *but})}

    async def _another_than(self, pids):
        while (found := await self.who()) in pids:
            pass
        return found

    async def leave(self):
        """Close all connections."""
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def programs(listener, folder, count=2):
    """Return what small workers on a listening socket run."""
    words = ("tests.gateway.small_worker", str(listener.fileno()), str(folder))
    return [Program(words, [listener.fileno()])] * count


@contextlib.asynccontextmanager
async def two_workers(folder, *, end_s=TIME_S, **times):
    """Run two small workers until the block ends; the way out is SIGTERM."""
    with listen("127.0.0.1", 0) as listener:
        workers = Workers(programs(listener, folder), end_s=end_s, **times)
        place = Place(workers, listener.getsockname()[1], folder)

        def on_stop():
            listener.close()
            place.stopped.set()

        serving = asyncio.create_task(workers.serve(place.is_up.set, on_stop))
        up = asyncio.create_task(place.is_up.wait())
        await asyncio.wait([serving, up], return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        try:
            yield place
        finally:
            workers.stop(signal.SIGTERM)
            await serving
            await place.leave()


async def test_both_serve_and_both_end(tmp_path):
    """They are processes of their own, and gone when `serve` returns."""
    async with two_workers(tmp_path) as place:
        found = await place.both()
        assert os.getpid() not in found
    assert place.stopped.is_set()
    assert not any(lives(pid) for pid in found)
    with pytest.raises(ConnectionRefusedError):
        await place.who()


async def test_one_that_is_killed_is_replaced(tmp_path, caplog):
    """The other one serves meanwhile, and what stays with it does not notice."""
    async with two_workers(tmp_path) as place:
        reader, writer, staying = await place.ask(b"stay\n")
        assert await reader.readline() == b"stays\n"
        before = await place.both()
        (victim,) = before - {staying}
        os.kill(victim, signal.SIGKILL)
        after = await place.both(but={victim})
        assert staying in after
        writer.write(b"go\n")
        assert await reader.readline() == b"done\n"
    assert "ended by SIGKILL" in caplog.text


@pytest.mark.parametrize(
    ("file", "text", "start_s", "words"),
    [
        ("cannot", "the key is wrong", TIME_S, "the key is wrong"),
        ("dies", "", TIME_S, "it was ended by SIGKILL"),
        ("hangs", "", 1, "it did not serve within 1 s"),
    ],
)
async def test_when_none_comes_to_serve_the_parent_gives_up(tmp_path, file, text, start_s, words):
    """With the last words, after the tries it may make; nothing is left running."""
    (tmp_path / file).write_text(text)
    with pytest.raises(StartError, match=f"the last words: {words}"):
        async with two_workers(tmp_path, pauses_s=(0.0, 0.01), start_s=start_s):
            pass


async def test_one_that_cannot_come_back_is_tried_again_while_the_other_serves(tmp_path, caplog):
    """A parent that gave up would take those down that do their work."""
    async with two_workers(tmp_path, pauses_s=(0.0, 0.01)) as place:
        victim, other = await place.both()
        (tmp_path / "cannot").write_text("the store is away")
        os.kill(victim, signal.SIGKILL)
        while caplog.text.count("the store is away") < 4:
            assert await place.who() in {victim, other}
        (tmp_path / "cannot").unlink()
        assert other in await place.both(but={victim})


async def test_one_that_does_not_end_is_killed(tmp_path, caplog):
    """A worker that hears no SIGTERM must not keep the parent."""
    (tmp_path / "stays").touch()
    async with two_workers(tmp_path, end_s=0.2) as place:
        found = await place.both()
    assert caplog.text.count("does not end in time and is killed") == 2
    assert not any(lives(pid) for pid in found)


async def test_a_roll_replaces_all_and_waits_for_what_runs(tmp_path):
    """New ones serve at once, old ones as long as somebody stays; nobody is refused."""
    async with two_workers(tmp_path) as place:
        before = await place.both()
        reader, writer, old = await place.ask(b"stay\n")
        assert await reader.readline() == b"stays\n"
        place.workers.roll()
        await place.both(but=before)
        for pid in before - {old}:
            await gone(pid)
        assert lives(old)
        writer.write(b"go\n")
        assert await reader.readline() == b"done\n"
        await gone(old)


async def test_a_roll_asked_for_during_a_roll_comes_after_it(tmp_path, caplog):
    """Once, however often it was asked for; before that the old ones have drained."""
    caplog.set_level("INFO", "tollbridge")
    async with two_workers(tmp_path) as place:
        before = await place.both()
        reader, writer, _ = await place.ask(b"stay\n")
        assert await reader.readline() == b"stays\n"
        place.workers.roll()
        between = await place.both(but=before)
        for _ in range(5):
            place.workers.roll()
        assert caplog.text.count("is replaced by a new one") == 1
        writer.write(b"go\n")
        await place.both(but=before | between)
        while caplog.text.count("the old ones finish") < 2:
            await place.who()
        for pid in between:
            await gone(pid)
    assert caplog.text.count("is replaced by a new one") == 2


async def test_a_roll_that_fails_changes_nothing(tmp_path, caplog):
    """The old workers go on, and the next roll is tried as if nothing had been."""
    async with two_workers(tmp_path) as place:
        before = await place.both()
        (tmp_path / "cannot").write_text("a setting is wrong")
        place.workers.roll()
        while "is not replaced and goes on: a setting is wrong" not in caplog.text:
            assert await place.who() in before
        assert await place.both() == before
        (tmp_path / "cannot").unlink()
        place.workers.roll()
        await place.both(but=before)


def test_patience():
    """It waits longer each time, and begins anew once a worker has served for a while."""
    patience = Patience(PAUSES_S)
    assert [patience.next_pause_s(0.0) for _ in PAUSES_S] == list(PAUSES_S)
    assert not patience.is_over
    assert patience.next_pause_s(SOON_S - 0.1) == PAUSES_S[-1]
    assert patience.is_over
    assert patience.next_pause_s(SOON_S) == PAUSES_S[0]
    assert not patience.is_over
