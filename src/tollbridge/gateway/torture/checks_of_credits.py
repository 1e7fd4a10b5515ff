"""The checks of the books: credits, answers and processes as a whole. Pure, as `checks.py`."""

from collections import Counter, defaultdict
from collections.abc import Callable

from tollbridge.gateway.torture.checks import Found, Matter
from tollbridge.gateway.torture.history import Row
from tollbridge.gateway.torture.linking import lives_by_epoch
from tollbridge.gateway.torture.sending import PATIENCE_S
from tollbridge.wire.headers import FROM_GATEWAY

# The gateway's own words that a sound gateway may say here; an `internal_error` is none of them.
_EXPECTED_CODES = {
    "not-enough-queries",
    "call_in_progress",
    "call_already_charged",
    "provider_unreachable",
    "provider_rejected",
    "provider_redirect",
    "provider_timeout",
}
# Early leaves are counted over this time; a longer history is looked at so far.
_WINDOW_S = 600.0


def check_ledger(matter: Matter, found: Found) -> None:
    """The journal equals the balances."""
    found.looked_at = len(matter.stored.rows) + len(matter.history.given)
    found.differences += matter.stored.unsound


def check_lowest(matter: Matter, found: Found) -> None:
    """No balance is below zero, and nobody owes anything."""
    stored = matter.stored
    found.looked_at = len(stored.left)
    if stored.lowest < 0:
        found.differences.append(f"a balance is {stored.lowest}")
    found.differences += [
        f"{user} has {left} credits" for user, left in stored.left.items() if left < 0
    ]
    if stored.debt:
        found.differences.append(f"{stored.debt} credits are owed, though nothing was clawed back")


def check_known_credits(matter: Matter, found: Found) -> None:
    """Granted = left + expired + charged, by our own count of what was granted and delivered."""
    stored = matter.stored
    given: Counter[str] = Counter()
    for grant in matter.history.given:
        given[grant.user_id] += grant.amount
    charged: Counter[str] = Counter()
    for row in stored.rows:
        charged[row.user_id] += row.charged
    low, high = _bounds(matter)
    for user in sorted({*given, *stored.left, *charged}):
        left, expired = stored.left.get(user, 0), stored.expired.get(user, 0)
        found.expect(
            given[user] == left + expired + charged[user],
            f"{user}: {given[user]} granted, but {left} left, {expired} expired and"
            f" {charged[user]} charged",
        )
        spent = given[user] - left - expired
        found.expect(
            low[user] <= spent <= high[user],
            f"{user}: {spent} credits are gone, by callers and provider it must be from"
            f" {low[user]} to {high[user]}",
        )


def _bounds(matter: Matter) -> tuple[Counter[str], Counter[str]]:
    """Return what each user must have been charged at least and at most, without the store."""
    low: Counter[str] = Counter()
    high: Counter[str] = Counter()
    for call, attempts in matter.calls():
        if any(send.succeeded and send.complete for send in call.sends):
            low[call.user_id] += call.cost
        allowed = {outcome.charged for attempt in attempts for outcome in attempt.allowed}
        high[call.user_id] += max(allowed, default=0)
    return low, high


def check_nothing_open(matter: Matter, found: Found) -> None:
    """No hold is left, and no call runs."""
    found.looked_at = len(matter.stored.rows)
    found.differences += [f"{call} is still open" for call in matter.stored.open_calls]


def check_answers(matter: Matter, found: Found) -> None:
    """The gateway spoke no word that it has no reason for, and kept to the ones it spoke."""
    refused: Counter[str] = Counter()
    for call, attempts, send in matter.sends():
        rows = [attempt.row for attempt in attempts]
        found.expect(not send.hung, f"{call.nonce}: no end came in {PATIENCE_S:g} s")
        if send.source == FROM_GATEWAY and send.complete:
            # The store was away; else it must have taken everything.
            is_due = send.code == "ledger_unavailable" and matter.history.was_away(
                send.started_at, send.ended_at
            )
            found.expect(
                is_due or send.code in _EXPECTED_CODES,
                f"{call.nonce}: answered {send.status} {send.code}",
            )
        if send.refused and send.call_id is not None:
            refused[send.call_id] += 1
        if send.code == "call_already_charged":
            found.expect(
                any(row.charged for row in rows), f"{call.nonce}: is not charged, as it was told"
            )
    known = Counter(row.call_id for row in matter.stored.rows if row.state == "refused")
    for call_id, count in refused.items():
        found.expect(
            known[call_id] >= count,
            f"{call_id}: refused {count} times, the store has {known[call_id]}",
        )


