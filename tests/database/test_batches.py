"""What many ask for alike travels together, and everyone is answered."""

import asyncio
import random

import pytest

from tests.database.notes import add_note, add_note_shortcut, list_notes
from tollbridge.gateway.database import StoreUnavailable
from tollbridge.gateway.database.batches import BATCH_CALLERS, Batches

ROUNDS = 20_000


class Counter:
    """A server of batches that answers with the double of what it was asked for."""

    def __init__(self):
        """Begin."""
        self.sizes = []
        self.tasks = set()
        self.began = asyncio.Event()
        self.answer = None

    async def serve(self, columns):
        """Answer a batch, after a turn of the loop or when it is let."""
        [numbers] = columns
        self.sizes.append(len(numbers))
        self.began.set()
        await (self.answer.wait() if self.answer else asyncio.sleep(0))
        if -1 in numbers:
            raise ValueError("-1")
        return [(place, 2 * number) for place, number in enumerate(numbers, 1) if number % 7]

    def start(self, work):
        """Run a batch beside its callers."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


async def test_no_wake_up_is_lost():
    """Callers come at every turn of the loop around a batch's end; nobody waits for ever."""
    counter, chance = Counter(), random.Random(7)
    batches = Batches(counter.serve, counter.start)

    async def ask(number, turns):
        for _ in range(turns):
            await asyncio.sleep(0)
        assert await batches.add((number,)) == ((2 * number,) if number % 7 else None)

    async with asyncio.timeout(50):
        for number in range(ROUNDS // 8):
            await asyncio.gather(*(ask(number + n, chance.randrange(8)) for n in range(8)))
    assert not counter.tasks


@pytest.mark.parametrize(("callers", "sizes"), [(BATCH_CALLERS, 1), (BATCH_CALLERS + 1, 2)])
async def test_a_batch_has_a_limit(callers, sizes):
    """What is beyond it goes with the next."""
    counter = Counter()
    batches = Batches(counter.serve, counter.start)
    await asyncio.gather(*(batches.add((number,)) for number in range(callers)))
    assert len(counter.sizes) == sizes
    assert max(counter.sizes) == BATCH_CALLERS


async def test_one_batch_is_on_its_way_and_the_next_one_gathers():
    """Who comes meanwhile is not sent alone."""
    counter = Counter()
    counter.answer = asyncio.Event()
    batches = Batches(counter.serve, counter.start)
    first = asyncio.create_task(batches.add((1,)))
    await counter.began.wait()
    rest = [asyncio.create_task(batches.add((number,))) for number in range(1, 6)]
    await asyncio.sleep(0)
    counter.answer.set()
    await asyncio.gather(first, *rest)
    assert counter.sizes == [1, 5]


async def test_a_failure_is_everybodys_own_and_the_next_batch_goes():
    """Each caller gets an error of its own, whose outcome nobody knows; then all is well."""
    counter = Counter()
    batches = Batches(counter.serve, counter.start)
    answers = await asyncio.gather(
        *(batches.add((number,)) for number in (1, -1, 2)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 3
    assert all(answer.outcome_unknown for answer in answers)
    assert len({id(answer) for answer in answers}) == 3
    assert await batches.add((3,)) == (6,)


async def test_a_caller_that_leaves_takes_no_answer_with_it():
    """The others get theirs."""
    counter = Counter()
    counter.answer = asyncio.Event()
    batches = Batches(counter.serve, counter.start)
    tasks = [asyncio.create_task(batches.add((number,))) for number in (1, 2, 3)]
    await counter.began.wait()
    tasks[1].cancel()
    counter.answer.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert answers[::2] == [(2,), (6,)]
    assert isinstance(answers[1], asyncio.CancelledError)


@pytest.mark.only_on("postgres")
async def test_a_batch_is_one_commit(database):
    """Two hundred callers that come together cost one statement."""
    await database.write(add_note("before"))
    before = database.load()
    names = [f"{number:03}" for number in range(200)]
    written = await asyncio.gather(
        *(database.write(add_note(name), add_note_shortcut(name)) for name in names)
    )
    assert written == names
    after = database.load()
    assert (after.commits - before.commits, after.scripts - before.scripts) == (1, 200)
    assert await database.read(list_notes()) == [*names, "before"]


@pytest.mark.only_on("postgres")
async def test_who_is_not_served_runs_the_script(database):
    """A name that is taken is the script's affair, and nobody else's."""
    await database.write(add_note("taken"))
    answers = await asyncio.gather(
        *(database.write(add_note(name), add_note_shortcut(name)) for name in ("a", "taken", "b")),
        return_exceptions=True,
    )
    assert answers[::2] == ["a", "b"]
    assert isinstance(answers[1], StoreUnavailable)
    assert not answers[1].outcome_unknown


@pytest.mark.only_on("postgres")
@pytest.mark.parametrize("text", ["\x00", "\ud800"])
async def test_one_bad_row_does_not_fail_its_neighbours(database, text, caplog):
    """The whole statement is refused then; each runs its script, and one of them fails.

    A text that PostgreSQL cannot keep is refused by the server or before it is sent, and in neither
    case quoted.
    """
    secret = f"secret {text}"
    answers = await asyncio.gather(
        database.write(add_note("a"), add_note_shortcut("a")),
        database.write(add_note("b", secret), add_note_shortcut("b", secret)),
        database.write(add_note("c"), add_note_shortcut("c")),
        return_exceptions=True,
    )
    assert answers[::2] == ["a", "c"]
    assert isinstance(answers[1], StoreUnavailable)
    assert not answers[1].outcome_unknown
    assert "secret" not in str(answers[1]) + caplog.text
    assert "a batch was refused" in caplog.text
    assert await database.read(list_notes()) == ["a", "c"]


@pytest.mark.only_on("postgres")
async def test_a_row_that_is_refused_is_not_quoted(database):
    """The server tells the whole row, or the key that is there already; we do not."""
    await database.write(add_note("secret"))
    with pytest.raises(StoreUnavailable, match="duplicate key") as caught:
        await database.write(add_note("secret"))
    assert "secret" not in str(caught.value)


@pytest.mark.only_on("postgres")
async def test_a_deferred_write_takes_part_and_its_failure_is_told(database, caplog):
    """By the shortcut or by the script; the second plan is called for the one that failed."""
    called, failed = [], asyncio.Event()

    def second_plan():
        called.append("taken")
        failed.set()

    await database.write(add_note("taken"))
    database.write_later(add_note("good"), lambda: called.append("good"), add_note_shortcut("good"))
    database.write_later(add_note("taken"), second_plan, add_note_shortcut("taken"))
    await failed.wait()
    await database.write(add_note("now"))
    assert called == ["taken"]
    assert "a deferred write failed" in caplog.text
    assert await database.read(list_notes()) == ["good", "now", "taken"]
