"""Two gateways on one database: they answer alike, charge once, and outlive each other."""

import asyncio
import json
from collections import Counter

import pytest

from tests.faults.crowd import SERVED, Crowd, check_books
from tests.faults.proxy import Proxy
from tests.faults.two_gateways import two_gateways
from tests.support.process_world import CREDITS
from tests.support.scripted_provider import Answer, Wait
from tests.support.stores import place
from tests.support.world import PAYWALL, TYPE
from tollbridge.gateway import ledger
from tollbridge.gateway.clock import SystemClock, parse_rfc3339

# On SQLite a second gateway does not start.
pytestmark = pytest.mark.only_on("postgres")

# How fast one is taken for dead, where that is waited for.
QUICK = {"TOLLBRIDGE_BEAT_S": "1", "TOLLBRIDGE_SILENT_S": "4"}
FROZEN_S = 6
CALLERS = 64
# What is remembered of sessions may be so old; and a machine that does other things is late.
REVOKED_S, LATE_S = 5, 10
KILLS, KILLS_LONG = 4, 10


def time_passes(seconds):
    """Return what is over after so long: time itself is what is tested here."""
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, event.set)
    return event.wait()


@pytest.fixture
async def both(tmp_path, store):
    """Two gateways with the usual settings."""
    async with two_gateways(tmp_path / "var") as running:
        yield running


async def told(running, url, key=None):
    """Make a call; return status, call id, the body as JSON."""
    async with running.call_at(url, key) as answer:
        return answer.status, answer.headers.get("X-Call-Id"), json.loads(await answer.read())


async def told_by_the_store(running, url, key):
    """Make a call; again where the store was too busy for one of so many."""
    while (answer := await told(running, url, key))[0] == 503:
        assert answer[2]["error"] == "ledger_unavailable"
    return answer


async def test_the_same_answers(both):
    """Balance, receipts by id and by key, and the list of calls, wherever a call was made."""
    both.world.provider.always(Answer.json({"ok": True}))
    made = [await told(both, url, f"key-{n}") for n, url in enumerate(both.urls * 3)]
    assert [status for status, *_ in made] == [200] * 6
    for n, (_, call_id, _) in enumerate(made):
        for path in (f"calls/{call_id}", f"calls?key=key-{n}"):
            while True:  # the end of a call is written behind its answer
                first, second = [await both.ask(url, path) for url in both.urls]
                if "running" not in f"{first}{second}":
                    break
            assert first == second
            assert first[0] == 200
            assert call_id in str(first[1])
    assert [await both.balance(url) for url in both.urls] == [CREDITS - 6] * 2


async def test_a_session_that_was_ended_at_the_other(both):
    """It is refused within five seconds, though its token has minutes to live."""
    first, second = both.urls
    assert await both.balance(second) == CREDITS
    path = f"{first}/api/v1/paywall/{PAYWALL}/auth/signout"
    async with both.world.client.post(path, headers=both.world.visitor.headers) as answer:
        assert answer.status < 300
    async with asyncio.timeout(REVOKED_S + LATE_S):
        while (await both.ask(second, "balances"))[0] == 200:
            pass
    status, body = await both.ask(second, "balances")
    assert status == 401, body


async def test_one_key_at_both_at_once(both):
    """Sixty-four callers: the provider is asked once, and one credit is charged."""
    go_on = asyncio.Event()
    both.world.provider.always(Answer(before=[Wait(go_on)], chunks=[b'{"ok": true}']))
    callers = [
        asyncio.create_task(told_by_the_store(both, both.urls[number % 2], "the-one-key"))
        for number in range(CALLERS)
    ]
    refused = asyncio.as_completed(callers)
    for _ in range(CALLERS - 1):
        await next(refused)
    go_on.set()
    answers = await asyncio.gather(*callers)
    assert Counter(status for status, *_ in answers) == {409: CALLERS - 1, 200: 1}
    assert {body["error"] for status, _, body in answers if status == 409} == {"call_in_progress"}
    assert len({call_id for _, call_id, _ in answers}) == 1
    assert len(both.world.provider.requests) == 1
    assert [await both.balance(url) for url in both.urls] == [CREDITS - 1] * 2


