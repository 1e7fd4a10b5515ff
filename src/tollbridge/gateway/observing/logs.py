"""Logs: one line for each record, JSON or text, and the one sink that they all pass.

Whatever a call site or a library says is made safe here, so that nobody can forget it: secrets are
masked, exceptions do not quote, a line is bounded, and lines of one kind beyond ten in a minute
are counted instead of written.
"""

import asyncio
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, TextIO

import orjson

from tollbridge.gateway.clock import rfc3339
from tollbridge.gateway.observing.faults import name_fault, tell_fault
from tollbridge.gateway.observing.redaction import redact
from tollbridge.gateway.observing.sampling import Sampler
from tollbridge.gateway.secret import living_secrets

# The request that the running task serves; empty elsewhere.
request_of_task: ContextVar[str] = ContextVar("request_of_task", default="")

# A kind of line that comes more often says nothing new; a refusal costs its caller nothing, but
# each line costs us disk.
LINES_PER_MINUTE = 10
# A whole traceback with its causes; what is longer is not read.
TEXT_CHARS_MAX = 8_000

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# What asyncio says first is its own; then it quotes callbacks with their arguments, and exceptions.
_ASYNCIO_WORDS = re.compile(r"[A-Za-z' ]*")

Form = Callable[[dict[str, Any]], str]


class Sink(logging.Handler):
    """Writes records to a stream, made safe."""

    def __init__(
        self, stream: TextIO, form: Form, *, sampler: "Sampler[tuple[Any, ...]] | None" = None
    ) -> None:
        """Write to `stream`, each record as one line in this form."""
        super().__init__()
        self._stream = stream
        self._form = form
        self._sampler = sampler or Sampler(LINES_PER_MINUTE)

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`; called under the handler's lock."""
        try:
            self.tell_left_out()
            if self._sampler.take(_kind(record)):
                self._write(make_line(record, living_secrets()))
        except Exception:
            self.handleError(record)

    def tell_left_out(self, *, now: bool = False) -> None:
        """Write how many lines of each kind were left out in the minute that is over."""
        for (name, level, message, code, _), count in self._sampler.close_minute(now=now).items():
            text = f"… and {count} more like: {message}"
            record = logging.LogRecord(name, level, "", 0, text, None, None)
            if code is not None:
                record.code = code
            self._write(make_line(record, living_secrets()))

    def handleError(self, record: logging.LogRecord) -> None:
        """Say that a record could not be written; logging's own way prints all it holds."""
        try:
            self._stream.write(f"a log record of {record.name} could not be written\n")
        except Exception:  # the stream is closed or the disk is full: there is nobody to tell
            return

    def close(self) -> None:
        """See `logging.Handler`."""
        self.acquire()
        try:
            self.tell_left_out(now=True)
        except ValueError:  # the stream is closed already
            return
        finally:
            self.release()
            super().close()

    def _write(self, line: dict[str, Any]) -> None:
        self._stream.write(self._form(line) + "\n")
        self._stream.flush()


def make_line(record: logging.LogRecord, known: Iterable[str] = ()) -> dict[str, Any]:
    """Return what is written of a record: its fields in order, all of them safe.

    `known` are secrets that are masked wherever they stand.
    """
    known = tuple(known)
    line: dict[str, Any] = {
        "time": rfc3339(int(record.created * 1000)),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": _safe(_message(record), known),
    }
    request_id = request_of_task.get()
    if request_id:
        line["request_id"] = request_id
    for name, value in vars(record).items():
        if name not in _STANDARD:
            line[name] = _safe(value, known)
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        line["traceback"] = _safe(tell_fault(error), known)
    return line


def as_json(line: dict[str, Any]) -> str:
    """Return a line as a JSON object."""
    return orjson.dumps(line).decode()


def as_text(line: dict[str, Any]) -> str:
    """Return a line for a person: no control characters but the breaks of a traceback."""
    fields = dict(line)
    trace = fields.pop("traceback", None)
    head = [fields.pop("time"), fields.pop("level").upper(), fields.pop("logger") + ":"]
    text = " ".join([*head, fields.pop("message"), *(f"{n}={v}" for n, v in fields.items())])
    lines = [text, *(["    " + part for part in trace.split("\n")] if trace else [])]
    return "\n".join(_CONTROL.sub(_escaped, part) for part in lines)


def set_up_logs(form: str, stream: TextIO = sys.stderr) -> Sink:
    """Have everything that this process says pass one sink, and return it.

    Args:
        form: `json`, `text`, or `auto`: text on a terminal, JSON elsewhere.
        stream: Where the lines go.
    """
    as_text_wanted = form == "text" or (form == "auto" and stream.isatty())
    sink = Sink(stream, as_text if as_text_wanted else as_json)
    # What libraries tell below a warning is theirs to debug.
    logging.basicConfig(level=logging.WARNING, handlers=[sink], force=True)
    logging.getLogger("tollbridge").setLevel(logging.INFO)
    logging.captureWarnings(True)
    sys.excepthook = _tell_uncaught
    threading.excepthook = lambda told: _tell_uncaught(
        told.exc_type, told.exc_value, told.exc_traceback
    )
    sys.unraisablehook = lambda told: _tell_uncaught(
        told.exc_type, told.exc_value, told.exc_traceback
    )
    return sink


def _tell_uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        logging.getLogger("tollbridge").critical("nobody caught this", exc_info=error)


def _kind(record: logging.LogRecord) -> tuple[Any, ...]:
    # The template, not the text: it is a constant of the program.
    fault = type(record.exc_info[1]) if record.exc_info else None
    return (record.name, record.levelno, str(record.msg), getattr(record, "code", None), fault)


def _message(record: logging.LogRecord) -> str:
    arguments = record.args
    if isinstance(arguments, tuple):
        record.args = tuple(_quiet(argument) for argument in arguments)
    elif arguments:
        record.args = {name: _quiet(argument) for name, argument in arguments.items()}
    try:
        text = record.getMessage()
    except (TypeError, ValueError):  # the template does not fit; what it was given is not shown
        text = str(record.msg)
    finally:
        record.args = arguments
    if isinstance(record.msg, BaseException):
        return name_fault(record.msg)
    if record.name == asyncio.__name__:
        return (_ASYNCIO_WORDS.match(text) or [text])[0].strip()
    return text


class _Quiet:
    """An exception among the arguments of a record, which prints without quoting."""

    def __init__(self, error: BaseException) -> None:
        self._text = name_fault(error)

    def __repr__(self) -> str:
        return self._text


def _quiet(argument: object) -> object:
    return _Quiet(argument) if isinstance(argument, BaseException) else argument


def _safe(value: object, known: tuple[str, ...]) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = name_fault(value) if isinstance(value, BaseException) else str(value)
    text = redact(text, known)
    return text if len(text) <= TEXT_CHARS_MAX else text[:TEXT_CHARS_MAX] + "…"


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
