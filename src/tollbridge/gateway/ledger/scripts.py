"""What the ledger can be asked to do: whole steps, each one unit when it is written.

Scripts (see `database/script.py`); compose them with `yield from`. Times are milliseconds since
1970. Hold, then settle or void, after the two-phase transfers of TigerBeetle's documentation.
"""

from collections.abc import Sequence
from dataclasses import replace

from tollbridge.gateway.database.script import Script
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.ledger import call_queries, queries
from tollbridge.gateway.ledger.engine import Account
from tollbridge.gateway.ledger.values import (
    Attempt,
    BalanceRow,
    Debited,
    Ending,
    Gate,
    Grant,
    Granted,
    GrantOrder,
    Hold,
    HoldLost,
    HoldOrder,
    Insufficient,
    NotEnough,
    SourceKeyReused,
    Take,
)


def hold(order: HoldOrder, now: int) -> Script[Hold | NotEnough]:
    """Take a call's cost out of the balance, or refuse.

    The usual hold is one conditional update of the gate and the call's row. Where the seated grant
    cannot cover the cost, or something has expired, the account is opened, the next grant seated,
    and the hold may span grants. A refusal leaves a row `refused`; a cost of 0 holds nothing.
    """
    yield from queries.lock_gates((order.user_id,))
    passed = (yield from queries.pass_gate(order, now)) if order.amount else None
    if passed is not None:
        available, version, grant_id = passed
        takes: tuple[Take, ...] = (Take(grant_id, order.amount),)
        yield from call_queries.insert_call(order, "held", takes, now)
        return Hold(order, takes, available, version)
    return (yield from _hold_in_account(order, now))


def lock_user(user_id: str) -> Script[None]:
    """Keep others from a user's credits until the unit is over; first of all where it decides."""
    yield from queries.lock_gates((user_id,))


def settle(held: Hold, ending: Ending | None = None) -> Script[None]:
    """Turn a hold into a charge. The balance does not change: the hold has taken it already.

    Raises:
        HoldLost: The hold was swept or closed before; nothing changed.
    """
    if not (yield from call_queries.move_call(held.order, "held", "settled", ending)):
        raise HoldLost(held.order.call_id)


def charge(
    held: Hold, now: int, ending: Ending | None = None, *, epoch_id: str | None = None
) -> Script[Hold]:
    """Settle a hold, and if it was swept meanwhile, take the credit anew.

    A worker that was stopped for a while, and taken for dead, may hold an answer that is ready to
    be handed over. Its credit went back; so it is taken again, as a new attempt that is settled at
    once, in the epoch that the worker is in by now. Returns the hold that is settled now.

    Raises:
        HoldLost: It was swept, and the call has a newer attempt or the credit is not there any
            more; or it was closed otherwise. Nothing changed.
    """
    yield from queries.lock_gates((held.order.user_id,))
    if (yield from call_queries.move_call(held.order, "held", "settled", ending)):
        return held
    latest = yield from call_queries.find_latest(held.order.call_id)
    if latest != (held.order.attempt, "swept"):
        raise HoldLost(held.order.call_id)
    again = replace(
        held.order,
        attempt=held.order.attempt + 1,
        epoch_id=epoch_id or held.order.epoch_id,
        held_at=now,
    )
    anew = yield from hold(again, now)
    if isinstance(anew, NotEnough):
        raise HoldLost(held.order.call_id)
    yield from settle(anew, ending)
    return anew


def void(held: Hold, ending: Ending) -> Script[tuple[int, int]]:
    """Give a hold back, each part to its own grant. Returns (available, version) after it.

    Raises:
        HoldLost: The hold was swept or closed before; nothing changed.
    """
    yield from queries.lock_gates((held.order.user_id,))
    if not (yield from call_queries.move_call(held.order, "held", "voided", ending)):
        raise HoldLost(held.order.call_id)
    key = f"void:{held.order.call_id}:{held.order.attempt}"
    return (yield from _give_back(held.order, held.takes, "void", key, ending.at))


