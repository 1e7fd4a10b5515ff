"""The owner's apps: their origins, query types, trial credits, and whether they count credits."""

from tollbridge.gateway.paywalls.lookup import Paywalls
from tollbridge.gateway.paywalls.paywall import (
    Paywall,
    check_origin,
    check_paywall_id,
    check_query_type,
    check_same_paywall,
    check_trial_credits,
    read_origin,
)
from tollbridge.gateway.paywalls.queries import (
    create_paywall,
    find_paywall,
    need_paywall,
    set_query_types,
    store_paywall,
)

__all__ = [
    "Paywall",
    "Paywalls",
    "check_origin",
    "check_paywall_id",
    "check_query_type",
    "check_same_paywall",
    "check_trial_credits",
    "create_paywall",
    "find_paywall",
    "need_paywall",
    "read_origin",
    "set_query_types",
    "store_paywall",
]
