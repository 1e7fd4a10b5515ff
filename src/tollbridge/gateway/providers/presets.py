"""Presets: what is known about an API beforehand, as data, and the making of a provider."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.addresses import check_host
from tollbridge.gateway.providers.paths import parse_path
from tollbridge.gateway.providers.provider import Provider, Rule
from tollbridge.gateway.secret import Secret

MAX_BODY_BYTES_DEFAULT = 1024 * 1024
# A gathered body is held in memory; files belong into multipart, which streams.
MAX_BODY_BYTES_MAX = 20 * 1024 * 1024
# Longer than any sensible wait; it catches milliseconds given as seconds.
TIMEOUT_S_MAX = 24 * 60 * 60
# A sum of costs must stay a number that JavaScript can hold.
COST_MAX = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Preset:
    """What is known about an API.

    Attributes:
        base_url: The API's public address, or "" where the owner must name one.
        allow: What may be called, or () where the owner names it.
        key_header: The header that carries the key.
        llm: A language model's API: its bodies are JSON and name a model that must be allowed.
        adds: Headers that go out where the page sent none of that name.
        drops: Headers of the page that choose whose account pays; they never go out.
    """

    base_url: str
    allow: tuple[Rule, ...]
    key_header: str = "authorization"
    llm: bool = False
    adds: tuple[tuple[str, str], ...] = ()
    drops: tuple[str, ...] = ()


_OPENAI_ACCOUNT = ("openai-organization", "openai-project")
_CHAT = (Rule("POST", "v1/chat/completions"),)

PRESETS = {
    "openai-chat": Preset("https://api.openai.com", _CHAT, llm=True, drops=_OPENAI_ACCOUNT),
    "openai-compatible": Preset("", _CHAT, llm=True, drops=_OPENAI_ACCOUNT),
    "anthropic-messages": Preset(
        "https://api.anthropic.com",
        (Rule("POST", "v1/messages"),),
        key_header="x-api-key",
        llm=True,
        adds=(("anthropic-version", "2023-06-01"),),
    ),
    "http": Preset("", ()),
}

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_QUERY_TYPE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,64}")
_KEY = re.compile(r"[!-~]{1,4096}")
# Names that a key must not take the place of.
_NOT_FOR_KEYS = ("host", "connection", "content-length", "content-type", "transfer-encoding")


def make_provider(
    provider_id: str,
    *,
    paywall_id: str,
    preset: str,
    query_type: str,
    base_url: str = "",
    cost: int = 1,
    models: Iterable[str] = (),
    allow: Iterable[Rule | str] = (),
    charge_on: str = "headers",
    max_body_bytes: int = MAX_BODY_BYTES_DEFAULT,
    first_byte_timeout_s: int | None = None,
    idle_timeout_s: int | None = None,
    key_header: str = "",
    key: Secret | None = None,
    allow_private: bool = False,
    anonymous_allowed: bool = True,
    enabled: bool = True,
) -> Provider:
    """Make a provider, every field checked; see `Provider` for what they mean.

    `base_url` and `key_header` may be left out where the preset knows them. `models` must be named
    for an LLM preset and only there, `allow` for `http` and only there; a rule may be text such as
    `POST v1/things/*`.

    Raises:
        ValueError: A field cannot be; the message is a sentence that shows the value, never a key.
    """
    known = PRESETS.get(preset)
    if known is None:
        raise ValueError(f"{preset!r} is no preset; there are {', '.join(PRESETS)}")
    if charge_on != "headers":
        raise ValueError(f"charge_on {charge_on!r} is not supported by this version, only headers")
    if key is not None and not _KEY.fullmatch(key.reveal()):
        raise ValueError("the key is empty or holds a blank, a line break or other than ASCII")
    return Provider(
        provider_id=_matching(_ID, provider_id, "provider id", "prov_chat"),
        paywall_id=_matching(_ID, paywall_id, "paywall id", "pw_demo"),
        preset=preset,
        base_url=_read_base_url(base_url or known.base_url, preset, allow_private=allow_private),
        query_type=_matching(_QUERY_TYPE, query_type, "query type", "standard"),
        cost=_whole("cost", cost, low=0, high=COST_MAX),
        models=_read_models(tuple(models), preset),
        allow=_read_rules(tuple(allow), preset),
        charge_on=charge_on,
        max_body_bytes=_whole("max_body_bytes", max_body_bytes, low=1, high=MAX_BODY_BYTES_MAX),
        first_byte_timeout_s=_seconds("first_byte_timeout_s", first_byte_timeout_s),
        idle_timeout_s=_seconds("idle_timeout_s", idle_timeout_s),
        key_header=_read_key_header(key_header or known.key_header),
        key=key,
        allow_private=allow_private,
        anonymous_allowed=anonymous_allowed,
        enabled=enabled,
    )


def _matching(pattern: re.Pattern[str], text: str, what: str, example: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(
            f"{text!r} is no {what}: at most 64 {_letters(pattern)}, digits, . _ and -, "
            f"such as {example}"
        )
    return text


def _letters(pattern: re.Pattern[str]) -> str:
    return "letters" if pattern is _ID else "lower-case letters"


def _read_base_url(text: str, preset: str, *, allow_private: bool) -> str:
    if not text:
        raise ValueError(f"the preset {preset} needs a base URL")
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
    if PRESETS[preset].llm and path.split("/")[-1] == "v1":
        raise ValueError(f"leave /v1 out of the base URL {text!r}: the page's path begins with it")
    base_url = f"{parts.scheme}://{parts.netloc.lower()}"
    return f"{base_url}/{path}" if path else base_url


def _read_models(models: tuple[str, ...], preset: str) -> tuple[str, ...]:
    if not PRESETS[preset].llm and models:
        raise ValueError(f"the preset {preset} reads no body, so it cannot allow models: {models}")
    if PRESETS[preset].llm and not models:
        raise ValueError(f"the preset {preset} needs its models named: --model NAME")
    for model in models:
        if not model or len(model) > 200 or not model.isprintable():
            raise ValueError(f"{model!r} is no name of a model")
    return tuple(dict.fromkeys(models))


def _read_rules(given: tuple[Rule | str, ...], preset: str) -> tuple[Rule, ...]:
    rules = tuple(rule if isinstance(rule, Rule) else Rule.parse(rule) for rule in given)
    fixed = PRESETS[preset].allow
    if fixed and rules and set(rules) != set(fixed):
        raise ValueError(f"the preset {preset} allows {fixed[0]} and nothing else; leave allow out")
    if not fixed and not rules:
        raise ValueError(
            f"the preset {preset} allows nothing by itself: --allow 'POST v1/things/*'"
        )
    return fixed or tuple(dict.fromkeys(rules))


def _read_key_header(text: str) -> str:
    name = text.lower()
    if not _HEADER_NAME.fullmatch(name) or name in _NOT_FOR_KEYS:
        raise ValueError(f"{text!r} is no header that can carry a key")
    return name


def _seconds(name: str, value: int | None) -> int | None:
    return None if value is None else _whole(name, value, low=1, high=TIMEOUT_S_MAX)


def _whole(name: str, value: int, *, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}; it must be a whole number from {low} to {high}")
    return value