def reverse(held: Hold, ending: Ending) -> Script[bool]:
    """Take a settle back; a call is reversed at most once, over all its attempts.

    Returns whether it was reversed; if not, because another attempt was, the charge stands and
    only its ending is written. Safe to repeat.

    Raises:
        HoldLost: There is no settle of this attempt to take back; nothing changed.
    """
    order = held.order
    yield from queries.lock_gates((order.user_id,))
    state = yield from call_queries.find_state(order)
    if state == "reversed":
        return True
    if state == "settled" and (yield from call_queries.was_reversed(order.call_id)):
        yield from call_queries.end_call(order, ending)
        return False
    if not (yield from call_queries.move_call(order, "settled", "reversed", ending)):
        raise HoldLost(order.call_id)
    yield from _give_back(order, held.takes, "reversal", f"reversal:{order.call_id}", ending.at)
    return True


def end(held: Hold, ending: Ending) -> Script[None]:
    """Write how a settled call ended; a call that has ended keeps its first ending."""
    yield from call_queries.end_call(held.order, ending)


def undo(order: HoldOrder, ending: Ending) -> Script[str]:
    """Leave no charge behind, whatever a lost commit did: void what is held, reverse what settled.

    For an attempt of which nothing was relayed. Where its commit may have been lost, `order` says
    when it was held: another may have its number by now. Returns the state that was found (`held`,
    `settled`, another, or `none`). Safe to repeat.
    """
    yield from queries.lock_gates((order.user_id,))
    # A settle locks no gate, and one whose answer was lost may arrive between our two looks.
    yield from call_queries.lock_calls([(order.call_id, order.attempt)])
    state = yield from call_queries.find_state(order)
    if state in ("held", "settled"):
        takes = yield from call_queries.find_takes(order.call_id, order.attempt)
        found = Hold(order, tuple(takes), 0, 0)
        yield from void(found, ending) if state == "held" else reverse(found, ending)
    elif state is None:
        yield from call_queries.fence_attempt(order, ending)
    return state or "none"


def grant(order: GrantOrder, now: int) -> Script[Granted]:
    """Give credits to a user; the same source key and content gives the first answer again.

    Raises:
        SourceKeyReused: The source key was used with other content; nothing changed.
    """
    yield from queries.make_gate(order.user_id, order.query_type)
    yield from queries.lock_gates((order.user_id,))
    found = yield from queries.find_by_source(order.source_key)
    if found is not None:
        known, grant_id = found
        if known != order:
            raise SourceKeyReused(order.source_key)
        yield from _retire_expired(order.user_id, now)
        gate = (yield from queries.find_gate(order.user_id, order.query_type)) or Gate()
        return Granted(grant_id, gate.available, gate.version, repeated=True)
    made = Grant(
        grant_id=new_id("grant"),
        amount=order.amount,
        remaining=order.amount,
        category=order.category,
        priority=order.priority,
        expires_at=order.expires_at,
        created_at=now,
    )
    account = yield from _open(order.user_id, order.query_type, now)
    yield from queries.insert_grant(order, made)
    account.add(made)
    gate = yield from _close(account, order.user_id, order.query_type, now)
    return Granted(made.grant_id, gate.available, gate.version, repeated=False)


def debit(
    user_id: str, query_type: str, amount: int, entry_key: str, now: int
) -> Script[Debited | Insufficient]:
    """Take credits out for good, on the owner's word: all of the amount, or nothing.

    `entry_key` is unique for ever; one that was used before fails the unit.
    """
    yield from queries.lock_gates((user_id,))
    account = yield from _open(user_id, query_type, now)
    if not account.debit(amount, key=f"debit:{entry_key}"):
        yield from _retire_expired(user_id, now)  # what the answer leaves out stays gone
        return Insufficient(account.available)
    gate = yield from _close(account, user_id, query_type, now)
    return Debited(gate.available, gate.version)


