"""Settings: read once from the environment, frozen, with the unit in every name."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tollbridge.gateway.errors import StartError
from tollbridge.gateway.secret import Secret

PREFIX = "TOLLBRIDGE_"
DEFAULT_DATA_DIR = Path("var")

# Enforced limits: default and reason.
LIMITS = {
    # A person who presses Stop while waiting does so a few times; beyond that it is free work.
    "USER_EARLY_LEAVES": 5,
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

# Names of DESIGN that a later version enforces; setting one is not an error, but it is said aloud.
LATER_LIMITS = (
    "USER_RUNNING",
    "USER_PER_MINUTE",
    "USER_FREE_PER_MINUTE",
    "ADDRESS_RUNNING",
    "ADDRESS_PER_MINUTE",
    "ADDRESS_SIGN_INS",
    "ADDRESS_TRIALS",
    "PAYWALL_TRIAL_CREDITS",
    "USER_FAILURES",
    "VOUCHER_TRIES",
)
LATER = ("TRUSTED_PROXIES", "BEAT_S", "SILENT_S")

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
    *LATER,
    *(f"LIMIT_{name}" for name in (*LIMITS, *LATER_LIMITS)),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force; None lifts one."""

    user_early_leaves: int | None = LIMITS["USER_EARLY_LEAVES"]
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
    public_url: str = ""
    site_dir: Path | None = None
    master_key: Secret | None = None
    master_key_file: Path | None = None
    limits: Limits = field(default_factory=Limits)
    unenforced: tuple[str, ...] = ()

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
    _refuse_unsupported(given)
    return Settings(
        host=given.get("HOST", "127.0.0.1"),
        port=_whole("PORT", given.get("PORT", "8642"), low=0, high=65535),
        data_dir=Path(given.get("DATA_DIR", DEFAULT_DATA_DIR)),
        public_url=given.get("PUBLIC_URL", "").rstrip("/"),
        site_dir=_path(given.get("SITE_DIR")),
        master_key=Secret(given["MASTER_KEY"]) if "MASTER_KEY" in given else None,
        master_key_file=_path(given.get("MASTER_KEY_FILE")),
        limits=Limits(
            **{
                name.lower(): _limit(name, given.get(f"LIMIT_{name}"), default)
                for name, default in LIMITS.items()
            }
        ),
        unenforced=tuple(
            PREFIX + name
            for name in given
            if name in LATER or name.removeprefix("LIMIT_") in LATER_LIMITS
        ),
    )


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.0)
    return f"unknown setting {PREFIX}{name}; did you mean {PREFIX}{near[0]}?"


def _refuse_unsupported(given: Mapping[str, str]) -> None:
    if "DATABASE_URL" in given:
        raise StartError(
            f"{PREFIX}DATABASE_URL is not supported by this version: it keeps everything in "
            f"SQLite under {PREFIX}DATA_DIR"
        )
    if _whole("WORKERS", given.get("WORKERS", "1"), low=1, high=1024) > 1:
        raise StartError(f"{PREFIX}WORKERS above 1 needs PostgreSQL; on SQLite one process serves")


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


def _limit(name: str, text: str | None, default: int) -> int | None:
    if text is None:
        return default
    if text == "off":
        return None
    return _whole(f"LIMIT_{name}", text, low=1, high=10**9)
