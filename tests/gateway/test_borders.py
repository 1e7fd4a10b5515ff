"""A walk over every endpoint: nobody reaches what is another's, whatever the address says."""

import pytest

from tests.calls.outcome import check_outcome
from tests.support.clock import FakeClock
from tests.support.scripted_provider import Answer
from tests.support.world import open_world
from tollbridge.gateway.routes import routes

PAYWALL = "/api/v1/paywall/{paywall_id}"
CALL = "/api/v1/api-gateway/{provider_id}/v1/things?paywall_id={paywall_id}"

# Every path that wants a user's token, with its method.
WITH_TOKEN = [
    ("POST", f"{PAYWALL}/auth/signout"),
    ("POST", f"{PAYWALL}/auth/revoke-all"),
    ("GET", f"{PAYWALL}/balances"),
    ("GET", f"{PAYWALL}/providers"),
    ("GET", f"{PAYWALL}/calls?key=attempt-1"),
    ("GET", f"{PAYWALL}/calls/{{call_id}}"),
    ("POST", f"{PAYWALL}/vouchers/redeem"),
    ("POST", CALL),
    ("GET", CALL),
]
# Every path that wants an owner's key.
WITH_KEY = [("POST", f"{PAYWALL}/balances"), ("POST", "/api/v1/withdraw-tokens")]
# Every path that wants neither, and why.
OPEN = [
    ("POST", f"{PAYWALL}/auth/anonymous/signin"),  # makes a user of its own
    ("POST", f"{PAYWALL}/auth/telegram/signin"),  # what Telegram has signed is the credential
    ("POST", f"{PAYWALL}/auth/refresh"),  # a refresh token in the body is the credential
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("GET", "/metrics"),  # wants the operator's own token, which is none of a user's
]


async def ask(world, method, path, *, token=None, headers=None, body=None, **ids):
    """Ask an endpoint; return status and code, having looked at the form of the refusal."""
    known = {"paywall_id": "pw_test", "provider_id": "prov_things", "call_id": "call_x"}
    sent = dict(headers or {})
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    url = world.url + path.format(**{**known, **ids})
    data = {"json": {"code": "none"} if body is None else body} if method == "POST" else {}
    async with world.client.request(method, url, headers=sent, **data) as answer:
        told = await answer.json()
        if answer.status >= 400:
            assert {"error", "message", "details", "request_id"} <= set(told)
            assert told["request_id"] == answer.headers["X-Request-Id"]
        return answer.status, told.get("error")


def test_the_walk_leaves_nothing_out():
    """A new route must be added to one of the lists above; the metered call is matched before."""
    gap = type("Endpoints", (), {"__getattr__": lambda self, name: None})()
    found = set()
    for route in routes(*[gap] * routes.__code__.co_argcount):
        found |= {(method, route.path) for method in route.methods - {"HEAD"}}
    every = [entry for entry in WITH_TOKEN + WITH_KEY + OPEN if entry[1] != CALL]
    listed = {(method, path.partition("?")[0]) for method, path in every}
    assert found == listed


async def test_without_a_token(world):
    """None, nonsense, and an owner's key where a user is asked for, are 401."""
    key = await world.add_key()
    for method, path in WITH_TOKEN:
        assert await ask(world, method, path) == (401, "invalid_token")
        for token in ("", "nonsense", "a.b.c", key):
            assert await ask(world, method, path, token=token) == (401, "invalid_token")
    assert world.provider.requests == []


async def test_with_an_expired_token(tmp_path):
    """Fifteen minutes later it is worth nothing anywhere."""
    clock = FakeClock()
    async with open_world(tmp_path, clock=clock) as world:
        visitor = await world.sign_in()
        clock.move(seconds=15 * 60)
        for method, path in WITH_TOKEN:
            assert await ask(world, method, path, token=visitor.token) == (401, "invalid_token")


async def test_with_a_forged_token(world):
    """Another one's signature, no signature, and a header that names another algorithm."""
    mine, theirs = await world.sign_in(), await world.sign_in()
    head, claims, signature = mine.token.split(".")
    foreign = theirs.token.split(".")
    for token in (
        f"{head}.{foreign[1]}.{signature}",
        f"{head}.{claims}.{foreign[2]}",
        f"{head}.{claims}.",
        f"eyJhbGciOiJub25lIn0.{claims}.",
        f"eyJhbGciOiJIUzI1NiJ9.{claims}.{signature}",
    ):
        for method, path in WITH_TOKEN:
            assert await ask(world, method, path, token=token) == (401, "invalid_token")


