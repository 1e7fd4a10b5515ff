"""A worker's program: `python -m tollbridge.gateway.worker ASSIGNMENT LINE`, started by its parent.

It serves on the parent's listening socket until it is asked to end or the parent is gone.
"""

import json
import logging
import os
import signal
import socket
import sys
from dataclasses import asdict, dataclass
from functools import partial

import uvloop

from tollbridge.gateway.database import StoreUnavailable
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.observing.logs import set_up_logs
from tollbridge.gateway.serving import open_served, serve_open
from tollbridge.gateway.settings import Settings, read_settings
from tollbridge.gateway.worker_process import Line

MODULE = "tollbridge.gateway.worker"


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a parent tells a worker beside the settings, which both read from the environment.

    Attributes:
        number: Its place, from 0; its log lines carry it.
        listener: Descriptor of the socket that all workers accept from.
        metrics_listener: That of its own for the figures, or None.
        demo: The demo paywall is there.
    """

    number: int
    listener: int
    metrics_listener: int | None
    demo: bool

    def as_word(self) -> str:
        """Return it as a word of a command line; it holds no secret."""
        return json.dumps(asdict(self))


def main(assignment: str, line: str) -> int:
    """Serve; return the exit code."""
    told = Assignment(**json.loads(assignment))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the parent decides when workers are replaced
    settings = read_settings(os.environ)
    sink = set_up_logs(settings.log_format)
    sink.addFilter(partial(_number, told.number))
    return uvloop.run(_work(told, settings, int(line)))


def _number(number: int, record: logging.LogRecord) -> bool:
    record.worker = number
    return True


async def _work(told: Assignment, settings: Settings, descriptor: int) -> int:
    line = Line(descriptor)
    metrics = told.metrics_listener
    try:
        async with open_served(settings, demo=told.demo) as gateway:
            await serve_open(
                gateway,
                socket.socket(fileno=told.listener),
                socket.socket(fileno=metrics) if metrics is not None else None,
                on_up=line.say_ready,
                has_successor=True,
            )
    except (StartError, StoreUnavailable, OSError) as error:
        line.say_why(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
