"""Settings: read once from the environment, frozen, with the unit in every name."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from tollbridge.gateway.errors import StartError
from tollbridge.gateway.secret import Secret

Network = IPv4Network | IPv6Network

PREFIX = "TOLLBRIDGE_"
DEFAULT_DATA_DIR = Path("var")

# Default and reason of each; `off` lifts one.
LIMITS = {
    # A page has a chat or two and some background calls; a bug that loops is stopped here.
    "USER_RUNNING": 16,
    # One a second for a minute is faster than anybody reads answers.
    "USER_PER_MINUTE": 60,
    # Calls of cost 0 poll and list; nothing else bounds them.
    "USER_FREE_PER_MINUTE": 120,
    # An office or a school behind one address; below what one caller needs to exhaust us.
    "ADDRESS_RUNNING": 64,
    "ADDRESS_PER_MINUTE": 300,
    # Each makes rows for ever; a family behind one address signs in less often.
    "ADDRESS_SIGN_INS": 10,
    # Each makes a session; nobody opens or reloads an app every half minute for ten minutes.
    "USER_SIGN_INS": 20,
    # Free credits a day for one address: who clears his cookies gets five times the trial.
    "ADDRESS_TRIALS": 5,
    # Free credits a day in all: what the owner loses at most to a farm with many addresses.
    "PAYWALL_TRIAL_CREDITS": 1000,
    # Of these, what the pages of one origin give away: all of it, since most paywalls have one
    # site; so unless it is set, it is what that one is. Who has several sites divides it.
    "ORIGIN_TRIAL_CREDITS": 1000,
    # A person who presses Stop while waiting does so a few times; beyond that it is free work.
    "USER_EARLY_LEAVES": 5,
    # Calls given back for the caller's own doing cost the owner's rate limit at the provider.
    "USER_FAILURES": 30,
    # A code is copied wrong a few times; guessing one takes far more.
    "VOUCHER_TRIES": 10,
    # Reasoning models think for minutes before their first byte.
    "FIRST_BYTE_S": 300,
    # Providers send something (a ping, a token) far more often than this while they are alive.
    "IDLE_S": 120,
    # The longest answers of today end within half an hour.
    "STREAM_S": 1800,
    # Tokens, cookies of a shared host and tracing headers fit in a quarter of it.
    "HEADER_BYTES": 16384,
    # A megabyte takes this long at 140 kbit/s; gathered bodies share the process's memory.
    "UPLOAD_S": 60,
    # A phone between two cells is back sooner; a stalled page holds memory meanwhile.
    "UPLOAD_IDLE_S": 15,
}

# How often a gateway process says that it lives, and how long one may be silent before its calls
# are swept: a stop-the-world pause or a slow disk is over sooner.
BEAT_S = 5
SILENT_S = 20
# The request log is for looking into last month's complaint; the ledger is kept for ever.
REQUEST_LOG_DAYS = 30

# How long answers that run may go on once a process is asked to end: nearly all are over by then,
# and with what follows it stays about the thirty seconds after which orchestrators kill.
GRACE_S = 25

# More processes than any machine has processors.
WORKERS_MAX = 1024

# Lines for a person or for a program; `auto` is text on a terminal and JSON elsewhere.
LOG_FORMATS = ("auto", "json", "text")

NAMES = (
    "HOST",
    "PORT",
    "DATA_DIR",
    "DATABASE_URL",
    "PUBLIC_URL",
    "WORKERS",
    "SITE_DIR",
    "MASTER_KEY",
    "MASTER_KEY_FILE",
    # Read by the command that adds the real providers, not by the server.
    "OPENAI_MODELS",
    "ANTHROPIC_MODELS",
    "TRUSTED_PROXIES",
    "BEAT_S",
    "SILENT_S",
    "GRACE_S",
    "REQUEST_LOG_DAYS",
    "METRICS_TOKEN",
    "METRICS_PORT",
    "LOG_FORMAT",
    *(f"LIMIT_{name}" for name in LIMITS),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force; None lifts one."""

    user_running: int | None = LIMITS["USER_RUNNING"]
    user_per_minute: int | None = LIMITS["USER_PER_MINUTE"]
    user_free_per_minute: int | None = LIMITS["USER_FREE_PER_MINUTE"]
    address_running: int | None = LIMITS["ADDRESS_RUNNING"]
    address_per_minute: int | None = LIMITS["ADDRESS_PER_MINUTE"]
    address_sign_ins: int | None = LIMITS["ADDRESS_SIGN_INS"]
    user_sign_ins: int | None = LIMITS["USER_SIGN_INS"]
    address_trials: int | None = LIMITS["ADDRESS_TRIALS"]
    paywall_trial_credits: int | None = LIMITS["PAYWALL_TRIAL_CREDITS"]
    origin_trial_credits: int | None = LIMITS["ORIGIN_TRIAL_CREDITS"]
    user_early_leaves: int | None = LIMITS["USER_EARLY_LEAVES"]
    user_failures: int | None = LIMITS["USER_FAILURES"]
    voucher_tries: int | None = LIMITS["VOUCHER_TRIES"]
    first_byte_s: int | None = LIMITS["FIRST_BYTE_S"]
    idle_s: int | None = LIMITS["IDLE_S"]
    stream_s: int | None = LIMITS["STREAM_S"]
    header_bytes: int | None = LIMITS["HEADER_BYTES"]
    upload_s: int | None = LIMITS["UPLOAD_S"]
    upload_idle_s: int | None = LIMITS["UPLOAD_IDLE_S"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decided."""

    host: str = "127.0.0.1"
    port: int = 8642
    data_dir: Path = DEFAULT_DATA_DIR
    database_url: Secret | None = None
    workers: int = 1
    public_url: str = ""
    site_dir: Path | None = None
    master_key: Secret | None = None
    master_key_file: Path | None = None
    trusted_proxies: tuple[Network, ...] = ()
    beat_s: int = BEAT_S
    silent_s: int = SILENT_S
    grace_s: int = GRACE_S
    request_log_days: int = REQUEST_LOG_DAYS
    metrics_token: Secret | None = None
    metrics_port: int | None = None
    log_format: str = "auto"
    limits: Limits = field(default_factory=Limits)

    @property
    def issuer(self) -> str:
        """The address that tokens name as their issuer."""
        return self.public_url or f"http://localhost:{self.port}"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from an environment.

    Raises:
        StartError: A name is unknown (the nearest known one is named) or a value is malformed.
    """
    given = {
        name.removeprefix(PREFIX): value
        for name, value in environment.items()
        if name.startswith(PREFIX)
    }
    for name, value in given.items():
        if name not in NAMES:
            raise StartError(_unknown(name))
        if not value:
            raise StartError(f"{PREFIX}{name} is empty; give it a value, or do not set it")
    return Settings(
        host=given.get("HOST", "127.0.0.1"),
        port=_whole("PORT", given.get("PORT", "8642"), low=0, high=65535),
        data_dir=Path(given.get("DATA_DIR", DEFAULT_DATA_DIR)),
        database_url=_database_url(given.get("DATABASE_URL")),
        workers=_whole("WORKERS", given.get("WORKERS", "1"), low=1, high=WORKERS_MAX),
        public_url=given.get("PUBLIC_URL", "").rstrip("/"),
        site_dir=_path(given.get("SITE_DIR")),
        master_key=Secret(given["MASTER_KEY"]) if "MASTER_KEY" in given else None,
        master_key_file=_path(given.get("MASTER_KEY_FILE")),
        trusted_proxies=_networks(given.get("TRUSTED_PROXIES", "")),
        **_beats(given),
        grace_s=_whole("GRACE_S", given.get("GRACE_S", str(GRACE_S)), low=1, high=3600),
        request_log_days=_whole(
            "REQUEST_LOG_DAYS",
            given.get("REQUEST_LOG_DAYS", str(REQUEST_LOG_DAYS)),
            low=0,
            high=3650,
        ),
        metrics_token=Secret(given["METRICS_TOKEN"]) if "METRICS_TOKEN" in given else None,
        metrics_port=(
            _whole("METRICS_PORT", given["METRICS_PORT"], low=0, high=65535)
            if "METRICS_PORT" in given
            else None
        ),
        log_format=_log_format(given.get("LOG_FORMAT", "auto")),
        limits=_limits(given),
    )


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.0)
    return f"unknown setting {PREFIX}{name}; did you mean {PREFIX}{near[0]}?"


