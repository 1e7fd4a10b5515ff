"""Which attempt in the store belongs to which call of a caller: by id, else by time. No I/O.

A caller who left before the head, or whose gateway was killed, never learned the id. Such a call
is looked for among the attempts that no other call claims: same user, same provider, held between
the request's start and its coming to the provider, and come to what the table permits.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tollbridge.gateway.torture.gateways import FIRST_BYTE_S, IDLE_S
from tollbridge.gateway.torture.history import Call, History, Life, Row, Send, Stored, Visit
from tollbridge.gateway.torture.matching import match
from tollbridge.gateway.torture.verdict import Evidence, Outcome, permitted

# The store's times are whole milliseconds, cut off.
_TOLERANCE_S = 0.005
# What the gateway still has to do after the last that we see of a call: a commit or two.
_AFTERMATH_S = 3.0
# What the sweep of the next start writes.
_OF_THE_SWEEP = ("swept", "lost")
# So long after its caller has left, a request may at worst be held: behind a frozen process.
_BELATED_S = 10.0
# Of a time limit, since our clock starts after the gateway's.
_NEARLY = 0.8


@dataclass(slots=True)
class Attempt:
    """One attempt in the store with what is known of it."""

    row: Row
    visits: list[Visit]
    evidence: Evidence
    carried: bool

    @property
    def allowed(self) -> frozenset[Outcome]:
        """What it may have come to."""
        return permitted(self.evidence) if self.carried else frozenset()

    @property
    def agrees(self) -> bool:
        """It has come to what it may."""
        return Outcome(self.row.state, self.row.charged) in self.allowed


@dataclass(slots=True)
class Linked:
    """Every call with its attempts, and what found no partner.

    Attributes:
        attempts: By the call's place in the history.
        orphans: Attempts that nobody made.
        unheld: What came to the provider though nothing was held for it.
    """

    attempts: list[list[Attempt]]
    orphans: list[Row] = field(default_factory=list)
    unheld: list[tuple[Call, Visit]] = field(default_factory=list)


def link(history: History, stored: Stored) -> Linked:
    """Find the attempts of every call."""
    lives = _lives(history, stored)
    groups = _by_call_id(stored.rows)
    linked = Linked([[] for _ in history.calls])
    anonymous: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, call in enumerate(history.calls):
        ids = call.call_ids()
        rows = [row for call_id in sorted(ids) for row in groups.pop(call_id, [])]
        if ids or call.asked:
            linked.attempts[index] = _attempts(call, rows, lives)
            _note_unheld(linked, call, rows)
        else:
            anonymous[call.user_id, call.provider_id].append(index)
    left_over: dict[tuple[str, str], list[list[Row]]] = defaultdict(list)
    for group in groups.values():
        left_over[group[0].user_id, group[0].provider_id].append(group)
    for key in {**anonymous, **left_over}:
        _link_by_time(history, lives, linked, anonymous[key], left_over[key])
    return linked


def _lives(history: History, stored: Stored) -> dict[str, Life]:
    """Return each epoch's process, with what the store tells of it."""
    written: dict[str, float] = {}
    for row in stored.rows:
        if row.ended_ms is not None and row.state not in _OF_THE_SWEEP:
            ended_at = row.ended_ms / 1000
            written[row.epoch_id] = max(written.get(row.epoch_id, ended_at), ended_at)
    return {
        epoch: replace(
            life,
            frozen=[*life.frozen, *history.late],
            away=history.away,
            wrote_until=written.get(epoch, life.began_at),
        )
        for epoch, life in lives_by_epoch(history, stored).items()
    }


def lives_by_epoch(history: History, stored: Stored) -> dict[str, Life]:
    """Return which process each epoch was: they began in the same order, one each.

    A process that met no database when it started may have left an epoch behind. Then it is told
    by the calls that only one process can have made.
    """
    if len(stored.epochs) <= len(history.lives):
        return dict(zip(stored.epochs, history.lives, strict=False))
    makers: dict[str, set[int]] = defaultdict(set)
    for call in history.calls:
        for call_id in call.call_ids():
            makers[call_id] |= {send.life for send in call.sends}
    seen: dict[str, Counter[int]] = defaultdict(Counter)
    for row in stored.rows:
        if len(makers[row.call_id]) == 1:
            seen[row.epoch_id].update(makers[row.call_id])
    by_number = {life.number: life for life in history.lives}
    return {
        epoch: by_number[seen[epoch].most_common(1)[0][0]] for epoch in stored.epochs if seen[epoch]
    }


def _link_by_time(
    history: History,
    lives: dict[str, Life],
    linked: Linked,
    indexes: list[int],
    groups: list[list[Row]],
) -> None:
    calls = [history.calls[index] for index in indexes]
    groups.sort(key=lambda group: group[0].held_at)
    times = [group[0].held_at for group in groups]
    fitting = [
        [place for place in _near(call, times) if _fits(call, groups[place], lives)]
        for call in calls
    ]
    # Who came to the provider must have an attempt; the others may.
    first = [place for place, call in enumerate(calls) if call.visits]
    partners = match(fitting, len(groups), first=first)
    taken = set()
    for place, partner in enumerate(partners):
        call = calls[place]
        rows = [] if partner is None else groups[partner]
        taken.add(partner)
        linked.attempts[indexes[place]] = _attempts(call, rows, lives)
        _note_unheld(linked, call, rows)
    for place, group in enumerate(groups):
        if place not in taken:
            # A number that was taken for a hold of which the store never heard is nobody's call.
            linked.orphans += [row for row in group if not (row.is_fence and history.away)]


