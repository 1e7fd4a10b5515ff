"""Every log record passes one sink, and the sink lets nothing through that nobody may read."""

import asyncio
import gc
import io
import json
import logging
import sys
import threading
import warnings

import pytest

from tollbridge.gateway.observing.logs import (
    LINES_PER_MINUTE,
    TEXT_CHARS_MAX,
    Sink,
    as_json,
    as_text,
    request_of_task,
    set_up_logs,
)
from tollbridge.gateway.observing.sampling import WINDOW_S, Sampler
from tollbridge.gateway.secret import Secret

PROMPT = "tell me about the mole on my back"
KEY = "an upstream key of no known shape"


class Lines(io.StringIO):
    """What a sink wrote, read back."""

    def read_all(self):
        """Return each line as JSON."""
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def read_one(self):
        """Return the only line."""
        (line,) = self.read_all()
        return line


@pytest.fixture
def lines():
    """Have all logs of this process come here for the time of a test, as `serve` does."""
    root, ours = logging.getLogger(), logging.getLogger("tollbridge")
    before = (root.handlers[:], root.level, ours.level)
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    stream = Lines()
    root.handlers = []
    set_up_logs("json", stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers, root.level = before[:2]
    ours.setLevel(before[2])
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


log = logging.getLogger("tollbridge.test")


def raise_about(text):
    """Raise something that quotes it."""
    raise ValueError(f"cannot read {text!r}")


def test_a_line_is_json_with_typed_fields(lines):
    """Time in RFC 3339, level, logger, message, then whatever the call site adds."""
    log.warning("%d calls are %s", 3, "late", extra={"status": 503, "took_s": 0.5, "note": None})
    line = lines.read_one()
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "warning",
        "logger": "tollbridge.test",
        "message": "3 calls are late",
        "status": 503,
        "took_s": 0.5,
        "note": None,
    }


async def test_a_line_of_a_request_names_it(lines):
    """In its task and in those that it starts; not in others."""

    async def serve():
        request_of_task.set("req_1")
        log.info("one")
        await asyncio.create_task(tell("two"))

    async def tell(text):
        log.info(text)

    await asyncio.create_task(serve())
    log.info("three")
    assert [line.get("request_id") for line in lines.read_all()] == ["req_1", "req_1", None]


@pytest.mark.parametrize(
    "tell",
    [
        lambda: log.info("got " + KEY),
        lambda: log.info("got %s", KEY),
        lambda: log.info("got %r", {"key": KEY}),
        lambda: log.info("got %(key)s", {"key": KEY}),
        lambda: log.info("got", extra={"key": KEY}),
        lambda: log.info("got", extra={"key": [KEY]}),
        lambda: logging.getLogger("aiohttp.client").warning("sent %s", KEY),
        lambda: logging.getLogger("uvicorn.error").error("Authorization: %s", KEY),
        lambda: warnings.warn(f"careless: {KEY}", stacklevel=1),
    ],
)
def test_a_living_secret_is_masked(lines, tell):
    """Whoever logs it, and however; it needs no shape."""
    secret = Secret(KEY)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        tell()
    text = lines.getvalue()
    assert text
    assert KEY not in text
    assert "***" in text
    del secret


def test_a_secret_that_is_gone_is_not_remembered(lines):
    """The process holds no list of what it once knew."""
    Secret(KEY)
    gc.collect()
    log.info("just words: %s", KEY)
    assert lines.read_one()["message"] == f"just words: {KEY}"


@pytest.mark.parametrize(
    "tell",
    [
        lambda e: log.error("failed", exc_info=e),
        lambda e: log.error("failed: %s", e),
        lambda e: log.error("failed: %r", e),
        lambda e: log.error("failed: %(error)s", {"error": e}),
        lambda e: log.error(e),
        lambda e: log.error("failed", extra={"error": e}),
        lambda e: logging.getLogger("uvicorn.error").error("Exception in app\n", exc_info=e),
        lambda e: logging.getLogger("asyncio").error(
            "Task exception was never retrieved\nfuture: <Task exception=%r>", e
        ),
        lambda e: sys.excepthook(type(e), e, e.__traceback__),
    ],
)
def test_an_exception_does_not_quote(lines, tell):
    """What it is about may be a prompt; its type is told."""
    try:
        raise_about(PROMPT)
    except ValueError as error:
        tell(error)
    text = lines.getvalue()
    assert "mole" not in text
    assert "ValueError" in text or "Task exception" in text


def test_a_traceback_shows_where(lines):
    """With the file and the function of each frame, and the chain of causes."""
    try:
        try:
            raise_about(PROMPT)
        except ValueError as error:
            raise RuntimeError(PROMPT) from error
    except RuntimeError:
        log.exception("it failed")
    trace = lines.read_one()["traceback"]
    assert " in raise_about" in trace
    assert trace.index("ValueError (") < trace.index("RuntimeError (")


