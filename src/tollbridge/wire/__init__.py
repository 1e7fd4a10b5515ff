"""The contract between page and gateway: names, codes, shapes. Imports nothing but itself."""

from tollbridge.wire.balance import Balance, find_balance, read_balances
from tollbridge.wire.codes import STATUS_OF, status_of
from tollbridge.wire.envelope import error_body, quota_body, read_error, read_quota
from tollbridge.wire.provider import Provider, read_providers

__all__ = [
    "STATUS_OF",
    "Balance",
    "Provider",
    "error_body",
    "find_balance",
    "quota_body",
    "read_balances",
    "read_error",
    "read_providers",
    "read_quota",
    "status_of",
]