def claw_back(grant_id: str, now: int) -> Script[None]:
    """Take a grant back whole; what was spent of it comes from other grants or becomes debt.

    Safe to repeat; an unknown grant is a `KeyError`, and nothing changed.
    """
    owner = yield from queries.owner_of_grant(grant_id)
    if owner is None:
        raise KeyError(grant_id)
    yield from queries.lock_gates(owner[:1])
    account = yield from _open(*owner, now, also=(grant_id,))
    account.claw_back(grant_id)
    yield from _close(account, *owner, now)


def balances(user_id: str, now: int) -> Script[list[BalanceRow]]:
    """Read a user's balances, retiring first what has expired: a script to write, not to read."""
    if (yield from queries.types_with_expired_grants(user_id, now)):
        yield from queries.lock_gates((user_id,))
        yield from _retire_expired(user_id, now)
    return (yield from queries.list_balances(user_id))


def held(user_id: str) -> Script[dict[str, int]]:
    """Read what a user's running calls hold, by query type."""
    return (yield from call_queries.sum_held(user_id))


def find_attempt(key_hash: bytes) -> Script[Attempt | None]:
    """Return the newest attempt that was made under a key, or None."""
    return (yield from call_queries.find_by_key(key_hash))


def blamed(user_id: str, since: int, until: int, *, nth: int) -> Script[int | None]:
    """Return when the user's nth newest call of that time was given back for their own doing."""
    return (yield from call_queries.find_blamed(user_id, since, until, nth))


def left_early(user_id: str, since: int, until: int) -> Script[int]:
    """Count the user's calls of that time that were voided because the page left early."""
    return (yield from call_queries.count_left_early(user_id, since, until))


def _hold_in_account(order: HoldOrder, now: int) -> Script[Hold | NotEnough]:
    account = yield from _open(order.user_id, order.query_type, now)
    takes = account.take(order.amount)
    if takes is None:
        known = yield from balances(order.user_id, now)
        running = yield from call_queries.sum_held(order.user_id)
        yield from call_queries.insert_call(order, "refused", (), now)
        return NotEnough(tuple(known), running.get(order.query_type, 0))
    yield from call_queries.insert_call(order, "held", takes, now)
    gate = yield from _close(account, order.user_id, order.query_type, now)
    return Hold(order, takes, gate.available, gate.version)


def _retire_expired(user_id: str, now: int) -> Script[None]:
    for query_type in (yield from queries.types_with_expired_grants(user_id, now)):
        account = yield from _open(user_id, query_type, now)
        yield from _close(account, user_id, query_type, now)


def _give_back(
    order: HoldOrder, takes: Sequence[Take], kind: str, key: str, now: int
) -> Script[tuple[int, int]]:
    if not takes:
        yield from _retire_expired(order.user_id, now)
        gate = (yield from queries.find_gate(order.user_id, order.query_type)) or Gate()
        return gate.available, gate.version
    account = yield from _open(
        order.user_id, order.query_type, now, also=[take.grant_id for take in takes]
    )
    account.give_back(takes, kind=kind, key=key, call_id=order.call_id, attempt=order.attempt)
    gate = yield from _close(account, order.user_id, order.query_type, now)
    return gate.available, gate.version


def _open(user_id: str, query_type: str, now: int, *, also: Sequence[str] = ()) -> Script[Account]:
    gate = (yield from queries.find_gate(user_id, query_type)) or Gate()
    seated = () if gate.seated_grant is None else (gate.seated_grant,)
    grants = yield from queries.list_grants(user_id, query_type, also=(*seated, *also))
    return Account(gate, grants, now=now)


def _close(account: Account, user_id: str, query_type: str, now: int) -> Script[Gate]:
    gate, grants, entries = account.close()
    yield from queries.store_gate(user_id, query_type, gate)
    yield from queries.store_grants(grants)
    yield from queries.insert_entries(user_id, query_type, entries, now)
    return gate
