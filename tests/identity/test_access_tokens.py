"""Access tokens: what ours say, and which others are not believed."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from tests.support.accounts import ISSUER, UNCOUNTED, Accounts, open_accounts
from tests.support.clock import FakeClock
from tests.support.refusals import refused
from tests.support.stored import everything_stored
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.identity import Identity, open_identities
from tollbridge.gateway.identity.signing_keys import SigningKeys, load_signing_keys
from tollbridge.gateway.identity.tokens import REMEMBERED_MAX, AccessTokens

FOREVER_MS = 10**15
WHO = Identity("user_1", "pw_one", "sess_1", anonymous=True)


def encode(part: dict[str, Any]) -> str:
    """Return a part of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def decode(part: str) -> dict[str, Any]:
    """Read a part of a JWT."""
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return value


def sign(key: Ed25519PrivateKey, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Make a JWT by hand."""
    text = f"{encode(header)}.{encode(claims)}"
    signature = base64.urlsafe_b64encode(key.sign(text.encode())).rstrip(b"=").decode()
    return f"{text}.{signature}"


def made_keys() -> SigningKeys:
    """Return a fresh key, no store behind it."""
    return SigningKeys({"jwk_test": OKPKey.generate_key("Ed25519")})


async def test_a_token_says_who_where_and_until_when(accounts: Accounts) -> None:
    """Its claims are the published ones, and anybody can verify it with the public keys."""
    body = await accounts.sign_in()
    header, claims, signature = body["access_token"].split(".")
    now_s = accounts.clock.now_ms() // 1000
    (jwk,) = (await accounts.client.get("/.well-known/jwks.json")).json()["keys"]
    assert decode(header) == {"typ": "JWT", "alg": "EdDSA", "kid": jwk["kid"]}
    said = decode(claims)
    assert said.pop("jti")
    assert said.pop("sid").startswith("sess_")
    assert said == {
        "iss": ISSUER,
        "aud": "pw_one",
        "sub": body["user"]["id"],
        "anon": True,
        "iat": now_s,
        "exp": now_s + 900,
    }
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "=="))
    public.verify(base64.urlsafe_b64decode(signature + "=="), f"{header}.{claims}".encode())


async def test_the_public_keys_hold_nothing_private(accounts: Accounts) -> None:
    """Only what verifies is shown, and it may be kept for ten minutes."""
    answer = await accounts.client.get("/.well-known/jwks.json")
    (jwk,) = answer.json()["keys"]
    assert set(jwk) == {"kty", "crv", "x", "kid", "use", "alg"}
    assert (jwk["kty"], jwk["crv"], jwk["use"], jwk["alg"]) == ("OKP", "Ed25519", "sig", "EdDSA")
    assert answer.headers["cache-control"] == "public, max-age=600"


async def test_a_token_ends_after_fifteen_minutes(accounts: Accounts) -> None:
    """To the second, whether it was seen before or not."""
    seen, unseen = await accounts.sign_in(), await accounts.sign_in()
    accounts.clock.move(seconds=899)
    assert (await accounts.balances(seen["access_token"])).status_code == 200
    accounts.clock.move(seconds=1)
    for body in (seen, unseen):
        assert refused(await accounts.balances(body["access_token"])) == (401, "invalid_token")


@pytest.mark.usefixtures("store")
async def test_tokens_hold_over_a_restart_and_the_key_is_made_once(tmp_path: Path) -> None:
    """The key is in the database, sealed."""
    async with open_accounts(tmp_path) as accounts:
        token = (await accounts.sign_in())["access_token"]
        again = await open_identities(
            accounts.database, accounts.clock, accounts.sealer, issuer=ISSUER, limits=UNCOUNTED
        )
        assert again.jwks() == accounts.identities.jwks()
        assert (await again.authenticate(f"Bearer {token}", "pw_one")).paywall_id == "pw_one"
    assert b'"d":' not in everything_stored(tmp_path)  # a private JWK has this field


async def test_forged_tokens_are_not_believed(accounts: Accounts) -> None:
    """Neither another key, nor another algorithm, nor none, nor an altered claim."""
    text = (await accounts.sign_in())["access_token"]
    header, claims, signature = (part for part in text.split("."))
    said, kid = decode(claims), decode(header)["kid"]
    stranger = Ed25519PrivateKey.generate()
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    forged = [
        sign(stranger, {"alg": "EdDSA", "kid": kid}, said),
        sign(stranger, {"alg": "EdDSA", "kid": "jwk_other"}, said),
        sign(stranger, {"alg": "EdDSA"}, said),
        sign(stranger, {"alg": "Ed25519", "kid": kid}, said),
        f"{encode({'alg': 'none', 'kid': kid})}.{claims}.",
        f"{encode({'alg': 'none'})}.{claims}.{signature}",
        f"{encode({'alg': 'HS256', 'kid': kid})}.{claims}.{signature}",
        f"{header}.{encode({**said, 'sub': 'user_other'})}.{signature}",
        f"{header}.{encode({**said, 'exp': said['exp'] + 900})}.{signature}",
        f"{header}.{claims}.{flipped}",
        f"{header}.{claims}.",
        f"{header}.{claims}",
        text + "A" * 3_000,
    ]
    for token in forged:
        assert refused(await accounts.balances(token)) == (401, "invalid_token"), token


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "http://other.test"},
        {"iss": None},
        {"aud": None},
        {"aud": ["pw_one"]},
        {"sub": 5},
        {"sid": None},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": float("1e12")},
    ],
)
async def test_a_signed_token_must_still_be_whole(
    accounts: Accounts, change: dict[str, Any]
) -> None:
    """Even our own key vouches only for claims that we make."""
    keys = await load_signing_keys(accounts.database, accounts.sealer, accounts.clock)
    own = keys.find(keys.newest_id)
    assert own is not None
    private = own.private_key
    assert isinstance(private, Ed25519PrivateKey)
    whole = {
        "iss": ISSUER,
        "aud": "pw_one",
        "sub": "user_1",
        "sid": "sess_1",
        "anon": True,
        "exp": accounts.clock.now_ms() // 1000 + 60,
    }
    tokens = AccessTokens(keys, issuer=ISSUER, clock=accounts.clock)
    header = {"alg": "EdDSA", "kid": keys.newest_id}
    assert tokens.verify(sign(private, header, whole)) == WHO
    with pytest.raises(Refusal, match="not ours"):
        tokens.verify(sign(private, header, {**whole, **change}))


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic dTpw", "bearer", "Bearer x", "Bearer a.b.c", "token"],
)
async def test_anything_but_a_good_bearer_is_refused(
    accounts: Accounts, authorization: str
) -> None:
    """Nothing, another scheme, or no token at all."""
    answer = await accounts.client.get(
        "/api/v1/paywall/pw_one/balances", headers={"authorization": authorization}
    )
    assert refused(answer) == (401, "invalid_token")


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Whatever is sent as a token, the answer is a refusal."""
    with pytest.raises(Refusal):
        AccessTokens(made_keys(), issuer=ISSUER, clock=FakeClock()).verify(text)


@given(st.lists(st.binary(max_size=60), min_size=3, max_size=3))
def test_no_three_parts_break_the_reader(parts: list[bytes]) -> None:
    """Also where it has the outer form of a token."""
    text = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    with pytest.raises(Refusal):
        AccessTokens(made_keys(), issuer=ISSUER, clock=FakeClock()).verify(text)


def test_only_good_tokens_are_remembered_and_not_too_many() -> None:
    """Memory has a limit, and a flood of bad tokens cannot push good ones out."""
    clock = FakeClock()
    tokens = AccessTokens(made_keys(), issuer=ISSUER, clock=clock)
    good = tokens.issue(WHO, session_expires_ms=FOREVER_MS).text.reveal()
    assert tokens.verify(good) == WHO
    for number in range(100):
        with pytest.raises(Refusal):
            tokens.verify(f"{good}{number}")
    assert len(tokens) == 1
    for number in range(3):
        who = replace(WHO, user_id=f"user_{number}")
        tokens.verify(tokens.issue(who, session_expires_ms=FOREVER_MS).text.reveal())
    assert len(tokens) == 4
    clock.move(seconds=900)
    with pytest.raises(Refusal):
        tokens.verify(good)
    assert len(tokens) == 3
    assert REMEMBERED_MAX == 10_000


def test_the_oldest_goes_first() -> None:
    """At the limit a new token takes the place of the one that was remembered longest."""
    tokens = AccessTokens(made_keys(), issuer=ISSUER, clock=FakeClock(), remembered_max=2)
    for number in range(5):
        who = replace(WHO, user_id=f"user_{number}")
        assert tokens.verify(tokens.issue(who, session_expires_ms=FOREVER_MS).text.reveal()) == who
    assert len(tokens) == 2
