"""How credits are come by: vouchers, so far."""

from tollbridge.gateway.commerce.endpoints import CommerceEndpoints
from tollbridge.gateway.commerce.vouchers import USES_MAX, VoucherOrder, create_voucher

__all__ = ["USES_MAX", "CommerceEndpoints", "VoucherOrder", "create_voucher"]
