"""The published contract's checks that speak of a client, through our SDK and over HTTP.

Numbers are those of the list of checks that an unmodified client implies; those of the server
alone are in `test_calls.py` and `test_balances_and_sessions.py`.
"""

import asyncio
from contextlib import asynccontextmanager

import pytest

from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer, Never, Wait
from tests.support.sdk_page import SdkPage
from tests.support.world import PAYWALL, PROVIDER, Visitor, open_world
from tollbridge.gateway.database import Statement
from tollbridge.sdk import AbortController, PaywallError, QuotaExceededError, SessionError

CALL = {"provider_id": PROVIDER, "path": "v1/things"}


@pytest.fixture
async def world(tmp_path):
    """A gateway whose provider answers at once."""
    async with open_world(tmp_path) as opened:
        opened.provider.always(Answer.json({"ok": True}))
        yield opened
        assert await opened.verify() == []


@asynccontextmanager
async def signed_in(world, **hooks):
    """Open a page of a new visitor whose counter stands at 20."""
    page = SdkPage(world, **hooks)
    await page.auth.sign_in_anonymously()
    await page.billing.get_balances()
    try:
        yield page
    finally:
        await page.aclose()


async def visitor_of(page):
    """Return the page's visitor, as the other tests know one."""
    return Visitor(page.auth.get_cached_user().id, await page.auth.get_access_token())


@pytest.mark.parametrize(
    ("path", "target"),
    [("", "/"), ("///v1/things", "/v1/things"), ("v1/things?a=1", "/v1/things?a=1")],
)
async def test_1_and_2_addresses(world, path, target):
    """The provider's base URL, slashes dropped, the query kept; the paywall goes along twice."""
    async with signed_in(world) as page:
        await page.gateway.call(provider_id=PROVIDER, path=path, method="GET")
    assert (await world.provider.next_request()).target == target


@pytest.mark.parametrize(
    ("body", "headers", "content_type", "sent"),
    [
        ({"a": 1}, {}, "application/json", b'{"a": 1}'),
        ('{"a":1}', {"Content-Type": "application/json"}, "application/json", b'{"a":1}'),
        (b"\x00\x01", {"Content-Type": "audio/wav"}, "audio/wav", b"\x00\x01"),
    ],
)
async def test_3_bodies(world, body, headers, content_type, sent):
    """An object is JSON; text and bytes pass as they are, under the caller's own type."""
    async with signed_in(world) as page:
        await page.gateway.call(**CALL, body=body, headers=headers)
    request = await world.provider.next_request()
    assert request.header("content-type") == content_type
    assert request.body == sent


async def test_4_events_arrive_one_by_one(world):
    """The provider sends the next only when the page has the last."""
    gates = [asyncio.Event() for _ in range(3)]
    steps = [step for gate in gates for step in (b"event", Wait(gate))]
    world.provider.answers(Answer.sse(*steps))
    async with signed_in(world) as page:
        response = await page.gateway.call(**CALL, body={})
        got = 0
        async for chunk in response:
            assert chunk == b"data: event\n\n"
            gates[got].set()
            got += 1
    assert got == 3


async def test_5_and_8_a_402_is_applied_told_and_raised_in_this_order(world):
    """The counter is right before the hook, the hook runs once, then the error is raised."""
    told = []

    async with signed_in(world, on_quota_exceeded=lambda e: told.append(page.left())) as page:
        await world.drain(await visitor_of(page), 0)
        with pytest.raises(QuotaExceededError) as caught:
            await page.gateway.call(**CALL, body={})
        assert told == [0]
        assert caught.value.query_type == "standard"
        assert {row.type for row in caught.value.balances} == {"standard", "advanced"}
        assert caught.value.current_balance.count == 0


@pytest.mark.parametrize(("cost", "told"), [(1, "standard"), (3, None)])
async def test_6_and_7_the_charge_hook(world, cost, told):
    """It hears the type where one credit was charged, else nothing, and the counter is right."""
    await world.add_provider(cost=cost)
    heard = []
    async with signed_in(world, on_charge_success=heard.append) as page:
        await page.gateway.call(**CALL, body={})
        assert heard == [told]
        rows = await page.billing.get_balances(force=True)
        assert page.left() == 20 - cost == next(r.count for r in rows if r.type == "standard")


async def test_9_one_refresh_and_one_replay(world):
    """A token that has died is renewed once, and the call goes again with the same body."""
    async with signed_in(world) as page:
        visitor, auth = await visitor_of(page), SleptThrough(page.auth)
        gateway = page.billing.create_api_gateway_client(auth=auth)
        response = await gateway.call(**CALL, body={"say": "once"})
        assert (response.status, auth.refreshed) == (200, 1)
        await gateway.aclose()
        assert [request.body for request in world.provider.requests] == [b'{"say": "once"}']
        await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