def check_receipts(matter: Matter, found: Found) -> None:
    """Whoever asks by the key or by the id is told what the newest attempt came to."""
    for call, attempts in matter.calls():
        if not call.asked:
            continue
        newest = max((attempt.row for attempt in attempts), key=_number, default=None)
        told = None if newest is None else (newest.call_id, newest.state, newest.charged)
        found.expect(
            call.receipt == told and call.same_by_id,
            f"{call.nonce}: the receipt says {call.receipt}, the store {told}",
        )


def _number(row: Row) -> int:
    return row.attempt


def check_early_leaves(matter: Matter, found: Found) -> None:
    """As many early leaves are given back as the setting says, and no more."""
    lives = lives_by_epoch(matter.history, matter.stored)
    # Those that run at once count together; else each counts what those before it gave back.
    is_together = matter.history.together
    order = {
        epoch: 0 if is_together else number for number, epoch in enumerate(matter.stored.epochs)
    }
    voided, kept = _early_leaves(matter, found)
    for user in {*voided, *kept}:
        for epoch, life in lives.items():
            if life.early_leaves is None:
                continue
            before = sum(order[row.epoch_id] < order[epoch] for row in voided[user])
            so_far = sum(order[row.epoch_id] <= order[epoch] for row in voided[user])
            if so_far > max(life.early_leaves, before):
                found.differences.append(
                    f"{user}: {so_far} early leaves given back, the limit is {life.early_leaves}"
                )
            if so_far < life.early_leaves and any(row.epoch_id == epoch for row in kept[user]):
                found.differences.append(
                    f"{user}: an early leave was charged after {so_far} were given back"
                )


def _early_leaves(
    matter: Matter, found: Found
) -> tuple[defaultdict[str, list[Row]], defaultdict[str, list[Row]]]:
    """Return each user's early leaves that were given back, and those that were certainly not."""
    begin = matter.history.lives[0].began_at if matter.history.lives else 0.0
    voided: defaultdict[str, list[Row]] = defaultdict(list)
    kept: defaultdict[str, list[Row]] = defaultdict(list)
    for attempts in matter.linked.attempts:
        for attempt in attempts:
            row = attempt.row
            if row.state != "aborted" or row.held_at > begin + _WINDOW_S:
                continue
            if attempt.evidence.away:  # given back since the store refused it
                continue
            found.looked_at += 1
            if row.entry == "voided":
                voided[row.user_id].append(row)
            elif not attempt.visits or not attempt.visits[-1].succeeded:
                kept[row.user_id].append(row)  # settled though no 2xx can have come
    return voided, kept


def check_processes(matter: Matter, found: Found) -> None:
    """Each gateway process was one epoch; none took itself for dead or ended by itself."""
    lives, epochs = matter.history.lives, matter.stored.epochs
    found.looked_at = len(lives)
    # One that met no database when it started may have left an epoch behind.
    if len(epochs) < len(lives) or (len(epochs) > len(lives) and not matter.history.away):
        found.differences.append(f"{len(lives)} processes made {len(epochs)} epochs")
    found.differences += [
        f"process {life.number} ended with {life.exit_code}" for life in lives if life.exit_code
    ]


CHECKS: dict[str, Callable[[Matter, Found], None]] = {
    "the journal equals the balances": check_ledger,
    "no balance is below zero": check_lowest,
    "granted = left + expired + charged": check_known_credits,
    "no hold is left, no call runs": check_nothing_open,
    "answers that have a reason": check_answers,
    "receipts by key and by id": check_receipts,
    "early leaves given back": check_early_leaves,
    "a process is an epoch": check_processes,
}
