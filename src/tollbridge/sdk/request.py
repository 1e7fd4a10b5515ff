"""Builds the requests of the SDK. Pure: no token, no network."""

from tollbridge.sdk import platform
from tollbridge.sdk.errors import ConfigError
from tollbridge.sdk.options import show
from tollbridge.wire import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

METHODS = ("GET", "POST")


def call_url(api_origin: str, paywall_id: str, provider_id: object, path: object) -> str:
    """Return the address of a metered call.

    Raises:
        ConfigError: `invalid_argument`: no provider, or a path that would leave the provider's
            prefix once the browser has tidied it up.
    """
    if not isinstance(provider_id, str) or provider_id in ("", ".", ".."):
        raise ConfigError(
            "invalid_argument", f"provider_id must be a provider's id, not {show(provider_id)}"
        )
    if not isinstance(path, str):
        raise ConfigError("invalid_argument", f"path must be a str, not {show(path)}")
    _check_path(path)
    url = api_origin + paths.call(provider_id, _encoded(path))
    separator = "&" if "?" in path else "?"
    return f"{url}{separator}{paths.PAYWALL_QUERY}={paths.quote(paywall_id)}"


def template_body(template_id: object, variables: object) -> "dict[str, Any]":
    """Return what a page sends for a template.

    Raises:
        ConfigError: `invalid_argument`: no template's id, or values that are no texts by name.
    """
    prefix = paths.TEMPLATE_PREFIX
    if not isinstance(template_id, str) or not template_id.startswith(prefix):
        raise ConfigError(
            "invalid_argument",
            f"template_id must be a template's id '{prefix}…', not {show(template_id)}",
        )
    given = {} if variables is None else variables
    if not isinstance(given, dict):
        raise ConfigError("invalid_argument", f"variables must be a dict, not {show(given)}")
    for name, text in given.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise ConfigError(
                "invalid_argument", f"variables must be texts by name, and {show(name)} is none"
            )
    return {"template": template_id, "variables": dict(given)}


def check_method(method: object, *, has_body: bool) -> str:
    """Return the method in capitals.

    Raises:
        ConfigError: `invalid_argument`: not GET or POST, or a GET with a body.
    """
    name = method.upper() if isinstance(method, str) else ""
    if name not in METHODS:
        raise ConfigError("invalid_argument", f"method must be 'GET' or 'POST', not {show(method)}")
    if name == "GET" and has_body:
        raise ConfigError("invalid_argument", "a GET carries no body; use method='POST'")
    return name


def check_signal(signal: object) -> None:
    """Refuse what is no abort signal; None is fine.

    Raises:
        ConfigError: `invalid_argument`.
    """
    if signal is None or platform.js_kind(signal) == "signal":
        return
    if not hasattr(signal, "aborted") or not callable(getattr(signal, "subscribe", None)):
        raise ConfigError(
            "invalid_argument",
            f"signal must be the signal of an AbortController, not {show(signal)}",
        )


def _check_path(path: str) -> None:
    if any(char < " " or char in "\x7f\\#" for char in path):
        raise ConfigError(
            "invalid_argument",
            f"path must not hold control characters, '\\' or '#': {show(path)}",
        )
    for segment in path.partition("?")[0].split("/"):
        if segment.lower().replace("%2e", ".") in (".", ".."):
            raise ConfigError("invalid_argument", f"path must not hold dot segments: {show(path)}")


def _encoded(path: str) -> str:
    """Percent-encode what no address may hold; everything else is the caller's own."""
    return "".join(char if "!" <= char <= "~" else paths.quote(char) for char in path)
