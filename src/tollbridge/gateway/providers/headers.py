"""Which headers travel: the page's to the provider, the provider's to the page. No I/O.

Names are compared in lower case with `_` read as `-`, because servers behind a CGI-like interface
cannot tell the two apart, and `x_api_key` must not stand in for `x-api-key` there.

Source: hop-by-hop headers are those of RFC 9110 section 7.6.1.
"""

import re
from functools import lru_cache

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.presets import PRESETS
from tollbridge.gateway.providers.provider import Provider
from tollbridge.wire import headers as names

RawHeaders = list[tuple[bytes, bytes]]

_HOP_BY_HOP = {
    "connection",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}

# Never go to the provider, with the reason of each group.
_STAYS_HERE = {
    # The connection's own, made anew for the next hop.
    *_HOP_BY_HOP,
    "host",
    "content-length",
    "expect",
    # Who the user is, and what is between the page and us.
    names.AUTHORIZATION,
    names.API_KEY,
    names.IDEMPOTENCY_KEY,
    "cookie",
    "cookie2",
    "origin",
    "referer",
    "dnt",
    # Where the user is.
    "forwarded",
    "via",
    "x-forwarded",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-originating-ip",
    "x-remote-addr",
    "x-remote-ip",
    "client-ip",
    "true-client-ip",
    "fastly-client-ip",
    "cdn-loop",
    # Would have the provider do something else than the rules allowed.
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-rewrite-url",
    # Say a second time, in a spelling that no check of ours reads, what the body is.
    "content_type",
    "content_encoding",
}
_STAYS_HERE_PREFIXES = (
    "proxy-",
    "x-user-",
    "x-sdk-",
    "x-paywall-",
    "x-forwarded-",
    "x-original-",
    "cf-",
    "sec-",
    "if-",
    "access-control-",
)

# Never go to the page, with the reason of each group.
_STAYS_THERE = {
    *_HOP_BY_HOP,
    # Would act on the gateway's origin, or on the proxy in front of it.
    "set-cookie",
    "set-cookie2",
    "clear-site-data",
    "service-worker-allowed",
    "alt-svc",
    "strict-transport-security",
    "public-key-pins",
    "public-key-pins-report-only",
    "expect-ct",
    "refresh",
    "link",
    "www-authenticate",
    "authentication-info",
    "content-security-policy",
    "content-security-policy-report-only",
    "x-content-security-policy",
    "x-webkit-csp",
    "permissions-policy",
    "permissions-policy-report-only",
    "feature-policy",
    "document-policy",
    "origin-agent-cluster",
    "origin-trial",
    "accept-ch",
    "critical-ch",
    "set-login",
    "activate-storage-access",
    "integrity-policy",
    "integrity-policy-report-only",
    "document-isolation-policy",
    "use-as-dictionary",
    "observe-browsing-topics",
    "referrer-policy",
    "speculation-rules",
    "timing-allow-origin",
    "x-frame-options",
    "x-xss-protection",
    "x-permitted-cross-domain-policies",
    "x-dns-prefetch-control",
    "sourcemap",
    "x-sourcemap",
    "nel",
    "report-to",
    "reporting-endpoints",
    # Said by us, once.
    "x-content-type-options",
    "cache-control",
    "cdn-cache-control",
    "pragma",
    "expires",
    "age",
    "date",
    "server",
    "via",
    # Named like ours.
    names.AUTHORIZATION,
    names.API_KEY,
    names.CALL_ID,
    names.QUERY_TYPE,
    names.REQUEST_ID,
    names.PROVIDER_REQUEST_ID,
    names.ERROR_SOURCE,
    names.IDEMPOTENT_REPLAYED,
    names.IDEMPOTENCY_KEY,
    names.SERVER_TIMING,
}
_STAYS_THERE_PREFIXES = (
    "proxy-",
    "access-control-",
    "attribution-reporting-",
    "cross-origin-",
    "sec-",
    "x-accel-",
    "x-sendfile",
    "x-lighttpd-",
    "x-litespeed-",
    "surrogate-",
    "x-credits-",
    "x-balance-",
    "x-user-",
    "x-sdk-",
    "x-paywall-",
)
# The owner's account at the provider: what it is called, and what it may still do.
_ACCOUNT = re.compile(r"rate-?limit|organization|openai-project|workspace|quota|billing|account")

