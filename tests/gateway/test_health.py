"""Whether the process is up, whether it can work, and the keys that verify its tokens."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.calls.lock import locked
from tests.support.world import open_world


async def get(world, path):
    """Ask for a path; return status and body."""
    async with world.client.get(f"{world.url}{path}") as answer:
        return answer.status, await answer.json()


def decode(text):
    """Read base64 as tokens write it."""
    return base64.urlsafe_b64decode(text + "==")


async def test_it_is_up_and_ready(world):
    """Both say so while the store takes what is written."""
    assert await get(world, "/healthz") == (200, {"ok": True})
    assert await get(world, "/readyz") == (200, {"ok": True})


@pytest.mark.only_on("sqlite")
async def test_it_is_up_but_not_ready(tmp_path):
    """A store that takes nothing makes it unready, not dead; it recovers by itself.

    PostgreSQL that takes nothing is away: tests/faults/test_database_away.py.
    """
    async with open_world(tmp_path, busy_timeout_ms=50) as world:
        async with locked(world):
            assert await get(world, "/healthz") == (200, {"ok": True})
            status, body = await get(world, "/readyz")
            assert (status, body["error"]) == (503, "ledger_unavailable")
        assert await get(world, "/readyz") == (200, {"ok": True})


async def test_a_token_verifies_with_the_published_keys(world):
    """Any server can check whom a token names, for which paywall, and until when."""
    visitor = await world.sign_in()
    status, published = await get(world, "/.well-known/jwks.json")
    assert status == 200
    assert all("d" not in key for key in published["keys"])
    signed, _, signature = visitor.token.rpartition(".")
    head, claims = (json.loads(decode(part)) for part in signed.split("."))
    assert head["alg"] == "EdDSA"
    (key,) = [one for one in published["keys"] if one["kid"] == head["kid"]]
    assert (key["kty"], key["crv"]) == ("OKP", "Ed25519")
    Ed25519PublicKey.from_public_bytes(decode(key["x"])).verify(decode(signature), signed.encode())
    assert (claims["sub"], claims["aud"]) == (visitor.user_id, "pw_test")
    assert claims["exp"] - claims["iat"] == 15 * 60


async def test_what_may_be_kept(world):
    """The keys may be cached for a while, whether it is ready may not."""
    async with world.client.get(f"{world.url}/.well-known/jwks.json") as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=600"
    async with world.client.get(f"{world.url}/readyz") as answer:
        assert answer.headers["Cache-Control"] == "no-store"
