"""Who may call which provider, and as whom."""

import pytest

from tests.calls.outcome import check_outcome
from tests.support.clock import FakeClock
from tests.support.scripted_provider import Answer
from tests.support.world import CALL, open_world
from tollbridge.gateway.identity.queries import User, insert_user
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.paywalls import Paywall
from tollbridge.gateway.paywalls.queries import store_paywall
from tollbridge.gateway.providers.queries import set_enabled

URL = f"{CALL}/v1/things?paywall_id=pw_test"


async def ask(world, url=URL, **headers):
    """Call with these headers and no others; return status and code of a refusal, or 200."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with world.client.post(world.url + url, headers=sent, json={}) as answer:
        body = await answer.json()
        return answer.status, body.get("error")


async def add_user(world, paywall_id="pw_test"):
    """Make a signed-up user with 3 credits of `standard`."""
    user = User(new_id("user"), paywall_id, "someone@example.org", anonymous=False)
    await world.write(insert_user(user, world.gateway.clock.now_ms()))
    return user.user_id


async def test_without_a_token(world):
    """No header, another scheme, an empty one, nonsense and a refresh token are all 401."""
    visitor = await world.sign_in()
    assert await ask(world) == (401, "invalid_token")
    for value in (
        "",
        "Bearer",
        "Bearer ",
        "Basic eDp5",
        visitor.token,
        f"Bearer {visitor.refresh_token}",
        f"Bearer {visitor.token[:-2]}",
        f"Bearer {visitor.token} {visitor.token}",
        "Bearer " + "x" * 5000,
    ):
        assert await ask(world, authorization=value) == (401, "invalid_token"), value
    assert world.provider.requests == []


async def test_with_an_expired_token(tmp_path):
    """A token is good for fifteen minutes, to the second."""
    clock = FakeClock()
    async with open_world(tmp_path, clock=clock) as world:
        world.provider.always(Answer.json({}))
        bearer = f"Bearer {(await world.sign_in()).token}"
        clock.move(seconds=15 * 60 - 1)
        assert await ask(world, authorization=bearer) == (200, None)
        clock.move(seconds=1)
        assert await ask(world, authorization=bearer) == (401, "invalid_token")


async def test_after_signing_out(world):
    """A token whose session has ended calls nothing any more."""
    visitor = await world.sign_in()
    path = f"{world.url}/api/v1/paywall/pw_test/auth/signout"
    async with world.client.post(path, headers=visitor.headers) as answer:
        assert answer.status == 200
    assert await ask(world, authorization=f"Bearer {visitor.token}") == (401, "invalid_token")


async def test_with_a_token_of_another_paywall(world):
    """A token, the address and the header name one paywall, or nothing is done."""
    await world.add_paywall("pw_other")
    visitor = await world.sign_in("pw_other")
    bearer = f"Bearer {visitor.token}"
    assert await ask(world, authorization=bearer) == (400, "paywall_mismatch")
    both = {"authorization": bearer, "x_paywall_id": "pw_other"}
    assert await ask(world, **both) == (400, "paywall_mismatch")
    twice = f"{URL}&paywall_id=pw_other"
    assert await ask(world, twice, authorization=bearer) == (400, "paywall_mismatch")
    none = f"{CALL}/v1/things"
    assert await ask(world, none, authorization=bearer) == (400, "paywall_required")


async def test_a_provider_of_another_paywall(world):
    """It is not there, as one that does not exist is not."""
    await world.add_paywall("pw_other")
    await world.add_provider("prov_theirs", paywall_id="pw_other")
    visitor, other = await world.sign_in(), await world.sign_in("pw_other")
    theirs = "/api/v1/api-gateway/prov_theirs/v1/things?paywall_id="
    nobodys = "/api/v1/api-gateway/prov_none/v1/things?paywall_id=pw_test"
    bearer = f"Bearer {visitor.token}"
    assert await ask(world, theirs + "pw_test", authorization=bearer) == (404, "provider_not_found")
    assert await ask(world, nobodys, authorization=bearer) == (404, "provider_not_found")
    world.provider.answers(Answer.json({}))
    bearer = f"Bearer {other.token}"
    assert await ask(world, theirs + "pw_other", authorization=bearer) == (200, None)


async def test_a_provider_that_is_switched_off(tmp_path):
    """It is 403 `provider-disabled` within two seconds, and so is an unknown one's neighbour."""
    clock = FakeClock()
    async with open_world(tmp_path, clock=clock) as world:
        world.provider.always(Answer.json({}))
        bearer = f"Bearer {(await world.sign_in()).token}"
        assert await ask(world, authorization=bearer) == (200, None)
        await world.write(set_enabled("prov_things", enabled=False))
        clock.move(seconds=2)
        assert await ask(world, authorization=bearer) == (403, "provider-disabled")
        await world.write(set_enabled("prov_things", enabled=True))
        clock.move(seconds=2)
        assert await ask(world, authorization=bearer) == (200, None)


