"""Every operation, with what it takes and every code that it can answer. Data only."""

from typing import NamedTuple

from tollbridge.wire import paths

_PAYWALL = f"{paths.API}/paywall/{{paywall_id}}"

# What any request may be answered: it is no HTTP, the wrong method, a fault of ours, or we stop.
ANYWHERE = ("invalid_request", "method_not_allowed", "internal_error", "busy")
# What any endpoint that asks the store may.
STORE = ("ledger_unavailable",)
PAGE = (*STORE, "paywall_mismatch", "origin_not_allowed", "paywall_not_found")
USER = (*PAGE, "invalid_token")
# `not_found` where an id holds a slash: there is no such path.
OWNER = (*PAGE, "apikey_required", "invalid_api_key", "forbidden", "body_too_large")
CALL = (
    *USER,
    *("paywall_required", "not-enough-queries", "provider-disabled", "sign_in_required"),
    *("templates_only", "template_not_found", "template_variable", "provider_failed"),
    *("path_not_allowed", "model_not_allowed", "provider_not_found", "upload_timeout"),
    *("invalid_api_key", "forbidden", "identity_required", "identity_not_found"),
    *("call_in_progress", "call_already_charged", "body_too_large", "unsupported_body"),
    *("idempotency_mismatch", "body_rule", "rate_limited", "too_many_failures"),
    *("provider_unreachable", "provider_rejected", "provider_redirect"),
    *("hold_lost", "provider_timeout"),
)


class Operation(NamedTuple):
    """One method of one path.

    Attributes:
        path: With its parameters in braces.
        says: A sentence.
        auth: Names of `document.SECURITY`, each enough by itself; none: public.
        takes: The schema of its body, or "".
        answers: The schema of its 200, or "" where that is the provider's.
        codes: Beside those of `ANYWHERE`.
        query: Parameters of the query, with what they are for.
        headers: Headers that it reads, as names of `document.HEADERS`.
    """

    method: str
    path: str
    name: str
    says: str
    answers: str
    codes: tuple[str, ...] = ()
    auth: tuple[str, ...] = ()
    takes: str = ""
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


_CALL_PATHS = (
    (f"{paths.GATEWAY}/{{provider_id}}", "call", "ProviderOrTemplateCall"),
    (f"{paths.GATEWAY}/{{provider_id}}/{{path}}", "callPath", "Anything"),
)

OPERATIONS = (
    *(
        Operation(
            method,
            path,
            f"{name}By{method.title()}",
            "Call a provider or a template: the answer passes through, a success costs credits.",
            "",
            CALL,
            auth=("token", "ownerKey"),
            takes=takes if method == "POST" else "",
            query=(paths.PAYWALL_QUERY,),
            headers=("X-Paywall-Id", "X-User-Id", "Idempotency-Key"),
        )
        for path, name, takes in _CALL_PATHS
        for method in ("GET", "POST")
    ),
    Operation(
        "POST",
        f"{_PAYWALL}/auth/anonymous/signin",
        "signInAnonymously",
        "Make a user without a name, with the paywall's trial credits, and sign them in.",
        "SignedIn",
        (*PAGE, "anonymous_disabled", "body_too_large", "rate_limited"),
        takes="Anything",
    ),
    Operation(
        "POST",
        f"{_PAYWALL}/auth/telegram/signin",
        "signInWithTelegram",
        "Sign in whom a Mini App's launch data name; the same person has the same account.",
        "SignedIn",
        (
            *PAGE,
            *("telegram_disabled", "init_data_invalid", "init_data_expired", "init_data_used"),
            *("body_too_large", "rate_limited"),
        ),
        takes="TelegramRequest",
    ),
    Operation(
        "POST",
        f"{_PAYWALL}/auth/refresh",
        "refresh",
        "Exchange a refresh token for its successor and a new access token.",
        "Tokens",
        (*PAGE, "invalid_token", "body_too_large"),
        takes="RefreshRequest",
    ),
    Operation(
        "POST",
        f"{_PAYWALL}/auth/signout",
        "signOut",
        "End this session.",
        "Done",
        USER,
        auth=("token",),
    ),
    Operation(
        "POST",
        f"{_PAYWALL}/auth/revoke-all",
        "revokeAll",
        "End every session of this user.",
        "Done",
        USER,
        auth=("token",),
    ),
    Operation(
        "GET",
        f"{_PAYWALL}/balances",
        "listBalances",
        "Read what is left of each query type.",
        "Balances",
        USER,
        auth=("token",),
    ),
    Operation(
        "POST",
        f"{_PAYWALL}/balances",
        "changeBalance",
        "Credit or debit a user, as the owner.",
        "Changed",
        (
            *OWNER,
            *("identity_required", "identity_not_found", "type_required", "invalid_amount"),
            *("invalid_op", "insufficient", "idempotency_mismatch"),
        ),
        auth=("ownerKey",),
        takes="ChangeRequest",
        headers=("Idempotency-Key",),
    ),
    Operation(
        "GET",
        f"{_PAYWALL}/calls",
        "findCall",
        "Read the receipt of the call that was made under a key: a list of one or none.",
        "Receipts",
        USER,
        auth=("token",),
        query=("key",),
    ),
    Operation(
        "GET",
        f"{_PAYWALL}/calls/{{call_id}}",
        "showCall",
        "Read the receipt of a call of one's own.",
        "Receipt",
        (*USER, "call_not_found"),
        auth=("token",),
    ),
    Operation(
        "GET",
        f"{_PAYWALL}/providers",
        "listProviders",
        "Read which providers this user's page may call, and what a call of each costs.",
        "Providers",
        USER,
        auth=("token",),
    ),
    Operation(
        "POST",
        f"{_PAYWALL}/vouchers/redeem",
        "redeemVoucher",
        "Exchange a voucher's code for its credits, once per user.",
        "Redeemed",
        (*USER, "voucher_invalid", "rate_limited", "body_too_large"),
        auth=("token",),
        takes="VoucherRequest",
    ),
    Operation(
        "POST",
        paths.WITHDRAW_TOKENS,
        "withdrawTokens",
        "Debit a user, as the owner: the older form, with texts in `error` and codes in `code`.",
        "Withdrawn",
        (
            *OWNER,
            *("paywall_required", "identity_required", "identity_not_found", "type_required"),
            *("invalid_amount", "insufficient"),
        ),
        auth=("ownerKey",),
        takes="WithdrawRequest",
    ),
    Operation("GET", paths.JWKS, "keys", "Read the keys that access tokens verify with.", "Keys"),
    Operation("GET", paths.OPENAPI, "document", "Read this document.", "Anything"),
    Operation("GET", paths.HEALTH, "alive", "Ask whether the process is up.", "Done"),
    Operation("GET", paths.READY, "ready", "Ask whether the store commits.", "Done", STORE),
)
