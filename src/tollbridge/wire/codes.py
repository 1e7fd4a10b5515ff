"""Every error code that crosses the network, with its HTTP status.

The spelling of the first group is the published v3 contract's, hyphens included; the others are
ours. `not-enough-queries` is the spelling on the wire, `not_enough_queries` the SDK's code for it.
"""

# The published contract's codes.
CONTRACT = {
    "not-enough-queries": 402,
    "provider-disabled": 403,
    "invalid_token": 401,
    "apikey_required": 401,
    "insufficient": 400,
    "invalid_op": 400,
    "invalid_amount": 400,
    "type_required": 400,
    "identity_required": 400,
    "identity_not_found": 404,
    "anonymous_disabled": 403,
}

# Beyond the contract.
OURS = {
    "invalid_request": 400,
    "paywall_required": 400,
    "paywall_mismatch": 400,
    "invalid_api_key": 401,
    "init_data_invalid": 401,
    "init_data_expired": 401,
    "init_data_used": 401,
    "forbidden": 403,
    "sign_in_required": 403,
    "telegram_disabled": 403,
    "origin_not_allowed": 403,
    "templates_only": 403,
    "path_not_allowed": 403,
    "model_not_allowed": 403,
    "paywall_not_found": 404,
    "provider_not_found": 404,
    "template_not_found": 404,
    "call_not_found": 404,
    "voucher_invalid": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "upload_timeout": 408,
    "call_in_progress": 409,
    "call_already_charged": 409,
    "body_too_large": 413,
    "unsupported_body": 415,
    "idempotency_mismatch": 422,
    "body_rule": 422,
    "template_variable": 422,
    "rate_limited": 429,
    "too_many_failures": 429,
    "internal_error": 500,
    "provider_unreachable": 502,
    "provider_rejected": 502,
    "provider_redirect": 502,
    "provider_failed": 502,
    "ledger_unavailable": 503,
    "hold_lost": 503,
    "busy": 503,
    "provider_timeout": 504,
}

STATUS_OF: dict[str, int] = {}
STATUS_OF.update(CONTRACT)
STATUS_OF.update(OURS)


def status_of(code: str) -> int:
    """Return the HTTP status that `code` travels with.

    Raises:
        KeyError: `code` is not one of the contract's.
    """
    return STATUS_OF[code]
