"""Vouchers: a code that is worth credits. Whole steps, each one unit when it is written.

Scripts (see `database/script.py`); times are milliseconds since 1970.
"""

from dataclasses import dataclass

from tollbridge.gateway import ledger
from tollbridge.gateway import limits as counting
from tollbridge.gateway.commerce import queries
from tollbridge.gateway.commerce.codes import hash_code
from tollbridge.gateway.commerce.queries import Voucher
from tollbridge.gateway.database import Script
from tollbridge.gateway.identity.balances import list_for_page
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.ledger import GrantOrder
from tollbridge.gateway.limits import Limit
from tollbridge.gateway.paywalls import Paywall
from tollbridge.gateway.secret import Secret
from tollbridge.wire.balance import Balance

# More people than that are better served by trial credits.
USES_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class VoucherOrder:
    """A voucher as it is asked for; its paywall has the query type."""

    paywall_id: str
    query_type: str
    amount: int
    uses_max: int = 1
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a code was worth; `repeated` where its user had it before, and nothing was added."""

    query_type: str
    amount: int
    balances: list[Balance]
    repeated: bool


@dataclass(frozen=True, slots=True)
class NotRedeemed:
    """The code is worth nothing here, and that was counted.

    An outcome, not an error: an error would take the counting back.
    """


@dataclass(frozen=True, slots=True)
class TooManyTries:
    """The code was not looked at; the next try is possible after `wait_ms`."""

    wait_ms: int


def create_voucher(order: VoucherOrder, code: Secret, now: int) -> Script[Voucher]:
    """Write a voucher that `code` redeems; of the code only its hash is kept."""
    code_hash = hash_code(code.reveal())
    assert code_hash is not None, "codes are made by new_code"
    voucher = Voucher(
        voucher_id=new_id("voucher"),
        paywall_id=order.paywall_id,
        query_type=order.query_type,
        amount=order.amount,
        uses_max=order.uses_max,
        uses=0,
        created_at=now,
        expires_at=order.expires_at,
    )
    yield from queries.insert_voucher(voucher, code_hash)
    return voucher


def redeem(
    paywall: Paywall, user_id: str, code_hash: bytes | None, tries: Limit, now: int
) -> Script[Redeemed | NotRedeemed | TooManyTries]:
    """Give a user of the paywall what a voucher is worth, once; count a try that fails.

    Args:
        paywall: Whose voucher it must be.
        user_id: Who redeems.
        code_hash: From `hash_code`; None is a code that cannot be.
        tries: How many may fail; beyond that no code is looked at, right ones included.
        now: Milliseconds since 1970.
    """
    wait_ms = yield from counting.wait_ms(tries, user_id, now)
    if wait_ms:
        return TooManyTries(wait_ms)
    voucher = None
    if code_hash is not None:
        yield queries.lock_voucher(code_hash)
        voucher = yield from queries.find_voucher(code_hash)
    if voucher is None or voucher.paywall_id != paywall.paywall_id:
        return (yield from _fail(user_id, tries, now))
    repeated = yield from queries.was_used(voucher.voucher_id, user_id)
    if not repeated and not (yield from queries.take_use(voucher.voucher_id, user_id, now)):
        return (yield from _fail(user_id, tries, now))
    order = GrantOrder(
        user_id=user_id,
        query_type=voucher.query_type,
        amount=voucher.amount,
        source_key=f"voucher:{voucher.voucher_id}:{user_id}",
        category="paid",
    )
    yield from ledger.grant(order, now)
    balances = yield from list_for_page(paywall, user_id, now)
    return Redeemed(voucher.query_type, voucher.amount, balances, repeated)


def _fail(user_id: str, tries: Limit, now: int) -> Script[NotRedeemed]:
    yield from counting.count(tries, user_id, now)
    return NotRedeemed()