_ADDED: RawHeaders = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"sandbox"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]

_REQUEST_ID = names.REQUEST_ID.encode()
_NAME = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def to_provider(provider: Provider, headers: RawHeaders) -> list[tuple[str, str]]:
    """Return the headers that go to the provider: what may travel, then the provider's own.

    A page that asked for no encoding gets `Accept-Encoding: identity` sent, so that the answer
    comes as plain as it was asked for. `Host` and `Content-Length` are left to the connection.

    Args:
        provider: Its key is set last, whatever the page sent in its place.
        headers: The page's, in any case.

    Raises:
        Refusal: `invalid_request` where a value cannot travel: control characters, or bytes that
            are not UTF-8.
    """
    preset = PRESETS[provider.preset]
    dropped = _listed_by_connection(headers) | {provider.key_header, *preset.drops}
    kept = []
    for raw_name, value in headers:
        spelt = _leaves_here(raw_name)
        if spelt is not None and dropped.isdisjoint(spelt):
            kept.append((spelt[0], _text(spelt[0], value)))
    present = {name for name, _ in kept}
    added = (("accept-encoding", "identity"), *preset.adds)
    kept += [(name, value) for name, value in added if name not in present]
    if provider.key is not None:
        key = provider.key.reveal()
        is_bearer = provider.key_header == names.AUTHORIZATION
        kept.append((provider.key_header, f"Bearer {key}" if is_bearer else key))
    return kept


def to_page(headers: RawHeaders) -> RawHeaders:
    """Return the headers of an answer that goes to the page, in lower case.

    What belongs to the connection, to the provider's account or to the provider's own origin is
    left out, the provider's request id gets another name, and what makes the answer harmless on
    the gateway's origin is added. CORS and the gateway's own headers are somebody else's to add.
    """
    dropped = _listed_by_connection(headers)
    kept: RawHeaders = []
    request_id: bytes | None = None
    for raw_name, value in headers:
        spelt = _leaves_there(raw_name)
        if spelt is None or _CONTROL.search(value):
            continue
        if spelt[0] == names.REQUEST_ID:
            request_id = value if request_id is None else request_id
        elif dropped.isdisjoint(spelt):
            kept.append((spelt[0].encode(), value))
    if request_id is not None:
        kept.append((names.PROVIDER_REQUEST_ID.encode(), request_id))
    return kept + _ADDED


@lru_cache(maxsize=512)  # pages choose names; the usual ones stay in here
def _leaves_here(raw_name: bytes) -> tuple[str, str] | None:
    """Return a name's two spellings, in lower case and with dashes; None if it stays here."""
    return _spell(raw_name, _STAYS_HERE, _STAYS_HERE_PREFIXES)


@lru_cache(maxsize=512)  # as above, for what providers send
def _leaves_there(raw_name: bytes) -> tuple[str, str] | None:
    """Return a name's two spellings; None if it stays there. The request id is let through."""
    if raw_name.lower() == _REQUEST_ID:
        return names.REQUEST_ID, names.REQUEST_ID
    spelt = _spell(raw_name, _STAYS_THERE, _STAYS_THERE_PREFIXES)
    return None if spelt is None or _ACCOUNT.search(spelt[0]) else spelt


def _spell(raw_name: bytes, listed: set[str], prefixes: tuple[str, ...]) -> tuple[str, str] | None:
    # A name that is no token cannot travel; servers do not let one in.
    if not _NAME.fullmatch(raw_name):
        return None
    name = raw_name.decode("ascii").lower()
    plain = name.replace("_", "-")
    if name in listed or plain in listed or plain.startswith(prefixes):
        return None
    return name, plain


def _listed_by_connection(headers: RawHeaders) -> set[str]:
    return {
        token.strip(b" \t").decode("latin-1").lower()
        for name, value in headers
        if name.lower() == b"connection"
        for token in value.split(b",")
    }


def _text(name: str, value: bytes) -> str:
    if _CONTROL.search(value):
        raise Refusal("invalid_request", f"The header {name[:100]} holds a control character.")
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Refusal(
            "invalid_request", f"The header {name[:100]} holds bytes that are not UTF-8."
        ) from None
