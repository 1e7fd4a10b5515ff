"""A gateway is killed under load, again and again: no credit is lost, and no answer was free."""

import asyncio
import random
from dataclasses import dataclass, field

import aiohttp
import pytest

from tests.support.gateway_process import gateway_process
from tests.support.scripted_provider import Answer, Cut, ScriptedProvider
from tests.support.world import CALL, LIFTED, PAYWALL, PROVIDER, TYPE
from tollbridge.gateway import ledger
from tollbridge.gateway.app import open_gateway
from tollbridge.gateway.data_folder import open_database
from tollbridge.gateway.database import Statement
from tollbridge.gateway.paywalls import Paywall, create_paywall
from tollbridge.gateway.providers.presets import make_provider
from tollbridge.gateway.providers.registry import store_provider
from tollbridge.gateway.settings import Settings

CALLERS = 32
CREDITS = 1_000_000
ROUNDS = 10
# Calls of a round before the gateway is killed; so many take about half a second.
CALLS_MAX = 400
# Every kind of end is on its way when it happens.
ANSWERS = (
    Answer.json({"ok": True}),
    Answer.json({"ok": True}),
    Answer(chunks=[b"one ", b"two ", b"three"]),
    Answer.sse(b"one", b"[DONE]"),
    Answer.json({"error": "no"}, status=500),
    Answer(chunks=[Cut()]),
    Answer(chunks=[b"begun", Cut()]),
    Answer(204, framing="none", raw_head=b"HTTP/1.1 204 No Content\r\n\r\n"),
)


@dataclass
class Load:
    """What the callers held complete, over all rounds."""

    client: aiohttp.ClientSession
    held: set[str] = field(default_factory=set)

    async def call_on(self, url, bearer):
        """Call until the gateway is gone; note each complete 2xx."""
        address = f"{url}{CALL}/v1/things?paywall_id={PAYWALL}"
        while True:
            try:
                async with self.client.post(address, headers=bearer, json={}) as answer:
                    await answer.read()
                    if answer.status < 300:
                        self.held.add(answer.headers["X-Call-Id"])
            except aiohttp.ClientPayloadError:
                continue
            except (aiohttp.ClientConnectorError, aiohttp.ClientOSError):
                return
            except aiohttp.ServerDisconnectedError:
                continue


async def furnish(settings, provider):
    """Make a paywall whose visitors have plenty of credits, and its provider."""
    async with open_gateway(settings) as gateway:
        now = gateway.clock.now_ms()
        paywall = Paywall(PAYWALL, query_types={TYPE: CREDITS})
        await gateway.database.write(create_paywall(paywall, now))
        made = make_provider(
            PROVIDER,
            paywall_id=PAYWALL,
            preset="http",
            base_url=provider.url,
            query_type=TYPE,
            allow=("POST v1/*",),
            allow_private=True,
        )
        await gateway.database.write(store_provider(made, gateway.sealer, now))


def rows(sql):
    """Make a script that reads rows."""
    return (yield Statement(sql))


async def check(settings, load, provider):
    """Look at what the killed gateway left, after the next one has begun."""
    database = await open_database(settings, make=False)
    try:
        assert await database.read(ledger.verify()) == []
        assert await database.read(rows("select 1 from calls where ended_at is null")) == []
        calls = await database.read(rows("select call_id, state from calls"))
        states = dict(calls)
        # Nobody held a whole 2xx that is not charged.
        assert {states[call_id] for call_id in load.held} <= {"settled"}
        settled = sum(state == "settled" for state in states.values())
        assert len(load.held) <= settled
        # The provider never heard of a call that was not held before.
        assert len(provider.requests) <= len(calls)
        [[left]] = await database.read(rows("select available from balances"))
        assert left == CREDITS - settled
        return len(calls)
    finally:
        await database.close()


async def kill_rounds(tmp_path, rounds):
    """Kill the gateway so many times, and look after each."""
    settings, chance = Settings(data_dir=tmp_path / "var"), random.Random()
    limits = {**LIFTED, "TOLLBRIDGE_LIMIT_USER_EARLY_LEAVES": "off"}
    async with ScriptedProvider() as provider, aiohttp.ClientSession() as client:
        await furnish(settings, provider)
        load, bearer, seen = Load(client), {}, 0
        for number in range(rounds + 1):
            async with gateway_process(settings.data_dir, **limits) as gateway:
                if not bearer:
                    path = f"{gateway.url}/api/v1/paywall/{PAYWALL}/auth/anonymous/signin"
                    async with client.post(path) as answer:
                        token = (await answer.json())["access_token"]
                    bearer = {"Authorization": f"Bearer {token}"}
                seen = await check(settings, load, provider)
                if number == rounds:
                    return load, seen
                last = len(provider.requests) + chance.randrange(1, CALLS_MAX)

                def answer_or_kill(request, last=last, gateway=gateway):
                    if len(provider.requests) == last:
                        gateway.kill()
                    return chance.choice(ANSWERS)

                provider.always(answer_or_kill)
                await asyncio.gather(*(load.call_on(gateway.url, bearer) for _ in range(CALLERS)))
                assert await gateway.ended() == -9


@pytest.mark.timeout(100)
async def test_ten_times(tmp_path):
    """After each kill the ledger is sound, nothing stays held, and each whole answer is charged."""
    load, calls = await kill_rounds(tmp_path, ROUNDS)
    assert len(load.held) > calls / 4


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_hundred_times(tmp_path):
    """The same, for longer."""
    await kill_rounds(tmp_path, 100)
