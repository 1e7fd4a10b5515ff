"""Telegram's half of a sign-in: launch data, signed as Telegram signs them."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

# Nobody's: made up here.
TOKEN = "123456789:AAF-fake-token-for-tests-only-000000000"
BOT_ID = 123456789


def fields(auth_date: int, telegram_id: int = 42, **more: str) -> dict[str, str]:
    """Return what a launch holds before it is signed."""
    user: dict[str, Any] = {"id": telegram_id, "first_name": "Zoë +&=", "language_code": "en"}
    text = json.dumps(user, ensure_ascii=False, separators=(",", ":"))
    return {"auth_date": str(auth_date), "query_id": "AAH-test", "user": text, **more}


def lines(data: dict[str, str]) -> bytes:
    """Return what is signed of some fields."""
    return "\n".join(sorted(f"{name}={value}" for name, value in data.items())).encode()


def with_hash(data: dict[str, str], token: str = TOKEN) -> dict[str, str]:
    """Return the fields with their HMAC."""
    secret = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    return {**data, "hash": hmac.new(secret, lines(data), hashlib.sha256).hexdigest()}


def with_signature(
    data: dict[str, str], key: Ed25519PrivateKey, bot_id: int = BOT_ID
) -> dict[str, str]:
    """Return the fields with Telegram's signature, before their hash is made."""
    signed = key.sign(f"{bot_id}:WebAppData\n".encode() + lines(data))
    return {**data, "signature": base64.urlsafe_b64encode(signed).decode().rstrip("=")}


def written(data: dict[str, str]) -> str:
    """Return fields as the query string that a Mini App gets."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in data.items())


def launch(auth_date: int, telegram_id: int = 42, token: str = TOKEN, **more: str) -> str:
    """Return the launch data of a user, as a client of today sends them."""
    data = fields(auth_date, telegram_id, **{"signature": "c2ln", **more})
    return written(with_hash(data, token))