class SleptThrough:
    """A page's auth that hands out a dead token until it is told to refresh."""

    def __init__(self, auth):
        """Stand before `auth`."""
        self._auth = auth
        self.refreshed = 0

    async def get_access_token(self):
        """Return the token, spoilt as long as nobody has refreshed."""
        token = await self._auth.get_access_token()
        return token if self.refreshed else token + "x"

    async def refresh(self):
        """Renew it."""
        self.refreshed += 1
        return await self._auth.refresh()


async def test_9_no_replay_without_a_session(world):
    """Where nothing can be renewed the original refusal is raised, and nothing was sent."""
    async with signed_in(world) as page:
        visitor = await visitor_of(page)
        path = f"{world.url}/api/v1/paywall/{PAYWALL}/auth/revoke-all"
        async with world.client.post(path, headers=visitor.headers) as answer:
            assert answer.status == 200
        with pytest.raises(SessionError) as caught:
            await page.gateway.call(**CALL, body={})
        assert (caught.value.code, caught.value.status) == ("invalid_token", 401)
    assert world.provider.requests == []


async def test_10_an_abort_reaches_the_provider(world):
    """Code `aborted`, the provider's connection closed, the receipt `aborted`."""
    world.provider.answers(Answer(chunks=[b"begun", Never()]))
    async with signed_in(world) as page:
        visitor = await visitor_of(page)
        abort = AbortController()
        response = await page.gateway.call(**CALL, body={}, signal=abort.signal)
        chunks = aiter(response)
        assert await anext(chunks) == b"begun"
        abort.abort()
        with pytest.raises(PaywallError) as caught:
            await anext(chunks)
        assert caught.value.code == "aborted"
        await (await world.provider.next_request()).left.wait()
        await check_outcome(world, visitor, "aborted", charged=1, provider_status=200)


async def test_11_the_local_decrement(world):
    """A known type falls by one and never below zero; an unknown one changes nothing."""
    async with signed_in(world) as page:
        page.billing.decrement_balance_local("standard")
        assert page.left() == 19
        before = len(page.shown)
        page.billing.decrement_balance_local("nobody-knows")
        assert len(page.shown) == before


async def test_12_without_auth_nothing_is_asked(world):
    """No session: no balances, no request."""
    page = SdkPage(world)
    assert await page.billing.get_balances() == []
    await page.aclose()


async def test_20_a_refresh_rotates(world):
    """Another token each time, the same user; the page goes on as if nothing had happened."""
    async with signed_in(world) as page:
        user = page.auth.get_cached_user()
        first = await page.auth.get_access_token()
        await page.auth.refresh()
        assert await page.auth.get_access_token() != first
        assert page.auth.get_cached_user().id == user.id
        assert (await page.gateway.call(**CALL, body={})).status == 200


async def test_21_an_anonymous_visitor_stays_the_same(world):
    """Two sign-ins at once make one user; after a soft sign-out it is the same one again."""
    page = SdkPage(world)
    first, second = await asyncio.gather(
        page.auth.sign_in_anonymously(), page.auth.sign_in_anonymously()
    )
    assert first.user.id == second.user.id
    await page.auth.sign_out()
    again = await page.auth.sign_in_anonymously()
    assert again.user.id == first.user.id
    assert await world.write(count_users()) == 1
    await page.aclose()


def count_users():
    """Count the users of the paywall."""
    rows = yield Statement("select count(*) from users where paywall_id = $1", (PAYWALL,))
    return rows[0][0]


async def test_ours_a_template_is_called_with_texts_alone(world):
    """Beyond the list: charged as any call; what does not fit is told with its limit."""
    await world.add_template(
        "tpl_say", body={"say": "Dear {{name}}!"}, variables={"name": 5}, path="v1/things"
    )
    async with signed_in(world) as page:
        answer = await page.gateway.call_template("tpl_say", {"name": 'O"x}'})
        assert await answer.json() == {"ok": True}
        assert page.left() == 19
        with pytest.raises(PaywallError) as caught:
            await page.gateway.call_template("tpl_say", {"name": "longer"})
        assert caught.value.code == "template_variable"
        assert caught.value.details == {"variable": "name", "problem": "too_long", "max_chars": 5}
        assert page.left() == 19
    request = await world.provider.next_request()
    await request.body_complete.wait()
    assert request.json() == {"say": 'Dear O"x}!'}
    assert len(world.provider.requests) == 1
