"""The published table of what a call costs, as pure functions. No I/O.

A credit is held before anything is sent upstream and settled before the page can hold a complete
2xx. When exactly is the provider's `charge_on`: once its 2xx headers have come (`headers`), once
the first byte of the body has (`first_byte`), or at its end (`complete`). These say what becomes
of the credit when a call stops.
"""

from enum import Enum
from typing import NamedTuple

HEADERS, FIRST_BYTE, COMPLETE = "headers", "first_byte", "complete"

EARLY_LEAVE_WINDOW_MS = 10 * 60 * 1000
FAILURES_WINDOW_MS = 10 * 60 * 1000

# What a provider answers to a request that the caller got wrong.
CALLERS_DOING = frozenset((400, 404, 405, 409, 413, 415, 422))


class Stop(Enum):
    """Why a call stopped."""

    FINISHED = "the answer came to its end"
    NOT_ANSWERED = "the provider was not reached or sent no headers in time"
    UPLOAD_FAILED = "the page's upload grew too large or stalled"
    PROVIDER_REFUSED = "the provider answered with something else than a 2xx"
    STORE_REFUSED = "the store did not take the settle"
    BROKE_OFF = "the provider broke off"
    CUT = "we cut it: idle, too long, or shutting down"
    FAULT = "a fault of ours"
    PAGE_LEFT = "the page left"
    PAGE_STALLED = "the page took nothing more, until we or the provider had enough of it"


class Action(Enum):
    """What happens to the credit."""

    KEEP = "stays settled"
    VOID = "the hold is given back"
    VOID_OR_SETTLE = "given back while the user has done so seldom, settled afterwards"
    SETTLE = "the hold becomes a charge"
    REVERSE = "the settle is taken back"


class Verdict(NamedTuple):
    """What happens to the credit, and what the receipt calls the call's state."""

    action: Action
    outcome: str


def judge(
    stop: Stop, *, charge_on: str, settled: bool, bytes_due: bool, bytes_sent: bool
) -> Verdict:
    """Decide what a stopped call costs.

    Args:
        stop: Why it stopped.
        charge_on: The provider's.
        settled: The credit was settled.
        bytes_due: The provider's headers did not announce an empty body.
        bytes_sent: At least one byte of the body went to the page.
    """
    if stop is Stop.PAGE_LEFT:
        return Verdict(_when_left(charge_on, settled, bytes_sent), "aborted")
    if not settled:
        if stop is Stop.PAGE_STALLED:  # it has what came so far, and chose to have no end
            return Verdict(_when_left(charge_on, settled, bytes_sent), "aborted")
        begun = charge_on == COMPLETE and stop in (Stop.BROKE_OFF, Stop.CUT)
        return Verdict(Action.VOID, "broken" if begun else "failed")
    if stop is Stop.FINISHED:
        return Verdict(Action.KEEP, "ok")
    if stop is Stop.FAULT:
        return Verdict(Action.KEEP, "broken") if bytes_sent else Verdict(Action.REVERSE, "failed")
    nothing_came = bytes_due and not bytes_sent
    return Verdict(Action.REVERSE if nothing_came else Action.KEEP, "broken")


def _when_left(charge_on: str, settled: bool, bytes_sent: bool) -> Action:
    if settled:
        return Action.KEEP
    return Action.SETTLE if charge_on == COMPLETE and bytes_sent else Action.VOID_OR_SETTLE


def is_callers_doing(stop: Stop, status: int | None) -> bool:
    """Tell whether a credit that comes back does so for something that the caller did.

    Args:
        stop: Why the call stopped.
        status: The provider's, or None where none came.
    """
    if stop is Stop.PROVIDER_REFUSED:
        return status in CALLERS_DOING
    return stop in (Stop.PAGE_LEFT, Stop.UPLOAD_FAILED)


def voids_early_leave(left_before: int, limit: int | None) -> bool:
    """Tell whether a call that the page left before its settle is given back.

    Args:
        left_before: The user's calls of the last ten minutes that were given back for this.
        limit: `USER_EARLY_LEAVES`; None gives back every one.
    """
    return limit is None or left_before < limit