async def test_a_repeat_at_the_other(both):
    """While it runs, it runs; afterwards it is charged, and only who answered has the answer."""
    first, second = both.urls
    go_on = asyncio.Event()
    both.world.provider.answers(Answer(before=[Wait(go_on)], chunks=[b'{"ok": true}']))
    running = asyncio.create_task(told(both, first, "key"))
    await both.world.provider.next_request()
    status, call_id, body = await told(both, second, "key")
    assert (status, body["error"]) == (409, "call_in_progress")
    go_on.set()
    assert (await running)[:2] == (200, call_id)
    [receipt] = await both.world.all_ended(1)
    status, same_id, body = await told(both, second, "key")
    assert (status, body["error"], same_id) == (409, "call_already_charged", call_id)
    assert body["receipt"] == receipt
    assert (await told(both, first, "key"))[:2] == (200, call_id)
    async with both.world.client.post(
        f"{second}/api/v1/api-gateway/prov_things/v1/other",
        headers=both.world.visitor.headers | {"Idempotency-Key": "key"},
        json={"say": "something else"},
    ) as answer:
        assert (answer.status, (await answer.json())["error"]) == (422, "idempotency_mismatch")
    assert len(both.world.provider.requests) == 1
    assert await both.balance(second) == CREDITS - 1


async def calls_that_wait(running, url, count):
    """Start calls whose answers come when the returned event is set; return it and their tasks."""
    go_on = asyncio.Event()
    running.world.provider.always(Answer(before=[Wait(go_on)], chunks=[b'{"ok": true}']))
    tasks = [asyncio.create_task(told(running, url)) for _ in range(count)]
    for _ in range(count):
        await running.world.provider.next_request()
    return go_on, tasks


async def until_balance(running, url, credits):
    """Wait until one of them says that there are so many credits."""
    while await running.balance(url) != credits:
        pass


async def freeze_one(folder, seconds, **settings):
    """Freeze a gateway with calls running until the other has swept them, and thaw it."""
    async with two_gateways(folder, **settings) as running:
        first, second = running.urls
        go_on, tasks = await calls_that_wait(running, first, 20)
        assert await running.balance(second) == CREDITS - 20
        running.world.gateway.freeze()
        await time_passes(seconds)
        await until_balance(running, second, CREDITS)
        states = Counter(one["state"] for one in await running.world.receipts())
        assert states == {"swept": 20}
        running.world.gateway.thaw()
        go_on.set()
        # Each takes its credit anew, since nobody else has taken it.
        assert [status for status, *_ in await asyncio.gather(*tasks)] == [200] * 20
        await running.world.all_ended(20)
        assert [await running.balance(url) for url in running.urls] == [CREDITS - 20] * 2
        assert await running.world.look(ledger.verify()) == []
        # What it makes now is its new epoch's, and the other lets it live.
        go_on, tasks = await calls_that_wait(running, first, 1)
        await time_passes(float(settings.get("TOLLBRIDGE_SILENT_S", "20")) + 2)
        go_on.set()
        assert [status for status, *_ in await asyncio.gather(*tasks)] == [200]
        assert await running.balance(second) == CREDITS - 21
        await running.world.check_books()


@pytest.mark.timeout(120)
async def test_one_stands_still(tmp_path):
    """The other gives the credits of its calls back, whole; back again, it takes them anew."""
    await freeze_one(tmp_path / "var", FROZEN_S, **QUICK)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_one_stands_still_for_half_a_minute(tmp_path):
    """The same with the settings that everybody has."""
    await freeze_one(tmp_path / "var", 30)


@pytest.mark.timeout(120)
async def test_one_stands_still_and_the_credits_are_spent(tmp_path):
    """Back again, it hands nothing out that nobody can pay any more: 503 `hold_lost`."""
    async with two_gateways(tmp_path / "var", **QUICK) as running:
        first, second = running.urls
        go_on, tasks = await calls_that_wait(running, first, 5)
        running.world.gateway.freeze()
        await until_balance(running, second, CREDITS)
        now = SystemClock().now_ms()
        user = running.world.visitor.user_id
        spent = await running.write(ledger.debit(user, TYPE, CREDITS - 2, "spent", now))
        assert spent.available == 2
        running.world.gateway.thaw()
        go_on.set()
        answers = await asyncio.gather(*tasks)
        assert Counter(status for status, *_ in answers) == {200: 2, 503: 3}
        lost = [body for status, _, body in answers if status == 503]
        assert {body["error"] for body in lost} == {"hold_lost"}
        receipts = await running.world.all_ended(5)
        assert Counter(one["state"] for one in receipts) == {"ok": 2, "swept": 3}
        assert [await running.balance(url) for url in running.urls] == [0, 0]
        assert await running.world.look(ledger.verify()) == []