async def test_what_the_loop_finds_is_told_without_its_arguments(lines):
    """A callback that raises, and a task nobody waited for."""
    loop = asyncio.get_running_loop()
    called = asyncio.Event()

    def call(text):
        called.set()
        raise_about(text)

    async def fail():
        raise_about(PROMPT)

    loop.call_soon(call, PROMPT)
    await called.wait()
    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task
    gc.collect()
    await asyncio.sleep(0)
    told = lines.read_all()
    assert len(told) == 2
    assert "mole" not in lines.getvalue()
    assert all("raise_about" in line["traceback"] for line in told)


def test_a_thread_that_fails_is_told(lines):
    """Its exception takes the same way."""
    thread = threading.Thread(target=raise_about, args=(PROMPT,))
    thread.start()
    thread.join()
    assert "mole" not in lines.getvalue()
    assert "raise_about" in lines.read_one()["traceback"]


class Unprintable:
    """Something whose text cannot be made."""

    def __str__(self):
        raise RuntimeError(PROMPT)


def own_logger(sink):
    """Make a logger that pytest does not listen to."""
    logger = logging.Logger("own")
    logger.addHandler(sink)
    return logger


def test_a_record_that_cannot_be_written_says_only_whose():
    """Logging's own way would print its arguments."""
    stream = Lines()
    logger = own_logger(Sink(stream, as_json))
    logger.info("%s", Unprintable())
    logger.info("x", extra={"field": Unprintable()})
    assert stream.getvalue() == "a log record of own could not be written\n" * 2


def test_a_template_that_does_not_fit_stands_alone():
    """What it was given is not shown."""
    stream = Lines()
    own_logger(Sink(stream, as_json)).error("too few: %s %s", PROMPT)
    assert stream.read_one()["message"] == "too few: %s %s"


def test_a_text_is_bounded(lines):
    """Here and one below."""
    log.info("a" * TEXT_CHARS_MAX)
    log.info("b" * (TEXT_CHARS_MAX + 1))
    whole, cut = (line["message"] for line in lines.read_all())
    assert whole == "a" * TEXT_CHARS_MAX
    assert cut == "b" * TEXT_CHARS_MAX + "…"


def test_text_for_a_terminal_is_one_line():
    """Nobody forges a line, or talks to the terminal, by what he sends."""
    line = {
        "time": "T",
        "level": "info",
        "logger": "l",
        "message": "a\nb\x1b[2J\u2028c",
        "code": "x",
    }
    assert as_text(line) == "T INFO l: a\\nb\\x1b[2J\\u2028c code=x"
    assert as_text({**line, "traceback": "one\ntwo\r"}).splitlines()[1:] == [
        "    one",
        "    two\\r",
    ]


def test_json_is_one_line():
    """Breaks are escaped."""
    assert as_json({"message": "a\nb"}) == '{"message":"a\\nb"}'


@pytest.mark.parametrize(
    ("form", "terminal", "is_json"),
    [
        ("auto", False, True),
        ("auto", True, False),
        ("json", True, True),
        ("text", False, False),
    ],
)
def test_the_form_follows_the_setting_and_the_terminal(lines, monkeypatch, form, terminal, is_json):
    """A person reads text, a collector JSON."""
    stream = Lines()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    set_up_logs(form, stream)
    log.info("hello")
    assert stream.getvalue().startswith("{") is is_json


def test_what_libraries_tell_below_a_warning_is_left_to_them(lines):
    """Ours is told from INFO on."""
    logging.getLogger("aiohttp.access").info("GET /?token=x")
    log.debug("detail")
    log.info("line")
    assert lines.read_one()["message"] == "line"


def test_lines_of_a_kind_are_limited_and_the_rest_is_told():
    """A flood costs ten lines and one more, whatever stands in them."""
    now = 0.0
    stream = Lines()
    sink = Sink(stream, as_json, sampler=Sampler(LINES_PER_MINUTE, clock=lambda: now))
    flood = own_logger(sink)
    for number in range(1000):
        flood.info("refused %d", number, extra={"code": "invalid_token"})
    flood.info("refused %d", 1, extra={"code": "rate_limited"})
    told = stream.read_all()
    assert len(told) == LINES_PER_MINUTE + 1
    assert told[-1]["code"] == "rate_limited"
    now += WINDOW_S
    flood.warning("later")
    summary, later = stream.read_all()[len(told) :]
    assert summary["message"] == f"… and {1000 - LINES_PER_MINUTE} more like: refused %d"
    assert (summary["code"], summary["level"]) == ("invalid_token", "info")
    assert later["message"] == "later"


def test_what_was_left_out_is_told_at_the_end():
    """Also where the minute is not over."""
    stream = Lines()
    sink = Sink(stream, as_json, sampler=Sampler(1))
    flood = own_logger(sink)
    for _ in range(3):
        flood.info("again")
    sink.close()
    assert [line["message"] for line in stream.read_all()] == ["again", "… and 2 more like: again"]


def test_a_stream_that_is_gone_disturbs_nobody():
    """A full disk or a closed pipe is no reason to fail a request."""
    stream = Lines()
    sink = Sink(stream, as_json)
    flood = own_logger(sink)
    stream.close()
    flood.info("nobody hears this")
    sink.close()
