"""Reads the single fields of a provider; each error is a sentence that shows the value. No I/O."""

import re
from urllib.parse import urlsplit

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.addresses import check_host
from tollbridge.gateway.providers.paths import parse_path
from tollbridge.gateway.secret import Secret
from tollbridge.wire.paths import TEMPLATE_PREFIX

CHARGE_ON = ("headers", "first_byte", "complete")
# Longer than any sensible wait; it catches milliseconds given as seconds.
TIMEOUT_S_MAX = 24 * 60 * 60

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_QUERY_TYPE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,64}")
_KEY = re.compile(r"[!-~]{1,4096}")
# Names that a key must not take the place of.
_NOT_FOR_KEYS = ("host", "connection", "content-length", "content-type", "transfer-encoding")


def read_id(text: str, what: str, example: str) -> str:
    """Check an id; `what` and `example` are for the sentence."""
    if not _ID.fullmatch(text):
        raise ValueError(_no_name(text, what, "letters", example))
    return text


def read_provider_id(text: str) -> str:
    """Check the id of a provider; it cannot be taken for a template's."""
    if text.startswith(TEMPLATE_PREFIX):
        raise ValueError(f"{text!r} is no provider id: {TEMPLATE_PREFIX} begins those of templates")
    return read_id(text, "provider id", "prov_chat")


def read_query_type(text: str) -> str:
    """Check the slug of a query type."""
    if not _QUERY_TYPE.fullmatch(text):
        raise ValueError(_no_name(text, "query type", "lower-case letters", "standard"))
    return text


def _no_name(text: str, what: str, letters: str, example: str) -> str:
    return f"{text!r} is no {what}: at most 64 {letters}, digits, . _ and -, such as {example}"


def read_charge_on(text: str) -> str:
    """Check when calls are settled."""
    if text not in CHARGE_ON:
        raise ValueError(f"charge_on is {text!r}; it must be one of {', '.join(CHARGE_ON)}")
    return text


def read_base_url(text: str, *, allow_private: bool, without_v1: bool) -> str:
    """Return a base URL in one spelling, without a slash at its end.

    Args:
        text: As the owner wrote it.
        allow_private: It may be http, and in a private network.
        without_v1: The page's path begins with `v1`, so that it must not end with it.
    """
    if not re.fullmatch(r"[!-~]+", text) or "\\" in text:
        raise ValueError(f"the base URL {text!r} holds a blank or other than ASCII")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"the base URL {text!r} is no URL: {error}") from None
    if "@" in parts.netloc or "?" in text or "#" in text:
        raise ValueError("a base URL has no user, password, query or fragment")
    if parts.scheme not in ("https", "http") or not parts.netloc:
        raise ValueError(f"the base URL {text!r} must begin with https://")
    if parts.scheme == "http" and not allow_private:
        raise ValueError(f"the base URL {text!r} must be https; --allow-private permits http")
    check_host(parts.hostname or "", allow_private=allow_private)
    path = parts.path.strip("/")
    try:
        parse_path(path.encode())
    except Refusal as refusal:
        raise ValueError(f"the base URL {text!r} has a path that cannot be: {refusal}") from None
    if without_v1 and path.split("/")[-1] == "v1":
        raise ValueError(f"leave /v1 out of the base URL {text!r}: the page's path begins with it")
    base_url = f"{parts.scheme}://{parts.netloc.lower()}"
    return f"{base_url}/{path}" if path else base_url


def read_key(key: Secret | None) -> Secret | None:
    """Check that a header can carry a key; the sentence never shows it."""
    if key is not None and not _KEY.fullmatch(key.reveal()):
        raise ValueError("the key is empty or holds a blank, a line break or other than ASCII")
    return key


def read_key_header(text: str) -> str:
    """Return the name of the header that carries a key, in lower case."""
    name = text.lower()
    if not _HEADER_NAME.fullmatch(name) or name in _NOT_FOR_KEYS:
        raise ValueError(f"{text!r} is no header that can carry a key")
    return name


def read_seconds(name: str, value: int | None) -> int | None:
    """Check a timeout; None is the gateway's own."""
    return None if value is None else read_whole(name, value, low=1, high=TIMEOUT_S_MAX)


def read_whole(name: str, value: int, *, low: int, high: int) -> int:
    """Check a whole number."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}; it must be a whole number from {low} to {high}")
    return value