def _database_url(text: str | None) -> Secret | None:
    if text is None:
        return None
    if not text.startswith(("postgresql://", "postgres://")):
        raise StartError(
            f"{PREFIX}DATABASE_URL must be like postgresql://user:password@host/database; "
            f"without it everything is in SQLite under {PREFIX}DATA_DIR"
        )
    return Secret(text)


def _beats(given: Mapping[str, str]) -> dict[str, int]:
    beat_s = _whole("BEAT_S", given.get("BEAT_S", str(BEAT_S)), low=1, high=3600)
    silent_s = _whole("SILENT_S", given.get("SILENT_S", str(SILENT_S)), low=1, high=86400)
    if silent_s < 2 * beat_s:
        raise StartError(
            f"{PREFIX}SILENT_S is {silent_s}; it must be at least twice {PREFIX}BEAT_S ({beat_s}), "
            "or a process would be taken for dead between two beats"
        )
    return {"beat_s": beat_s, "silent_s": silent_s}


def _log_format(text: str) -> str:
    if text not in LOG_FORMATS:
        raise StartError(f"{PREFIX}LOG_FORMAT is {text!r}; it must be one of {LOG_FORMATS}")
    return text


def _networks(text: str) -> tuple[Network, ...]:
    found = []
    for part in text.replace(",", " ").split():
        try:
            found.append(ip_network(part))
        except ValueError as error:
            raise StartError(
                f"{PREFIX}TRUSTED_PROXIES holds {part!r}, which is no network such as "
                f"10.0.0.0/8: {error}"
            ) from None
    return tuple(found)


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _whole(name: str, text: str, *, low: int, high: int) -> int:
    try:
        value = int(text)
    except ValueError:
        raise StartError(f"{PREFIX}{name} is {text!r}; it must be a whole number") from None
    if not low <= value <= high:
        raise StartError(f"{PREFIX}{name} is {value}; it must be from {low} to {high}")
    return value


def _limits(given: Mapping[str, str]) -> Limits:
    limits = {
        name.lower(): _limit(name, given.get(f"LIMIT_{name}"), default)
        for name, default in LIMITS.items()
    }
    if "LIMIT_ORIGIN_TRIAL_CREDITS" not in given:
        limits["origin_trial_credits"] = limits["paywall_trial_credits"]
    return Limits(**limits)


def _limit(name: str, text: str | None, default: int) -> int | None:
    if text is None:
        return default
    if text == "off":
        return None
    return _whole(f"LIMIT_{name}", text, low=1, high=10**9)
