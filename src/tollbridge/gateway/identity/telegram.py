"""Telegram's launch data: whether it is genuine, and whom it names. No I/O, no clock.

A Mini App gets `initData`, a query string that Telegram signed twice: with an HMAC under the bot's
token, and with Telegram's own key, which only needs the bot's id to be checked.

Source: "Validating data received via the Mini App" on core.telegram.org/bots/webapps. Mind the
difference: `signature` stays in what the HMAC is made of, and goes out of what Telegram signed.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.secret import Secret

# What Telegram sends has some hundred bytes.
INIT_DATA_BYTES_MAX = 4096
_FIELDS_MAX = 64
# An app that was opened longer ago is opened anew; long enough for a phone that was in a pocket.
FRESH_S = 3600
# How far Telegram's clock may be ahead of ours.
AHEAD_S = 60
# Telegram's ids have at most 52 significant bits.
USER_ID_MAX = 2**52 - 1

PRODUCTION_KEY = bytes.fromhex("e7bf03a2fa4602af4580703d88dda5bb59f32ed8b02a56c187fe7d34caed242d")
TEST_KEY = bytes.fromhex("40055058a4ee38156a06562e52eece92a771bcd8346a8c4615cb7376eddf72ec")

_TOKEN = re.compile(r"([1-9][0-9]{0,15}):[A-Za-z0-9_-]{30,120}")
_KEY = re.compile(r"[A-Za-z0-9_]+")
_HASH = re.compile(r"[0-9a-fA-F]{64}")
_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{86}")
_SECONDS = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Bot:
    """A paywall's bot.

    Attributes:
        bot_id: The digits before the colon of its token.
        token: None where the owner gave the id alone; Telegram's signature is checked then.
        test_environment: It lives among Telegram's test accounts, where anybody can be anybody.
    """

    bot_id: int
    token: Secret | None = None
    test_environment: bool = False

    @property
    def telegram_key(self) -> bytes:
        """The public half of what Telegram signs with."""
        return TEST_KEY if self.test_environment else PRODUCTION_KEY


@dataclass(frozen=True, slots=True)
class Launch:
    """Who opened a Mini App, and when.

    Attributes:
        telegram_id: The user's id at Telegram.
        auth_date: Seconds since 1970.
        fingerprint: The same for the same launch, however it is written.
    """

    telegram_id: int
    auth_date: int
    fingerprint: bytes


def bot_of_token(token: Secret, *, test_environment: bool = False) -> Bot:
    """Return the bot of a token that BotFather gave out.

    Raises:
        ValueError: It is no such token; the message does not hold it.
    """
    match = _TOKEN.fullmatch(token.reveal())
    if match is None:
        raise ValueError("this is no bot token; BotFather's look like 123456789:AAF…")
    return Bot(int(match[1]), token, test_environment)


def read_launch(raw: str, bot: Bot, now_s: float, *, telegram_key: bytes | None = None) -> Launch:
    """Return who opened the app, if Telegram says so for this bot, and lately.

    Args:
        raw: `Telegram.WebApp.initData` as it is.
        bot: Whose app it is.
        now_s: Seconds since 1970.
        telegram_key: Telegram's public key; by default the one of the bot's environment.

    Raises:
        Refusal: `init_data_invalid`: it is not genuine, is another bot's, comes from the future, or
            names nobody; `init_data_expired`: the app was opened too long ago. Neither says what
            would have been right.
    """
    pairs = _parse(raw)
    if bot.token is not None:
        genuine = _hash_fits(pairs, bot.token)
    else:
        genuine = _signature_fits(pairs, bot.bot_id, telegram_key or bot.telegram_key)
    if not genuine:
        raise _invalid("It is not signed for this paywall's bot.")
    auth_date = int(pairs["auth_date"])
    if auth_date > now_s + AHEAD_S:
        raise _invalid("It is dated in the future; one of the clocks is wrong.")
    if auth_date < now_s - FRESH_S:
        raise Refusal("init_data_expired", "The app was opened too long ago; open it again.")
    signed = _lines(pairs, without=("hash", "signature"))
    return Launch(_user_id(pairs), auth_date, hashlib.sha256(signed.encode()).digest())


def _parse(raw: str) -> dict[str, str]:
    """Return the fields, decoded as they were received; each is there once."""
    try:
        if len(raw.encode()) > INIT_DATA_BYTES_MAX:
            raise _invalid(f"It has at most {INIT_DATA_BYTES_MAX} bytes.")
        pairs = parse_qsl(
            raw,
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_FIELDS_MAX,
        )
    except ValueError:  # UnicodeError is one
        raise _invalid("It is no query string in UTF-8.") from None
    fields = dict(pairs)
    # A name with "=", or a value of two lines, could be read as other fields than were signed.
    if not all(_KEY.fullmatch(name) and "\n" not in value for name, value in pairs):
        raise _invalid("It has a field that Telegram does not send.")
    if len(fields) != len(pairs):
        raise _invalid("It has a field twice.")
    if not _HASH.fullmatch(fields.get("hash", "")):
        raise _invalid("It has no hash.")
    if not _SECONDS.fullmatch(fields.get("auth_date", "")):
        raise _invalid("It has no date.")
    return fields


def _lines(pairs: dict[str, str], *, without: tuple[str, ...]) -> str:
    return "\n".join(
        sorted(f"{name}={value}" for name, value in pairs.items() if name not in without)
    )


def _hash_fits(pairs: dict[str, str], token: Secret) -> bool:
    # The constant is the key and the token the message, not the other way round.
    secret = hmac.digest(b"WebAppData", token.reveal().encode(), "sha256")
    due = hmac.digest(secret, _lines(pairs, without=("hash",)).encode(), "sha256")
    return hmac.compare_digest(due, bytes.fromhex(pairs["hash"]))


def _signature_fits(pairs: dict[str, str], bot_id: int, telegram_key: bytes) -> bool:
    signature = pairs.get("signature", "").rstrip("=")
    if not _SIGNATURE.fullmatch(signature):
        return False  # 64 bytes in base64url; clients from before 2024 send none
    signed = f"{bot_id}:WebAppData\n{_lines(pairs, without=('hash', 'signature'))}"
    try:
        Ed25519PublicKey.from_public_bytes(telegram_key).verify(
            base64.b64decode(signature + "==", altchars=b"-_", validate=True), signed.encode()
        )
    except (InvalidSignature, binascii.Error):
        return False
    return True


def _user_id(pairs: dict[str, str]) -> int:
    try:
        user: Any = json.loads(pairs.get("user", ""))
    except (ValueError, RecursionError):
        user = None
    found = user.get("id") if isinstance(user, dict) else None
    if type(found) is not int or not 0 < found <= USER_ID_MAX:
        raise _invalid("It names no user.")
    return found


def _invalid(why: str) -> Refusal:
    return Refusal("init_data_invalid", f"Telegram's launch data is not good. {why}")
