"""The statements about vouchers and their uses."""

from typing import NamedTuple

from tollbridge.gateway.database import Script, Statement, locking

_VOUCHER = (
    "voucher_id, paywall_id, query_type, amount, uses_max, uses, created_at, expires_at"
    " from vouchers"
)


class Voucher(NamedTuple):
    """A voucher's row, without its code: nobody can tell that any more.

    `expires_at` is when it ends, or None; the credits that it gave stay.
    """

    voucher_id: str
    paywall_id: str
    query_type: str
    amount: int
    uses_max: int
    uses: int
    created_at: int
    expires_at: int | None


def insert_voucher(voucher: Voucher, code_hash: bytes) -> Script[None]:
    """Write a new voucher."""
    yield Statement(
        "insert into vouchers (voucher_id, paywall_id, query_type, amount, uses_max, uses,"
        " created_at, expires_at, code_hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        (*voucher, code_hash),
    )


def lock_voucher(code_hash: bytes) -> Statement:
    """Keep others from the voucher of a code: what is read of its uses afterwards stays true."""
    return locking("select 1 from vouchers where code_hash = $1 for update", (code_hash,))


def find_voucher(code_hash: bytes) -> Script[Voucher | None]:
    """Read the voucher of a code, or None."""
    rows = yield Statement(f"select {_VOUCHER} where code_hash = $1", (code_hash,))
    return Voucher(*rows[0]) if rows else None


def list_vouchers(paywall_id: str | None, most: int) -> Script[list[Voucher]]:
    """Read the newest vouchers, of one paywall or of all, newest first."""
    rows = yield Statement(
        f"select {_VOUCHER} where paywall_id = $1 or $1 is null"
        " order by created_at desc, voucher_id desc limit $2",
        (paywall_id, most),
    )
    return [Voucher(*row) for row in rows]


def was_used(voucher_id: str, user_id: str) -> Script[bool]:
    """Read whether the user has used the voucher."""
    rows = yield Statement(
        "select 1 from voucher_uses where voucher_id = $1 and user_id = $2", (voucher_id, user_id)
    )
    return bool(rows)


def take_use(voucher_id: str, user_id: str, now: int) -> Script[bool]:
    """Use a voucher, if it has not ended and there is a use left; else nothing changes."""
    rows = yield Statement(
        "update vouchers set uses = uses + 1 where voucher_id = $1 and uses < uses_max"
        " and (expires_at is null or expires_at > $2) returning uses",
        (voucher_id, now),
    )
    if not rows:
        return False
    yield Statement(
        "insert into voucher_uses (voucher_id, user_id, at) values ($1, $2, $3)",
        (voucher_id, user_id, now),
    )
    return True
