"""What the published table permits an attempt to have come to, given what is known. No I/O.

It is written anew from the table's words and shares nothing with the gateway's own decisions, so
that a mistake there is not repeated here. Where two things happened at once, each may have come
first; where nothing did, exactly one outcome is left.
"""

from dataclasses import dataclass
from typing import NamedTuple

from tollbridge.gateway.torture.history import Visit


class Outcome(NamedTuple):
    """What a receipt may say: the state, and the credits charged."""

    state: str
    charged: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one attempt.

    Attributes:
        charge_on: The provider's.
        cost: The provider's, in credits.
        visit: Its last request at the provider, or None if none came there.
        left: A caller closed the connection before the answer's end.
        saw_head: A caller certainly holds the head of this attempt's 2xx.
        saw_byte: And a byte of its body.
        saw_end: And its proper end.
        saw_refusal: A caller was told 402.
        unheard: No caller holds an answer, so that it may have been refused without a witness.
        killed: The gateway was killed, and the attempt may not have ended before.
        cut: The gateway had a reason to cut it: its time limits, or it was frozen.
        leaves_limited: `USER_EARLY_LEAVES` was a number.
        reversed_before: An earlier attempt of the call was reversed, which happens once.
        away: The store was away, so that what had to be written may have been refused.
    """

    charge_on: str
    cost: int
    visit: Visit | None = None
    left: bool = False
    saw_head: bool = False
    saw_byte: bool = False
    saw_end: bool = False
    saw_refusal: bool = False
    unheard: bool = False
    killed: bool = False
    cut: bool = False
    leaves_limited: bool = False
    reversed_before: bool = False
    away: bool = False


# How far the gateway may have come with a 2xx when something stopped it.
_NOTHING, _HEAD, _BYTE, _END = range(4)


def permitted(evidence: Evidence) -> frozenset[Outcome]:
    """Return every outcome that agrees with the table; none means that nothing explains it."""
    if evidence.saw_refusal:
        return frozenset({Outcome("refused", 0)})
    visit, found = evidence.visit, set[Outcome]()
    if visit is not None and _may_have_run_its_course(visit):
        found.add(_undisturbed(evidence, visit))
    if visit is None and evidence.unheard and (evidence.left or evidence.killed):
        found.add(Outcome("refused", 0))
    for stage in _stages(evidence):
        if evidence.left:
            found |= _left(evidence, stage)
        if evidence.killed:
            found.add(_killed(evidence, stage))
        if evidence.away:
            found |= _refused_by_store(evidence, stage)
        if evidence.cut and visit is not None and stage != _END:
            found.add(_broken_off(evidence, stage))
    return frozenset(found)


def _may_have_run_its_course(visit: Visit) -> bool:
    # The gateway needs no more than the head of a refusal, and may have the end before we know.
    is_refusal = visit.status is not None and not visit.succeeded
    return visit.left_at is None or visit.finished or is_refusal


def _undisturbed(evidence: Evidence, visit: Visit) -> Outcome:
    """Return what the provider's own doing leads to."""
    if not visit.succeeded:
        return Outcome("failed", 0)
    if visit.finished:
        return Outcome("ok", evidence.cost)
    return _broken_off(evidence, _BYTE if visit.bytes_sent else _HEAD)


def _broken_off(evidence: Evidence, stage: int) -> Outcome:
    """Return what a break-off costs, be it the provider's or ours."""
    if stage == _NOTHING:
        return Outcome("failed", 0)
    if evidence.charge_on == "first_byte" and stage == _HEAD:
        return Outcome("failed", 0)
    if evidence.charge_on == "complete":
        return Outcome("broken", 0)
    stays = stage != _HEAD or evidence.reversed_before
    return Outcome("broken", evidence.cost if stays else 0)


def _left(evidence: Evidence, stage: int) -> set[Outcome]:
    """Return what a page that leaves costs."""
    if _is_settled(evidence, stage) or (evidence.charge_on == "complete" and stage >= _BYTE):
        return {Outcome("aborted", evidence.cost)}
    early = {Outcome("aborted", 0)}
    if evidence.leaves_limited:
        early.add(Outcome("aborted", evidence.cost))
    return early


def _killed(evidence: Evidence, stage: int) -> Outcome:
    """Return what the sweep of the next start makes of it."""
    return Outcome("lost", evidence.cost) if _is_settled(evidence, stage) else Outcome("swept", 0)


def _refused_by_store(evidence: Evidence, stage: int) -> set[Outcome]:
    """Return what a hold or settle comes to that the store refused, or that nobody knows of."""
    if _is_settled(evidence, stage):
        return set()
    found = {Outcome("failed", 0), Outcome("broken", 0)}
    if evidence.left:
        found.add(Outcome("aborted", 0))
    if evidence.reversed_before:  # a settle of which nobody knew is not taken back again
        found.add(Outcome("failed", evidence.cost))
    return found


def _is_settled(evidence: Evidence, stage: int) -> bool:
    settled_at = {"headers": _HEAD, "first_byte": _BYTE, "complete": _END}
    return stage >= settled_at[evidence.charge_on]


def _stages(evidence: Evidence) -> range:
    """Return how far the gateway may have come: at most what was sent, at least what was seen."""
    visit = evidence.visit
    if visit is None or not visit.succeeded:
        return range(_NOTHING, _NOTHING + 1)
    furthest = _END if visit.finished else _BYTE if visit.bytes_sent else _HEAD
    least = _NOTHING
    if evidence.saw_head:
        # With `first_byte` the head waits for the first byte, or for the end of a bodiless answer.
        waits = evidence.charge_on == "first_byte"
        least = (_BYTE if visit.bytes_due else _END) if waits else _HEAD
    if evidence.saw_byte:
        least = _BYTE
    if evidence.saw_end:
        least = _END
    return range(least, furthest + 1)
