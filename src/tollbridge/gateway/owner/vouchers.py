"""Vouchers that the owner makes."""

from tollbridge.gateway.commerce import VoucherOrder, create_voucher
from tollbridge.gateway.commerce.queries import Voucher
from tollbridge.gateway.database import Script
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.owner.changes import check_type
from tollbridge.gateway.paywalls import need_paywall
from tollbridge.gateway.secret import Secret


def issue(order: VoucherOrder, code: Secret, now: int) -> Script[Voucher]:
    """Make a voucher of a paywall and a query type that there are.

    Raises:
        Refusal: `paywall_not_found`, `type_required`, `invalid_request` where it would have ended
            already. Nothing changed.
    """
    paywall = yield from need_paywall(order.paywall_id)
    check_type(paywall, order.query_type)
    if order.expires_at is not None and order.expires_at <= now:
        raise Refusal("invalid_request", "The voucher would have expired already.")
    return (yield from create_voucher(order, code, now))