def _near(call: Call, times: list[float]) -> range:
    """Return the places of the times at which the call may have been held."""
    if not call.sends:
        return range(0)
    latest = max(send.ended_at for send in call.sends) + _BELATED_S
    return range(
        bisect_left(times, call.sends[0].started_at - _TOLERANCE_S), bisect_right(times, latest)
    )


def _fits(call: Call, group: list[Row], lives: dict[str, Life]) -> bool:
    if any(row.keyed != call.keyed for row in group):
        return False
    if any(_holder(group, visit) is None for visit in call.visits):
        return False
    return all(attempt.agrees for attempt in _attempts(call, group, lives))


def _note_unheld(linked: Linked, call: Call, rows: Sequence[Row]) -> None:
    linked.unheld += [(call, visit) for visit in call.visits if _holder(rows, visit) is None]


def _by_call_id(rows: Sequence[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.call_id, row.attempt)):
        groups[row.call_id].append(row)
    return groups


def _holder(rows: Sequence[Row], visit: Visit) -> Row | None:
    """Return the attempt under which a request came: the first that was open, else the latest.

    Times of the store are cut off to milliseconds, and the next attempt may follow within a few.
    They are of the moment at which a gateway asked for the hold: where two gateways ask at once,
    the attempt that has to wait for the other's end may be dated before it.
    """
    held = sorted(
        (row for row in rows if row.amount and row.held_at <= visit.came_at),
        key=lambda row: (row.attempt, row.held_at),
    )
    for row in held:
        if row.ended_ms is None or (row.ended_ms + 1) / 1000 > visit.came_at:
            return row
    return held[-1] if held else None


def _attempts(call: Call, rows: Sequence[Row], lives: dict[str, Life]) -> list[Attempt]:
    found = []
    for row in rows:
        visits = [visit for visit in call.visits if _holder(rows, visit) is row]
        life = lives.get(row.epoch_id)
        carriers = _carriers(call, row, visits, life)
        evidence = replace(
            _evidence(call, row, visits, carriers, life),
            reversed_before=any(
                other.entry == "reversed" and other.attempt < row.attempt for other in rows
            ),
        )
        found.append(Attempt(row, visits, evidence, carried=bool(carriers)))
    return found


def _carriers(call: Call, row: Row, visits: list[Visit], life: Life | None) -> list[Send]:
    """Return the requests of which one made this attempt."""
    numbers = {visit.number for visit in visits}
    return [
        send
        for send in call.sends
        if life is not None
        and send.life == life.number
        and send.started_at <= row.held_at + _TOLERANCE_S
        and (send.left or send.ended_at >= row.held_at - _TOLERANCE_S)
        and not send.of_another
        and send.refused <= (row.state == "refused")
        and (send.visit is None or send.visit in numbers)
        and (send.call_id is None or send.call_id == row.call_id)
    ]


def _evidence(
    call: Call, row: Row, visits: list[Visit], carriers: list[Send], life: Life | None
) -> Evidence:
    visit = visits[-1] if visits else None
    # Whose answer without a body it was can be told only where nobody else asked.
    alone = len(call.sends) == 1
    witnesses = [s for s in carriers if s.succeeded and (s.visit is not None or alone)]
    last = max([row.held_at, *(s.ended_at for s in carriers), *(v.ended_at for v in visits)])
    frozen = life is not None and any(
        began <= last + _AFTERMATH_S and row.held_at <= ended for began, ended in life.frozen
    )
    away = life is not None and any(
        began <= last + _AFTERMATH_S and row.held_at <= ended for began, ended in life.away
    )
    return Evidence(
        charge_on=call.charge_on,
        cost=call.cost,
        visit=visit,
        left=any(s.left for s in carriers),
        saw_head=bool(witnesses),
        saw_byte=any(s.bytes_held for s in witnesses),
        saw_end=any(s.complete for s in witnesses),
        saw_refusal=row.state == "refused" and any(s.refused for s in carriers),
        unheard=all(s.status is None for s in carriers),
        killed=life is not None and _may_be_unwritten(life, last),
        cut=frozen or (visit is not None and _ran_out_of_time(visit)),
        leaves_limited=life is not None and life.early_leaves is not None,
        away=away,
    )


def _may_be_unwritten(life: Life, at: float) -> bool:
    """Tell whether a kill may have come before the end of an attempt was written.

    Ends are written with others' commits; behind a slow disk they wait for seconds.
    """
    if life.killed_at is None:
        return False
    kept_up_until = life.killed_at if life.wrote_until is None else life.wrote_until
    return at >= min(life.killed_at, kept_up_until) - _AFTERMATH_S


def _ran_out_of_time(visit: Visit) -> bool:
    limit_s = FIRST_BYTE_S if visit.status is None else IDLE_S
    return visit.left_at is not None and visit.pause_s >= limit_s * _NEARLY
