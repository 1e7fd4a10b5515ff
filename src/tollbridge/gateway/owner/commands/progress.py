"""How far a command is that takes long, on the error stream; quick ones say nothing."""

import sys
import time

import click

# On a terminal one line is written anew; elsewhere each is a line of a log. A command that is over
# before the first is due says nothing.
FIRST_ON_TERMINAL_S, TERMINAL_S, LOG_S = 1.0, 0.2, 10.0


class Progress:
    """Tells a person what has been done of something, and how fast."""

    def __init__(self, what: str, unit: str) -> None:
        """Begin; `what` says what is being done, `unit` what is counted: `rows`, `bytes`."""
        self._what = what
        self._unit = unit
        self._on_terminal = sys.stderr.isatty()
        self._began = self._first = time.monotonic()
        self._next = self._began + (FIRST_ON_TERMINAL_S if self._on_terminal else LOG_S)
        self._said = False

    def tell(self, done: int, total: int) -> None:
        """Say how far it is, if that is due; `total` is 0 where nobody knows."""
        now = time.monotonic()
        if done == 0:  # what comes before the first is no part of the speed
            self._first = now
        if now < self._next:
            return
        self._next = now + (TERMINAL_S if self._on_terminal else LOG_S)
        self._said = True
        since = self._first if done else self._began
        text = line(self._what, self._unit, done, total, now - since)
        click.echo(
            f"\r\x1b[K{text}" if self._on_terminal else text, nl=not self._on_terminal, err=True
        )

    def end(self) -> None:
        """Take the line away again."""
        if self._said and self._on_terminal:
            click.echo("\r\x1b[K", nl=False, err=True)


def line(what: str, unit: str, done: int, total: int, seconds: float) -> str:
    """Return what is said: how much of how much, how fast, and how long it will take. No I/O."""
    if done == 0 or seconds == 0:
        return f"{what}: {seconds:.0f} s"
    speed = done / seconds
    text = f"{what}: {done:,} {unit}, {speed:,.0f} a second"
    if total:
        left_s = max(0, total - done) / speed
        text += f", {100 * done // total} % of {total:,}, {left_s:.0f} s left"
    return text