@pytest.mark.timeout(120)
async def test_one_is_cut_off_from_the_database(tmp_path):
    """It promises nothing, and its calls are swept; back again, it takes their credits anew."""
    folder = tmp_path / "var"
    async with (
        Proxy(place(folder)) as proxy,
        two_gateways(folder, other_url=proxy.url, **QUICK) as running,
    ):
        first, apart = running.urls
        go_on, tasks = await calls_that_wait(running, apart, 20)
        proxy.hold()
        await until_balance(running, first, CREDITS)
        status, _, body = await told(running, apart)
        assert (status, body["error"]) == (503, "ledger_unavailable")
        assert len(running.world.provider.requests) == 20
        proxy.release()
        while (await running.ask(apart, "balances"))[0] != 200:
            pass
        go_on.set()
        assert [status for status, *_ in await asyncio.gather(*tasks)] == [200] * 20
        await running.world.all_ended(20)
        assert [await running.balance(url) for url in running.urls] == [CREDITS - 20] * 2
        await running.world.check_books()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kills", [KILLS, pytest.param(KILLS_LONG, marks=pytest.mark.long)])
async def test_one_is_killed_again_and_again(tmp_path, kills):
    """In turn, under load: nothing is lost or charged twice, and both tell the same of it."""
    async with two_gateways(tmp_path / "var", **QUICK) as running:
        running.world.provider.always(Answer.json({"ok": True}))
        living = [running.world.gateway, running.other]
        async with Crowd(running.world, 16, lambda: [one.url for one in living]) as crowd:
            for number in range(kills):
                await crowd.more(SERVED, 16)
                killed = living[number % 2]
                killed.kill()
                await killed.ended()
                living[number % 2] = await running.start_another()
        running.world.gateway, running.other = living
        await check_books(running.world, crowd, unseen=True)
        for call_id in crowd.served[:: max(1, len(crowd.served) // 50)]:
            first, second = [await running.ask(url, f"calls/{call_id}") for url in running.urls]
            assert first == second
            assert first[1]["credits_charged"] == 1


@pytest.mark.parametrize("ahead_s", [3600, -3600], ids=["ahead", "behind"])
async def test_clocks_an_hour_apart(tmp_path, ahead_s):
    """No session dies early, no grant dies early or revives; all times are the database's."""
    program = ("tests.faults.clock_apart", str(ahead_s))
    async with two_gateways(tmp_path / "var", other=program) as running:
        right, wrong = running.urls
        user = running.world.visitor.user_id
        now = SystemClock().now_ms()
        for key, amount, lives_ms in (("long", 5, 1_800_000), ("short", 7, 1000)):
            order = ledger.GrantOrder(user, TYPE, amount, key, expires_at=now + lives_ms)
            await running.write(ledger.grant(order, now))
        await until_balance(running, right, CREDITS + 5)
        assert await running.balance(wrong) == CREDITS + 5
        running.world.provider.always(Answer.json({"ok": True}))
        assert [(await told(running, url))[0] for url in running.urls] == [200, 200]
        for receipt in await running.world.all_ended(2):
            assert abs(parse_rfc3339(receipt["created_at"]) - now) < 600_000
        assert [await running.balance(url) for url in running.urls] == [CREDITS + 3] * 2
        # A session that began at either is good at the other, and so is what it is renewed to.
        for one, other in ((right, wrong), (wrong, right)):
            tokens = await post(running, one, "auth/anonymous/signin", {})
            renewed = {"refresh_token": tokens["refresh_token"]}
            assert (await post(running, other, "auth/refresh", renewed))["access_token"]
            running.world.visitor.token = tokens["access_token"]
            assert await running.balance(other) == CREDITS


async def post(running, url, path, body):
    """Ask one of them for something that must be granted."""
    address = f"{url}/api/v1/paywall/{PAYWALL}/{path}"
    async with running.world.client.post(address, json=body) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()
