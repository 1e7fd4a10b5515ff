"""A metered call as it was asked for: read from the address and the headers. No I/O."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.owner.once import read_key
from tollbridge.gateway.providers.policy import parse_path, upstream_query
from tollbridge.wire import headers as names
from tollbridge.wire.paths import GATEWAY, PAYWALL_QUERY, TEMPLATE_PREFIX

Headers = Iterable[tuple[bytes, bytes]]

METHODS = ("GET", "POST")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PREFIX = GATEWAY.encode() + b"/"


@dataclass(frozen=True, slots=True)
class CallRequest:
    """What the page asked for.

    Attributes:
        called_id: Of the provider or the template that the address names.
        path: The provider's path, without a leading slash, percent-encoding untouched.
        query: The raw query that goes upstream, without the gateway's own parameters.
        content_length: As announced, or None.
        idempotency_key: Under which the page may repeat the call, or None.
    """

    method: str
    paywall_id: str
    called_id: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    content_type: str
    content_length: int | None
    authorization: str
    api_key: str
    user_id: str
    origin: str
    idempotency_key: str | None

    @property
    def to_template(self) -> bool:
        """Whether the address names a template."""
        return self.called_id.startswith(TEMPLATE_PREFIX)


def read_request(scope: Mapping[str, Any]) -> CallRequest:
    """Read a call from an ASGI scope.

    Raises:
        Refusal: Its form is wrong: method, ids, path, or headers that contradict each other.
    """
    method = scope["method"]
    if method not in METHODS:
        raise Refusal(
            "method_not_allowed",
            f"A call is GET or POST, not {method}.",
            headers={"allow": "GET, POST"},
        )
    raw_path, query = scope["raw_path"], scope["query_string"]
    called, _, path = raw_path[len(_PREFIX) :].partition(b"/")
    headers = scope["headers"]
    one = _single_headers(headers)
    return CallRequest(
        method=method,
        paywall_id=_paywall_id(query, one.get(names.PAYWALL_ID, "")),
        called_id=_id("provider", unquote_to_bytes(called).decode("latin-1")),
        path=parse_path(path),
        query=upstream_query(query),
        headers=headers,
        content_type=one.get("content-type", ""),
        content_length=_content_length(one),
        authorization=one.get(names.AUTHORIZATION, ""),
        api_key=one.get(names.API_KEY, ""),
        user_id=one.get(names.USER_ID, ""),
        origin=one.get("origin", ""),
        idempotency_key=read_key(one.get(names.IDEMPOTENCY_KEY)),
    )


_SINGLE = (
    names.AUTHORIZATION,
    names.API_KEY,
    names.PAYWALL_ID,
    names.USER_ID,
    names.IDEMPOTENCY_KEY,
    "content-type",
    "content-length",
    "content-encoding",
    "origin",
)
_SINGLE_RAW = {name.encode(): name for name in _SINGLE}


def _single_headers(headers: Headers) -> dict[str, str]:
    # Two values of one of these could mean one thing to us and another to the provider.
    found: dict[str, str] = {}
    for raw_name, value in headers:
        name = _SINGLE_RAW.get(raw_name)
        if name is None:
            continue
        if name in found:
            raise Refusal("invalid_request", f"The header {name} was sent more than once.")
        found[name] = value.decode("latin-1")
    encoding = found.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise Refusal(
            "unsupported_body", "A compressed request body cannot be checked; send it plain."
        )
    return found


def _paywall_id(query: bytes, header: str) -> str:
    given = parse_qs(query.decode("latin-1"), keep_blank_values=True).get(PAYWALL_QUERY, [])
    stated = {*given, *([header] if header else [])}
    if not stated:
        raise Refusal(
            "paywall_required", "Name the paywall: ?paywall_id=… or the header X-Paywall-Id."
        )
    if len(stated) > 1:
        raise Refusal("paywall_mismatch", "The address and X-Paywall-Id name different paywalls.")
    return _id("paywall", stated.pop())


def _id(kind: str, text: str) -> str:
    if not _ID.fullmatch(text):
        raise Refusal("invalid_request", f"{text[:80]!r} is not the id of a {kind}.")
    return text


def _content_length(one: Mapping[str, str]) -> int | None:
    text = one.get("content-length")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise Refusal("invalid_request", "Content-Length is not a whole number.")
    return int(text)
