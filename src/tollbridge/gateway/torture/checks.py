"""What has to be true in the end: each check compares what the store says with what others saw.

Pure: a check takes the history, what is stored, and which belongs to which, and returns what it
looked at and every difference as a sentence.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tollbridge.gateway.torture.history import Call, History, Send, Stored
from tollbridge.gateway.torture.linking import Attempt, Linked
from tollbridge.wire.headers import FROM_GATEWAY


class Check(NamedTuple):
    """One row of the table."""

    name: str
    looked_at: int
    differences: list[str]

    @property
    def ok(self) -> bool:
        """Nothing differs."""
        return not self.differences


@dataclass(slots=True)
class Found:
    """What a check counts up while it looks."""

    looked_at: int = 0
    differences: list[str] = field(default_factory=list)

    def expect(self, true: bool, otherwise: str) -> None:
        """Look at one thing."""
        self.looked_at += 1
        if not true:
            self.differences.append(otherwise)


@dataclass(frozen=True, slots=True)
class Matter:
    """Everything that checks look at."""

    history: History
    stored: Stored
    linked: Linked

    def calls(self) -> Iterator[tuple[Call, list[Attempt]]]:
        """Return each call with its attempts."""
        return zip(self.history.calls, self.linked.attempts, strict=True)

    def sends(self) -> Iterator[tuple[Call, list[Attempt], Send]]:
        """Return each request with its call and the call's attempts."""
        for call, attempts in self.calls():
            for send in call.sends:
                yield call, attempts, send


def check_states(matter: Matter, found: Found) -> None:
    """Each attempt has come to what the table says of what provider and caller did."""
    for call, attempts in matter.calls():
        for attempt in attempts:
            row = attempt.row
            allowed = " or ".join(f"{state} {charged}" for state, charged in attempt.allowed)
            found.expect(
                attempt.agrees,
                f"{row}: {call.charge_on}, cost {call.cost}, {'/'.join(call.deeds)};"
                f" the table permits {allowed or 'nothing'}; {attempt.evidence}",
            )
            holds_nothing = row.state == "refused" or (row.is_fence and attempt.evidence.away)
            found.expect(
                row.amount == (0 if holds_nothing else call.cost),
                f"{row}: it took {row.amount} credits, its provider costs {call.cost}",
            )


def check_whole_answers(matter: Matter, found: Found) -> None:
    """Who holds a whole answer was charged for it, exactly once."""
    for call, attempts in matter.calls():
        if any(send.succeeded and send.complete for send in call.sends):
            charged = sum(attempt.row.charged for attempt in attempts)
            found.expect(
                charged == call.cost,
                f"{_name(call, attempts)}: a whole answer was delivered, {charged} credits are"
                f" charged, it costs {call.cost}",
            )


def check_once(matter: Matter, found: Found) -> None:
    """No call is charged twice, or attempted again while an attempt of it stands."""
    for call, attempts in matter.calls():
        if not attempts:
            continue
        name = _name(call, attempts)
        rows = sorted((attempt.row for attempt in attempts), key=lambda row: row.held_at)
        ids = {row.call_id for row in rows}
        found.expect(len(ids) == 1, f"{name}: has {len(ids)} ids")
        numbers = [row.attempt for row in rows]
        most = len(rows) if call.keyed else 1
        found.expect(
            sorted(numbers) == list(range(1, len(rows) + 1)) and len(rows) <= most,
            f"{name}: has the attempts {numbers}, {'keyed' if call.keyed else 'without a key'}",
        )
        charged = [row for row in rows if row.charged]
        found.expect(len(charged) <= 1, f"{name}: charged {len(charged)} times")
        found.expect(
            not charged or charged[0].attempt == max(numbers),
            f"{name}: tried again after it was charged",
        )


def check_held_first(matter: Matter, found: Found) -> None:
    """Nothing came to the provider that was not held before, and nothing twice under one hold."""
    history, linked = matter.history, matter.linked
    found.looked_at = sum(len(call.visits) for call in history.calls)
    found.differences += [
        f"the provider was asked for {call.nonce}/{visit.number} though nothing was held"
        for call, visit in linked.unheld
    ]
    if history.strays:
        found.differences.append(f"the provider got {history.strays} requests that nobody made")
    for call, attempts in matter.calls():
        for attempt in attempts:
            # A pooled connection that dies before any byte of an answer is tried once more.
            again = attempt.visits[:-1]
            if len(again) > 1 or any(v.status is not None or not v.reused for v in again):
                found.differences.append(
                    f"{_name(call, attempts)}: {attempt.row} came to the provider"
                    f" {len(attempt.visits)} times"
                )


def check_somebody_called(matter: Matter, found: Found) -> None:
    """Every attempt in the store is one that somebody made."""
    found.looked_at = len(matter.stored.rows)
    found.differences += [f"{row}: nobody made this call" for row in matter.linked.orphans]


def check_headers(matter: Matter, found: Found) -> None:
    """What `X-Credits-Charged` told agrees with what was charged in the end."""
    for call, attempts, send in matter.sends():
        name, rows = _name(call, attempts), [attempt.row for attempt in attempts]
        if send.succeeded:
            due = None if call.charge_on == "complete" else call.cost
            found.expect(send.charged == due, f"{name}: told {send.charged} charged, due is {due}")
        if not send.charged:
            continue
        # Told when it was true, and taken back since: only where not a byte of the body came.
        taken_back = not send.bytes_held and any(row.entry == "reversed" for row in rows)
        found.expect(
            send.succeeded and (taken_back or any(row.charged == send.charged for row in rows)),
            f"{name}: told {send.charged} charged with {send.status},"
            f" the store has {[row.charged for row in rows]}",
        )


def check_bytes(matter: Matter, found: Found) -> None:
    """What came is the beginning of what was sent, and only what was sent whole came whole."""
    for call, attempts, send in matter.sends():
        if send.status is None or send.source == FROM_GATEWAY:
            continue
        name = _name(call, attempts)
        found.expect(send.faithful, f"{name}: {send.bytes_held} bytes that nobody sent")
        if send.visit is not None:
            sent = [visit for visit in call.visits if visit.number == send.visit]
            found.expect(
                bool(sent) and send.bytes_held <= sent[0].bytes_sent,
                f"{name}: {send.bytes_held} bytes came of an answer that was not sent so far",
            )
            found.expect(
                not send.complete or any(visit.finished for visit in sent),
                f"{name}: an answer that broke off looked complete",
            )


def _name(call: Call, attempts: list[Attempt]) -> str:
    return attempts[0].row.call_id if attempts else f"the call {call.nonce}"


CHECKS: dict[str, Callable[[Matter, Found], None]] = {
    "attempts are what the table says": check_states,
    "whole answers are charged once": check_whole_answers,
    "a key is charged once": check_once,
    "held before the provider is asked": check_held_first,
    "attempts that somebody made": check_somebody_called,
    "X-Credits-Charged is true": check_headers,
    "bytes are the provider's": check_bytes,
}
