"""An exception in a log says what and where, and quotes nothing."""

import json
from pathlib import Path

import apsw
import asyncpg
import pytest

from tollbridge.gateway.database import PostgresDatabase, Statement, StoreUnavailable
from tollbridge.gateway.errors import BrokenOff, Refusal, StartError
from tollbridge.gateway.observing.faults import EXCEPTIONS_MAX, FRAMES_MAX, name_fault, tell_fault

PROMPT = "tell me about the mole on my back"


def caught(action):
    """Run it and return what it raised."""
    try:
        action()
    except Exception as error:
        return error
    raise AssertionError("it raised nothing")


@pytest.mark.parametrize(
    "action",
    [
        lambda: int(PROMPT),
        lambda: {}[PROMPT],
        lambda: json.loads(f'{{"a": {PROMPT}'),
        lambda: PROMPT.encode("ascii", "strict") and (PROMPT + "é").encode("ascii"),
        lambda: Path(f"/nowhere/{PROMPT}").read_text(),
        lambda: [].remove(PROMPT),
        lambda: exec("assert not PROMPT, PROMPT", {"PROMPT": PROMPT}),
    ],
)
def test_what_quotes_its_input_is_not_quoted(action):
    """Not by its own text, and not in the chain of causes."""
    error = caught(action)
    wrapped = RuntimeError(f"while at {PROMPT}")
    wrapped.__cause__ = error
    for told in (name_fault(error), tell_fault(error), tell_fault(wrapped)):
        assert "mole" not in told
        assert type(error).__name__ in told


def test_sqlite_does_not_tell_parameters():
    """The store's own words are shown; they name tables and columns, no values."""
    connection = apsw.Connection(":memory:")
    connection.execute("create table notes (text text unique check (length(text) < 50)) strict")
    connection.execute("insert into notes values (?)", (PROMPT,))
    for values in [(PROMPT,), (PROMPT * 3,), (b"no text",), (object(),), ()]:
        error = caught(
            lambda values=values: connection.execute("insert into notes values (?)", values)
        )
        assert "mole" not in tell_fault(error)
    assert (
        name_fault(caught(lambda: connection.execute("insert into notes values (?)", (PROMPT,))))
        == "apsw.ConstraintError: UNIQUE constraint failed: notes.text"
    )


def writing(values):
    """Make a script that writes a note."""
    yield Statement("insert into notes values ($1)", values)


@pytest.mark.only_on("postgres")
async def test_postgres_does_not_tell_parameters(tmp_path, store):
    """Its details quote whole rows, and its driver what it was given; neither is told."""
    url = store.url(tmp_path)
    server = await asyncpg.connect(url)
    await server.execute("create table notes (text text unique check (length(text) < 50))")
    await server.close()
    database = await PostgresDatabase.open(url)
    try:
        await database.write(writing((PROMPT,)))
        for values in [
            (PROMPT,),
            (PROMPT * 3,),
            (f"{PROMPT}\0",),
            (f"{PROMPT}\ud800",),
            ([PROMPT],),
        ]:
            with pytest.raises(StoreUnavailable) as refused:
                await database.write(writing(values))
            assert "mole" not in tell_fault(refused.value), values
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError(PROMPT), "ValueError (33 characters withheld)"),
        (ValueError(), "ValueError"),
        (TypeError("f() takes no arguments"), "TypeError: f() takes no arguments"),
        (OSError(28, "No space left on device", PROMPT), "OSError: No space left on device"),
        (
            StoreUnavailable("disk I/O error"),
            "tollbridge.gateway.database.script.StoreUnavailable: disk I/O error",
        ),
        (StartError("stop it"), "tollbridge.gateway.errors.StartError: stop it"),
        (
            Refusal("invalid_request", f"{PROMPT!r} is not the id of a paywall."),
            "tollbridge.gateway.errors.Refusal: invalid_request",
        ),
        (BrokenOff(), "tollbridge.gateway.errors.BrokenOff"),
    ],
)
def test_what_is_known_to_quote_nothing_is_shown(error, told):
    """A number tells how much was withheld."""
    assert name_fault(error) == told


def test_the_chain_is_told_from_its_beginning():
    """With the place of each."""

    def first():
        raise KeyError(PROMPT)

    def second():
        try:
            first()
        except KeyError as error:
            raise ValueError(PROMPT) from error

    def third():
        try:
            second()
        except ValueError:
            raise RuntimeError(PROMPT)  # noqa: B904 - the context is what this is about

    told = tell_fault(caught(third))
    assert told.index("KeyError") < told.index("which led to:") < told.index("ValueError")
    assert told.index("ValueError") < told.index("while this was handled:")
    assert told.index("while this was handled:") < told.index("RuntimeError")
    for name in ("first", "second", "third"):
        assert f" in {name}" in told
    assert __file__ in told
    assert "mole" not in told


def test_groups_and_circles_come_to_an_end():
    """Each exception is told once."""
    one, two = ValueError("1"), KeyError("2")
    one.__cause__, two.__cause__ = two, one
    told = tell_fault(ExceptionGroup("several", [one, two]))
    assert (told.count("ValueError"), told.count("KeyError")) == (1, 1)


def test_a_recursion_and_a_long_chain_are_cut():
    """What repeats itself is left out."""

    def deeper(n):
        if n:
            deeper(n - 1)
        raise ValueError

    assert tell_fault(caught(lambda: deeper(FRAMES_MAX - 4))).count(" in deeper") == FRAMES_MAX - 3
    told = tell_fault(caught(lambda: deeper(200)))
    assert told.count(" in ") <= FRAMES_MAX
    assert "more …" in told
    error = ValueError()
    for _ in range(EXCEPTIONS_MAX + 5):
        error, cause = ValueError(), error
        error.__cause__ = cause
    assert tell_fault(error).count("ValueError") == EXCEPTIONS_MAX
