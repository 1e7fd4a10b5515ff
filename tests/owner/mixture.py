"""A store with everything in it that a gateway ever writes, made by using one."""

from dataclasses import dataclass

from tests.support.scripted_provider import Answer, Cut
from tests.support.telegram import TOKEN, launch
from tests.support.world import PAYWALL, TYPE, Visitor, World
from tollbridge.gateway import ledger
from tollbridge.gateway.commerce import VoucherOrder
from tollbridge.gateway.commerce.codes import new_code
from tollbridge.gateway.identity.telegram import bot_of_token
from tollbridge.gateway.identity.telegram_bots import store_bot
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.owner.vouchers import issue
from tollbridge.gateway.secret import Secret

OK = Answer.json({"ok": True})
DEAD_EPOCH = "epoch_of_a_killed_process"


@dataclass
class Mixture:
    """Who used the gateway, and what is left of it.

    Attributes:
        left: Credits that the visitor may use now.
        held: Credits of calls that a killed process left open.
        key: Under which the visitor has made a call.
    """

    visitor: Visitor
    left: int
    held: int
    key: str


async def mix(world: World) -> Mixture:
    """Use a gateway in every way that leaves something behind."""
    visitor = await world.sign_in()
    await world.add_provider("prov_dear", cost=5)
    await world.add_template("tpl_ask", body={"say": "{{what}}"}, variables={"what": 9})
    key = await _call(world, visitor)
    await _span_grants(world, visitor)
    await _give_back(world, visitor)
    await _fall_into_debt(world)
    await _redeem(world, visitor)
    await _change_as_owner(world, visitor)
    await _come_from_telegram(world)
    held = await _leave_open(world, visitor)
    return Mixture(visitor, await world.balance(visitor), held, key)


async def _call(world: World, visitor: Visitor, provider_id: str = "prov_things") -> str:
    """Call under a key, twice: the second is a repeat."""
    world.provider.answers(OK)
    key = new_id("key")
    for _ in range(2):
        named = {"Idempotency-Key": key}
        async with world.call(visitor, provider_id=provider_id, headers=named) as answer:
            assert answer.status == 200, await answer.text()
            await answer.read()
    return key


async def _span_grants(world: World, visitor: Visitor) -> None:
    """Calls of 5 credits from grants of 3, one of which has an end."""
    await world.drain(visitor, 0)
    now = world.gateway.clock.now_ms()
    for number in range(4):
        until = now + 3_600_000 if number == 1 else None
        order = ledger.GrantOrder(visitor.user_id, TYPE, 3, new_id("test"), expires_at=until)
        await world.write(ledger.grant(order, now))
    late = ledger.GrantOrder(visitor.user_id, TYPE, 3, new_id("test"), expires_at=now - 1)
    await world.write(ledger.grant(late, now))
    await _call(world, visitor, "prov_dear")
    world.provider.answers(Answer(chunks=[Cut()]))  # settled, then broken off: reversed
    async with world.call(visitor, provider_id="prov_dear") as answer:
        assert answer.status == 200
    assert (await world.newest_receipt(visitor))["state"] == "broken"
    await world.grant(visitor, 10)


async def _give_back(world: World, visitor: Visitor) -> None:
    """A call that the provider refuses, and one that nobody can pay."""
    world.provider.answers(Answer.json({"error": "no"}, status=400))
    async with world.call(visitor) as answer:
        assert answer.status == 400
    poor = await world.sign_in()
    await world.drain(poor, 0)
    async with world.call(poor) as answer:
        assert answer.status == 402


async def _fall_into_debt(world: World) -> None:
    """A grant is taken back when its credits are spent; the next one pays for it."""
    debtor = await world.sign_in()
    await world.drain(debtor, 0)
    now = world.gateway.clock.now_ms()
    order = ledger.GrantOrder(debtor.user_id, TYPE, 6, new_id("test"))
    granted = await world.write(ledger.grant(order, now))
    await world.drain(debtor, 1)
    await world.write(ledger.claw_back(granted.grant_id, now))
    await world.grant(debtor, 2)


async def _redeem(world: World, visitor: Visitor) -> None:
    """A voucher that is good, and one that is not."""
    code = new_code()
    order = VoucherOrder(PAYWALL, TYPE, 4)
    await world.write(issue(order, code, world.gateway.clock.now_ms()))
    path = f"{world.url}/api/v1/paywall/{PAYWALL}/vouchers/redeem"
    for given, status in ((code.reveal(), 200), (new_code().reveal(), 404)):
        async with world.client.post(path, headers=visitor.headers, json={"code": given}) as answer:
            assert answer.status == status, await answer.text()


async def _change_as_owner(world: World, visitor: Visitor) -> None:
    """A credit under a key, which keeps its first answer."""
    headers = {"X-Api-Key": await world.add_key(), "Idempotency-Key": "order-1"}
    change = {"user_id": visitor.user_id, "type": TYPE, "amount": 5, "op": "credit"}
    path = f"{world.url}/api/v1/paywall/{PAYWALL}/balances"
    async with world.client.post(path, headers=headers, json=change) as answer:
        assert answer.status == 200, await answer.text()


async def _come_from_telegram(world: World) -> None:
    """Somebody opens the paywall's Mini App."""
    now = world.gateway.clock.now_ms()
    await world.write(store_bot(PAYWALL, bot_of_token(Secret(TOKEN)), world.gateway.sealer, now))
    path = f"{world.url}/api/v1/paywall/{PAYWALL}/auth/telegram/signin"
    launched = {"init_data": launch(now // 1000), "reload_key": "k" * 22}
    async with world.client.post(path, json=launched) as answer:
        assert answer.status == 200, await answer.text()


async def _leave_open(world: World, visitor: Visitor) -> int:
    """A call whose process was killed: its hold stands until somebody sweeps it."""
    now = world.gateway.clock.now_ms()
    await world.write(ledger.begin_epoch(DEAD_EPOCH, now))
    call_id = new_id("call")
    order = ledger.HoldOrder(
        call_id, 1, DEAD_EPOCH, PAYWALL, visitor.user_id, "prov_things", TYPE, 3
    )
    assert isinstance(await world.write(ledger.hold(order, now)), ledger.Hold)
    return 3
