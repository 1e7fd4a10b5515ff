"""The published table of what a call costs, as a pure function. No I/O.

A credit is held before anything is sent upstream and settled before the page can hold a complete
2xx. This says what becomes of it when the call stops, for `charge_on = headers`: settled when the
provider's 2xx headers have come.
"""

from enum import Enum
from typing import NamedTuple


class Stop(Enum):
    """Why a call stopped."""

    FINISHED = "the answer came to its end"
    NOT_ANSWERED = "the provider was not reached or sent no headers in time"
    PROVIDER_REFUSED = "the provider answered with something else than a 2xx"
    STORE_REFUSED = "the store did not take the settle"
    BROKE_OFF = "the provider broke off"
    CUT = "we cut it: idle, too long, or shutting down"
    FAULT = "a fault of ours"
    PAGE_LEFT = "the page left"


class Action(Enum):
    """What happens to the credit."""

    KEEP = "stays settled"
    VOID = "the hold is given back"
    VOID_OR_SETTLE = "given back while the user has done so seldom, settled afterwards"
    REVERSE = "the settle is taken back"


class Verdict(NamedTuple):
    """What happens to the credit, and what the receipt calls the call's state."""

    action: Action
    outcome: str


def judge(stop: Stop, *, settled: bool, bytes_due: bool, bytes_sent: bool) -> Verdict:
    """Decide what a stopped call costs.

    Args:
        stop: Why it stopped.
        settled: The credit was settled.
        bytes_due: The provider's headers did not announce an empty body.
        bytes_sent: At least one byte of the body came.
    """
    nothing_came = bytes_due and not bytes_sent
    if stop is Stop.PAGE_LEFT:
        return Verdict(Action.KEEP if settled else Action.VOID_OR_SETTLE, "aborted")
    if not settled:
        return Verdict(Action.VOID, "failed")
    if stop is Stop.FINISHED:
        return Verdict(Action.KEEP, "ok")
    if stop is Stop.FAULT:
        return Verdict(Action.KEEP, "broken") if bytes_sent else Verdict(Action.REVERSE, "failed")
    return Verdict(Action.REVERSE if nothing_came else Action.KEEP, "broken")


def voids_early_leave(left_before: int, limit: int | None) -> bool:
    """Tell whether a call that the page left before its settle is given back.

    Args:
        left_before: The user's calls of the last ten minutes that were given back for this.
        limit: `USER_EARLY_LEAVES`; None gives back every one.
    """
    return limit is None or left_before < limit


EARLY_LEAVE_WINDOW_MS = 10 * 60 * 1000