async def test_a_paywall_that_counts_nothing(tmp_path):
    """With tokenization off every call is 403, a call of an unknown provider too."""
    clock = FakeClock()
    async with open_world(tmp_path, clock=clock) as world:
        visitor = await world.sign_in()
        off = Paywall("pw_test", tokenization=False, query_types={"standard": 20})
        await world.write(store_paywall(off))
        clock.move(seconds=2)
        bearer = f"Bearer {visitor.token}"
        nobodys = "/api/v1/api-gateway/prov_none/v1/things?paywall_id=pw_test"
        for url in (URL, nobodys):
            assert await ask(world, url, authorization=bearer) == (403, "provider-disabled")
        path = f"{world.url}/api/v1/paywall/pw_test/balances"
        async with world.client.get(path, headers=visitor.headers) as answer:
            assert await answer.json() == {"balances": [], "tokenization": False}


async def test_a_paywall_without_a_provider(world):
    """There is nothing to call and nothing to count."""
    await world.add_paywall("pw_bare")
    visitor = await world.sign_in("pw_bare")
    url = f"{CALL}/v1/things?paywall_id=pw_bare"
    bearer = f"Bearer {visitor.token}"
    assert await ask(world, url, authorization=bearer) == (403, "provider-disabled")
    path = f"{world.url}/api/v1/paywall/pw_bare/balances"
    async with world.client.get(path, headers=visitor.headers) as answer:
        assert (await answer.json())["balances"] == []


async def test_a_provider_for_signed_in_users(world):
    """An anonymous user is told to sign in; who has signed in may call."""
    await world.add_provider(anonymous_allowed=False)
    visitor = await world.sign_in()
    bearer = f"Bearer {visitor.token}"
    assert await ask(world, authorization=bearer) == (403, "sign_in_required")
    world.provider.answers(Answer.json({}))
    await world.add_provider("prov_free", cost=0, anonymous_allowed=False)
    known = {"x_api_key": await world.add_key(), "x_user_id": await add_user(world)}
    free = "/api/v1/api-gateway/prov_free/v1/things?paywall_id=pw_test"
    assert await ask(world, free, **known) == (200, None)


async def test_an_owner_calls_for_a_user(world):
    """X-User-Id counts with a valid X-Api-Key, and then it is that user's credit."""
    visitor, key = await world.sign_in(), await world.add_key()
    world.provider.answers(Answer.json({}))
    assert await ask(world, x_api_key=key, x_user_id=visitor.user_id) == (200, None)
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)
    request = await world.provider.next_request()
    assert key not in repr(request.headers)
    assert visitor.user_id not in repr(request.headers)


async def test_what_is_no_owner(world):
    """A key that is missing, unknown or another paywall's opens nothing for anybody."""
    await world.add_paywall("pw_other")
    visitor, other = await world.sign_in(), await world.sign_in("pw_other")
    key, foreign = await world.add_key(), await world.add_key("pw_other")
    about = {"x_user_id": visitor.user_id}
    assert await ask(world, **about) == (401, "invalid_token")
    assert await ask(world, x_user_email="someone@example.org") == (401, "invalid_token")
    assert await ask(world, x_api_key="sk_nonsense", **about) == (401, "invalid_api_key")
    assert await ask(world, x_api_key=foreign, **about) == (403, "forbidden")
    assert await ask(world, x_api_key=key) == (400, "identity_required")
    for user_id in (other.user_id, "user_nobody"):
        told = await ask(world, x_api_key=key, x_user_id=user_id)
        assert told == (404, "identity_not_found")
    assert world.provider.requests == []


async def test_a_bearer_speaks_for_itself(world):
    """Beside a Bearer neither X-User-Id nor a key changes whose credit is taken."""
    visitor, other = await world.sign_in(), await world.sign_in()
    world.provider.always(Answer.json({}))
    bearer = {"authorization": f"Bearer {visitor.token}", "x_user_id": other.user_id}
    assert await ask(world, **bearer) == (200, None)
    assert await ask(world, x_api_key=await world.add_key(), **bearer) == (200, None)
    assert await world.balance(visitor) == 18
    assert await world.balance(other) == 20


@pytest.mark.parametrize("length", [64, 65])
async def test_ids_have_a_length(world, length):
    """An id as long as ids may be is looked up, a longer one is no id."""
    visitor = await world.sign_in()
    url = f"/api/v1/api-gateway/{'p' * length}/v1/things?paywall_id=pw_test"
    told = await ask(world, url, authorization=f"Bearer {visitor.token}")
    assert told == ((404, "provider_not_found") if length == 64 else (400, "invalid_request"))