async def test_with_a_foreign_paywalls_token(world):
    """It is good, but not here: 400 `paywall_mismatch`, and nothing happens to anybody."""
    await world.add_paywall("pw_other")
    visitor, other = await world.sign_in(), await world.sign_in("pw_other")
    for method, path in WITH_TOKEN:
        told = await ask(world, method, path, token=other.token)
        assert told == (400, "paywall_mismatch")
        told = await ask(world, method, path, token=other.token, paywall_id="pw_none")
        assert told == (400, "paywall_mismatch")
        header = {"X-Paywall-Id": "pw_other"}
        told = await ask(world, method, path, token=visitor.token, headers=header)
        assert told == (400, "paywall_mismatch")
    assert await world.balance(visitor) == 20
    # Nobody was signed out on the way.
    path = f"{PAYWALL}/balances"
    status, _ = await ask(world, "GET", path, token=other.token, paywall_id="pw_other")
    assert status == 200


async def test_with_a_foreign_users_ids(world):
    """Another's call is not there, be it of this paywall or of another one."""
    await world.add_paywall("pw_other")
    await world.add_provider("prov_other", paywall_id="pw_other")
    visitor, neighbour = await world.sign_in(), await world.sign_in()
    stranger = await world.sign_in("pw_other")
    world.provider.always(Answer.json({}))
    path = f"{PAYWALL}/calls/{{call_id}}"
    for owner, provider_id in [(neighbour, "prov_things"), (stranger, "prov_other")]:
        async with world.call(owner, provider_id=provider_id) as answer:
            call_id = answer.headers["X-Call-Id"]
        mine = {"token": visitor.token, "call_id": call_id}
        assert await ask(world, "GET", path, **mine) == (404, "call_not_found")
        own = {"token": owner.token, "call_id": call_id, "paywall_id": owner.paywall_id}
        assert await ask(world, "GET", path, **own) == (200, None)
    assert await ask(world, "GET", path, token=visitor.token) == (404, "call_not_found")


async def test_headers_about_another_user_change_nothing(world):
    """Neither an id nor an e-mail beside a Bearer makes somebody somebody else."""
    visitor, neighbour = await world.sign_in(), await world.sign_in()
    world.provider.always(Answer.json({}))
    about = {"X-User-Id": neighbour.user_id, "X-User-Email": "neighbour@example.org"}
    for method, path in WITH_TOKEN[2:]:
        await ask(world, method, path, token=visitor.token, headers=about)
        assert await ask(world, method, path, headers=about) == (401, "invalid_token")
    assert await world.balance(neighbour) == 20
    assert await world.balance(visitor) == 18


async def test_an_owners_endpoints_take_no_user(world):
    """A user's token changes no balance, with or without another owner's key."""
    await world.add_paywall("pw_other")
    visitor, foreign = await world.sign_in(), await world.add_key("pw_other")
    change = {"user_id": visitor.user_id, "type": "standard", "amount": 5, "op": "credit"}
    path = f"{PAYWALL}/balances"
    told = await ask(world, "POST", path, token=visitor.token, body=change)
    assert told == (401, "apikey_required")
    headers = {"X-Api-Key": foreign}
    told = await ask(world, "POST", path, token=visitor.token, headers=headers, body=change)
    assert told == (403, "forbidden")
    withdrawal = {"paywall_id": "pw_test", "user_id": visitor.user_id, "tokens": 5}
    for headers, status in [({}, 401), ({"X-Api-Key": foreign}, 403)]:
        url = f"{world.url}/api/v1/withdraw-tokens"
        bearer = {**visitor.headers, **headers}
        async with world.client.post(url, headers=bearer, json=withdrawal) as answer:
            assert answer.status == status
    assert await world.balance(visitor) == 20


@pytest.mark.parametrize("op", ["credit", "debit"])
async def test_an_owner_changes_no_user_of_another_paywall(world, op):
    """With one's own key and one's own paywall, another's user is not there."""
    await world.add_paywall("pw_other")
    stranger, key = await world.sign_in("pw_other"), await world.add_key()
    change = {"user_id": stranger.user_id, "type": "standard", "amount": 5, "op": op}
    headers = {"X-Api-Key": key}
    told = await ask(world, "POST", f"{PAYWALL}/balances", headers=headers, body=change)
    assert told == (404, "identity_not_found")


async def test_a_session_spends_its_own_credits_only(world):
    """What an anonymous session can spend is its trial, to the last credit, and no more."""
    visitor, neighbour = await world.sign_in(), await world.sign_in()
    world.provider.always(Answer.json({}))
    for _ in range(20):
        async with world.call(visitor) as answer:
            assert answer.status == 200
    async with world.call(visitor, headers={"X-User-Id": neighbour.user_id}) as answer:
        assert answer.status == 402
    await check_outcome(world, visitor, "refused", left=0)
    assert await world.balance(neighbour) == 20
