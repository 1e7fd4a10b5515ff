"""What a page may ask of a provider: method, path, query, media type, body. No I/O.

Everything that is not allowed is refused.
"""

import re
from urllib.parse import unquote_to_bytes

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.bodies import apply_rules
from tollbridge.gateway.providers.paths import parse_path
from tollbridge.gateway.providers.presets import PRESETS
from tollbridge.gateway.providers.provider import Provider
from tollbridge.wire.paths import PAYWALL_QUERY, TEST_MODE_QUERY

__all__ = [
    "STREAMED_BODY_MAX",
    "check_route",
    "gathers",
    "parse_path",
    "prepare_body",
    "upstream_query",
]

# Bytes of a body that streams through. It costs no memory; the bound keeps an upload from
# occupying a connection for long.
STREAMED_BODY_MAX = 32 * 1024 * 1024

_JSON = re.compile(r"application/([a-z0-9!#$&^_.+-]+\+)?json")
_UTF_8 = re.compile(r"charset=(\"utf-?8\"|utf-?8)")
_OWN_PARAMETERS = (PAYWALL_QUERY.encode(), TEST_MODE_QUERY.encode())
# What cannot stand in the query of a URL; a server in between might cut there.
_QUERY_FORBIDDEN = re.compile(rb"[^!-~]|#")


def check_route(provider: Provider, method: str, path: str) -> None:
    """Refuse a method or a path that none of the provider's rules allows.

    Args:
        provider: Whose rules count.
        method: In capitals.
        path: As `parse_path` returned it.

    Raises:
        Refusal: `path_not_allowed` where no rule matches the path, `method_not_allowed` where one
            does, for another method.
    """
    methods = [rule.method for rule in provider.allow if rule.allows_path(path)]
    if not methods:
        raise Refusal("path_not_allowed", f"This provider does not allow the path {path[:200]!r}.")
    if method not in methods:
        allowed = ", ".join(sorted(set(methods)))
        raise Refusal(
            "method_not_allowed",
            f"This provider allows {allowed} for the path {path[:200]!r}.",
            headers={"allow": allowed},
        )


def gathers(provider: Provider, content_type: str | None, *, sealed: bool = False) -> bool:
    """Tell whether a body of this media type is gathered; others stream through.

    JSON is gathered, up to the provider's `max_body_bytes`; multipart, binary and text stream, up
    to `STREAMED_BODY_MAX`.

    Args:
        provider: Whose preset counts.
        content_type: As the page sent it.
        sealed: The body is read for a template, whatever the preset does.

    Raises:
        Refusal: `unsupported_body` where the body is to be read and this is no JSON, or JSON in
            another charset than UTF-8.
    """
    media_type, *parameters = [
        part.strip(" \t") for part in (content_type or "").lower().split(";")
    ]
    reads_body = sealed or PRESETS[provider.preset].llm
    if _JSON.fullmatch(media_type):
        if reads_body:
            _refuse_other_charsets(parameters)
        return True
    if reads_body:
        raise Refusal(
            "unsupported_body",
            f"This takes JSON, not {media_type[:100] or 'a body without a type'!r}; "
            "send it with Content-Type: application/json.",
        )
    return False


def _refuse_other_charsets(parameters: list[str]) -> None:
    """Refuse a charset by which a provider would read another model than we do.

    In UTF-7 a text can end where in UTF-8 it goes on, and some servers decode as they are told.
    """
    for parameter in parameters:
        if "charset" in parameter and not _UTF_8.fullmatch(parameter):
            raise Refusal("unsupported_body", f"This takes JSON in UTF-8, not {parameter[:100]!r}.")


def prepare_body(provider: Provider, path: str, body: bytes) -> bytes:
    """Return the bytes that go to the provider for a gathered body; `http` sends any as it is.

    It is the very `body` where the preset's rules rewrite nothing.

    Args:
        provider: Whose preset, models and limit of output tokens count.
        path: As `parse_path` returned it, and as `check_route` let it pass.
        body: As the page sent it.

    Raises:
        Refusal: `invalid_request` where it is no JSON object with one `model` that is text;
            `model_not_allowed` where the model is not among the provider's; `body_rule` where it
            asks for what a credit does not buy.
    """
    preset = PRESETS[provider.preset]
    if not preset.llm:
        return body
    return apply_rules(
        preset.bodies[path],
        body,
        models=provider.models,
        max_output_tokens=provider.max_output_tokens,
    )


def upstream_query(raw_query: bytes) -> bytes:
    """Return the query that goes to the provider: everything but our own two parameters.

    What stays keeps its bytes and its order. A percent-encoded spelling of our parameters is
    theirs too.

    Raises:
        Refusal: `invalid_request` where it holds bytes that no URL's query can.
    """
    if _QUERY_FORBIDDEN.search(raw_query):
        raise Refusal(
            "invalid_request", "The query holds bytes that must be percent-encoded in a URL."
        )
    kept = [
        part
        for part in raw_query.split(b"&")
        if unquote_to_bytes(part.partition(b"=")[0]) not in _OWN_PARAMETERS
    ]
    return b"&".join(kept)
