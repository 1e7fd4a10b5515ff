"""Header names, in lower case, as both sides use them."""

AUTHORIZATION = "authorization"
PAYWALL_ID = "x-paywall-id"
API_KEY = "x-api-key"
USER_ID = "x-user-id"
SDK_VERSION = "x-sdk-version"
SDK_CAPABILITIES = "x-sdk-capabilities"
IDEMPOTENCY_KEY = "idempotency-key"

CALL_ID = "x-call-id"
CREDITS_CHARGED = "x-credits-charged"
CREDITS_REMAINING = "x-credits-remaining"
BALANCE_VERSION = "x-balance-version"
QUERY_TYPE = "x-query-type"
REQUEST_ID = "x-request-id"
PROVIDER_REQUEST_ID = "x-provider-request-id"
ERROR_SOURCE = "x-error-source"
IDEMPOTENT_REPLAYED = "idempotent-replayed"
RETRY_AFTER = "retry-after"
SERVER_TIMING = "server-timing"

# A page on another origin can read only the answer headers that CORS exposes.
EXPOSED = (
    CALL_ID,
    CREDITS_CHARGED,
    CREDITS_REMAINING,
    BALANCE_VERSION,
    QUERY_TYPE,
    REQUEST_ID,
    PROVIDER_REQUEST_ID,
    ERROR_SOURCE,
    IDEMPOTENT_REPLAYED,
    RETRY_AFTER,
    SERVER_TIMING,
)

# The SDK sets these itself; what the caller of `call()` gives under these names is not sent.
# Whose call it is says the token alone: a user id is not a page's to choose.
PROTECTED = (AUTHORIZATION, PAYWALL_ID, API_KEY, USER_ID, SDK_VERSION, SDK_CAPABILITIES)

# Values of ERROR_SOURCE.
FROM_GATEWAY = "gateway"
FROM_PROVIDER = "provider"
