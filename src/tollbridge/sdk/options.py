"""Checks what the SDK is given, before anything is sent. Pure.

Every mistake is a `ConfigError` that names the option and shows the value, secrets as `sk_…last4`.
"""

from tollbridge.sdk import platform
from tollbridge.sdk.errors import ConfigError

# A value in a message is for the eye; no more of it helps.
_SHOWN_CHARS_MAX = 80
_KEY_PREFIXES = ("sk_", "sk-")


def show(value: object) -> str:
    """Return `value` as a message may show it."""
    if isinstance(value, str) and value[:3] in _KEY_PREFIXES:
        return value[:3] + _tail(value)
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARS_MAX else text[:_SHOWN_CHARS_MAX] + "…"


def refuse_unknown(unknown: dict[str, object], *, known: str, code: str, where: str) -> None:
    """Refuse options that do not exist, naming the nearest one that does.

    Args:
        unknown: What was given beyond the known options.
        known: The known options, separated by spaces.
        code: `invalid_config` or `invalid_argument`.
        where: Who was given them.
    """
    for name in sorted(unknown):
        nearest = min(known.split(), key=lambda option: _distance(_plain(name), _plain(option)))
        raise ConfigError(
            code, f"{where} has no option {name!r}; the nearest one is {nearest!r}. Known: {known}"
        )


def check_paywall_id(value: object) -> str:
    """Return the paywall id, or refuse what cannot be one."""
    if not isinstance(value, str) or not value:
        raise ConfigError("invalid_config", f"paywall_id must be a paywall's id, not {show(value)}")
    if value[:3] in _KEY_PREFIXES:
        raise ConfigError("invalid_config", f"paywall_id holds a secret key: {show(value)}")
    return value


def check_origin(value: object) -> str:
    """Return the gateway's origin without a slash at its end, or refuse what is none."""
    if not value:
        raise ConfigError(
            "invalid_config",
            f"api_origin is missing (it is {value!r}); give the gateway's, such as "
            "'https://gateway.example.com'",
        )
    if not isinstance(value, str):
        raise ConfigError("invalid_config", f"api_origin must be a str, not {show(value)}")
    scheme, separator, host = value.partition("://")
    if host.endswith("/"):
        host = host[:-1]
    if not separator or scheme.lower() not in ("http", "https"):
        raise ConfigError(
            "invalid_config", f"api_origin must start with https:// or http://, not {show(value)}"
        )
    if not host or any(char in "/?#@\\" or not "!" <= char <= "~" for char in host):
        raise ConfigError(
            "invalid_config", f"api_origin is scheme and host and no more, not {show(value)}"
        )
    return f"{scheme}://{host}"


def check_api_key(value: object) -> "str | None":
    """Return the owner's key; refuse it where every visitor could read it.

    Raises:
        ConfigError: `apikey_in_browser` in a page, `invalid_config` for what is no key.
    """
    if value is None:
        return None
    if platform.IN_PAGE:
        raise ConfigError(
            "apikey_in_browser",
            f"the owner's key {_show_secret(value)} must not be in a page, where every visitor can "
            "read it; keep it on a server, and revoke this one if the page was ever public",
        )
    if not isinstance(value, str) or value[:3] != "sk_" or any(not "!" <= c <= "~" for c in value):
        raise ConfigError(
            "invalid_config", f"api_key must be a key 'sk_…', not {_show_secret(value)}"
        )
    return value


def check_identity(value: object) -> "dict[str, str] | None":
    """Return whose balance an owner's key speaks of: `{"email": …}` or `{"user_id": …}`."""
    if value is None:
        return None
    if not isinstance(value, dict) or len(value) != 1:
        raise ConfigError(
            "invalid_config",
            f"identity must be {{'user_id': …}} or {{'email': …}}, not {show(value)}",
        )
    for name, who in value.items():
        if name not in ("email", "user_id") or not isinstance(who, str) or not who:
            raise ConfigError(
                "invalid_config",
                f"identity must be {{'user_id': …}} or {{'email': …}}, not {show(value)}",
            )
    return dict(value)


def check_capabilities(value: object) -> str:
    """Return the capabilities joined for their header, "" for none."""
    if value is None:
        return ""
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ConfigError(
            "invalid_config", f"capabilities must be a list of str, not {show(value)}"
        )
    return ",".join(value)


def check_user_id(value: object) -> "str | None":
    """Return a trusted backend's user id, or refuse what is none."""
    if value is None or (isinstance(value, str) and value):
        return value
    raise ConfigError("invalid_config", f"user_id must be a user's id, not {show(value)}")


def check_methods(value: object, *, option: str, methods: str) -> None:
    """Refuse a part that lacks one of `methods` (separated by spaces); None is fine."""
    for method in methods.split():
        if value is not None and not callable(getattr(value, method, None)):
            raise ConfigError(
                "invalid_config", f"{option} must have {method}(), and {show(value)} has not"
            )


def check_callable(value: object, *, option: str, code: str = "invalid_config") -> None:
    """Refuse a hook, transport or clock that cannot be called; None is fine."""
    if value is not None and not callable(value):
        raise ConfigError(code, f"{option} must be callable, not {show(value)}")


def _show_secret(value: object) -> str:
    if not isinstance(value, str):
        return f"a {type(value).__name__}"
    return show(value) if value[:3] in _KEY_PREFIXES else _tail(value)


def _tail(secret: str) -> str:
    return f"…{secret[-4:]}" if len(secret) >= 16 else "…"


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def _distance(one: str, other: str) -> int:
    """Count the single-character edits between two words (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, char in enumerate(one):
        above, row = row, [i + 1]
        for j, wanted in enumerate(other):
            row.append(min(above[j + 1] + 1, row[j] + 1, above[j] + (char != wanted)))
    return row[-1]
