"""A call whose answer was lost is sent once more, under its key, and is charged once."""

import asyncio
import json

from tests.support.everywhere.contract import (
    CUT,
    PAYWALL,
    PROVIDER,
    USUAL,
    Contract,
    end,
    json_answer,
    refusal,
    start,
)
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import cases, raises
from tollbridge.sdk import (
    AbortController,
    AbortedError,
    ApiGatewayClient,
    ConfigError,
    NetworkError,
    PaywallError,
    ProviderError,
)
from tollbridge.sdk.replay import WAITS_MAX, pause, wait_before
from tollbridge.wire import headers as names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk.transport import Reply, Request

RECEIPT = {"call_id": "call_1", "state": "ok", "credits_charged": 1}


def still_running(retry_after: str = "0") -> list:
    """Return the answer to a call whose first sending still runs."""
    headers = {"retry-after": retry_after, "x-error-source": "gateway"}
    return [json_answer({"error": "call_in_progress", "message": "It runs."}, 409, headers)]


async def keys_of(contract: Contract) -> list[str]:
    """Return the key of every call so far."""
    calls = await contract.requests_to("call")
    return [call.headers["idempotency-key"] for call in calls]


async def test_every_call_has_a_key_of_its_own(signed_in: Page, contract: Contract) -> None:
    """Keys are long enough to be nobody else's, and the same bytes twice are two calls."""
    for _ in range(3):
        await (await signed_in.gateway.call(provider_id=PROVIDER, body={"a": 1})).bytes()
    await (await signed_in.gateway.call(provider_id=PROVIDER, method="GET")).bytes()
    keys = await keys_of(contract)
    assert len(set(keys)) == 4
    assert all(len(bytes.fromhex(key)) == 16 for key in keys)


@cases("key", ["k", "order-17/retry", "x" * 255])
async def test_a_callers_key_is_used(signed_in: Page, contract: Contract, key: str) -> None:
    """Who wants to repeat a call after a reload brings its key."""
    headers = {"Idempotency-Key": key}
    await (await signed_in.gateway.call(provider_id=PROVIDER, headers=headers)).bytes()
    assert await keys_of(contract) == [key]


@cases("key", ["", " ", "a b", "a\tb", "x" * 256])
async def test_what_is_no_key_is_refused(signed_in: Page, contract: Contract, key: str) -> None:
    """The gateway would refuse it too; here nothing is sent, and the key is not shown."""
    with raises(ConfigError, says="idempotency-key") as caught:
        await signed_in.gateway.call(provider_id=PROVIDER, headers={"Idempotency-Key": key})
    assert caught.value.code == "invalid_argument"
    assert await contract.count("call") == 0


async def test_a_lost_answer_is_asked_for_again(signed_in: Page, contract: Contract) -> None:
    """The caller notices nothing: same bytes, same key, one charge."""
    await signed_in.billing.get_balances()
    await contract.answers("call", CUT, USUAL)
    response = await signed_in.gateway.call(provider_id=PROVIDER, body={"b": 1, "a": [2]})
    assert await response.json() == {"hello": "world"}
    first, second = await contract.requests_to("call")
    assert first.body == second.body
    assert json.loads(second.body) == {"b": 1, "a": [2]}
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert signed_in.shown == [20, 19]


async def test_twice_lost_is_lost(signed_in: Page, contract: Contract) -> None:
    """There is one replay; then the caller is told, and the balances are read anew."""
    await contract.answers("call", CUT)
    with raises(NetworkError):
        await signed_in.gateway.call(provider_id=PROVIDER, body={})
    assert await contract.count("call") == 2
    assert len(set(await keys_of(contract))) == 1
    await contract.until("balances")


async def test_lost_while_it_is_waited_for_is_lost(signed_in: Page, contract: Contract) -> None:
    """However it goes in between, a call is sent again for one loss and no more."""
    await contract.answers("call", CUT, still_running(), CUT)
    with raises(NetworkError):
        await signed_in.gateway.call(provider_id=PROVIDER, body={})
    assert await contract.count("call") == 3


async def test_an_answer_lost_after_a_refresh_is_asked_for_again(
    signed_in: Page, contract: Contract
) -> None:
    """Refused first, lost then: the third sending brings the answer."""
    await contract.answers("call", [refusal("invalid_token")], CUT, USUAL)
    await (await signed_in.gateway.call(provider_id=PROVIDER, body={})).bytes()
    assert len(await keys_of(contract)) == 3
    assert len(set(await keys_of(contract))) == 1


async def test_a_replay_on_an_ended_session_is_renewed_too(
    signed_in: Page, contract: Contract
) -> None:
    """Lost first, refused then: the third sending has a new token and still the same key."""
    await contract.answers("call", CUT, [refusal("invalid_token")], USUAL)
    await (await signed_in.gateway.call(provider_id=PROVIDER, body={})).bytes()
    assert len(await keys_of(contract)) == 3
    assert len(set(await keys_of(contract))) == 1


async def test_a_refreshed_call_keeps_its_key(signed_in: Page, contract: Contract) -> None:
    """A 401 was no attempt, and the replay under the new token is the same call."""
    await contract.expire_access()
    await (await signed_in.gateway.call(provider_id=PROVIDER, body={})).bytes()
    first, second = await keys_of(contract)
    assert first == second


async def test_a_replay_waits_for_the_first_sending(signed_in: Page, contract: Contract) -> None:
    """While the gateway still works at the first one the second is told to come back."""
    await contract.answers("call", CUT, still_running(), still_running(), USUAL)
    response = await signed_in.gateway.call(provider_id=PROVIDER, body={})
    assert await response.json() == {"hello": "world"}
    assert len(await keys_of(contract)) == 4
    assert len(set(await keys_of(contract))) == 1


async def test_a_replay_of_the_browsers_own_waits_too(signed_in: Page, contract: Contract) -> None:
    """A browser resends without a word; nobody else can have used a key that was made here."""
    await contract.answers("call", still_running(), USUAL)
    response = await signed_in.gateway.call(provider_id=PROVIDER, body={})
    assert await response.json() == {"hello": "world"}
    assert len(await keys_of(contract)) == 2


async def test_a_replay_does_not_wait_for_ever(signed_in: Page, contract: Contract) -> None:
    """After a few times the caller is told that the call still runs."""
    await contract.answers("call", CUT, still_running())
    with raises(PaywallError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER, body={})
    assert (caught.value.code, caught.value.status) == ("call_in_progress", 409)
    assert await contract.count("call") == 2 + WAITS_MAX


async def test_a_replay_does_not_wait_long(signed_in: Page, contract: Contract) -> None:
    """A gateway that asks for more than a few seconds is left, and the caller knows how many."""
    await contract.answers("call", CUT, still_running("6"))
    with raises(PaywallError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER, body={})
    assert (caught.value.code, caught.value.retry_after_s) == ("call_in_progress", 6)
    assert await contract.count("call") == 2


@cases(
    ("waits", "retry_after_s", "wait_s"),
    [(0, None, 1), (0, 0, 0), (0, 5, 5), (0, 6, None), (5, None, 1), (6, None, None)],
)
def test_waits_are_bounded(waits: int, retry_after_s: "int | None", wait_s: "int | None") -> None:
    """A second unless the gateway says otherwise, at most five, at most six times."""
    assert wait_before(waits, retry_after_s) == wait_s


async def test_a_call_of_somebody_elses_is_not_waited_for(
    signed_in: Page, contract: Contract
) -> None:
    """A key of the caller's own that is busy elsewhere is an error at once."""
    await contract.answers("call", still_running("1"))
    with raises(PaywallError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER, headers={"idempotency-key": "mine"})
    assert (caught.value.code, caught.value.retry_after_s) == ("call_in_progress", 1)
    assert await contract.count("call") == 1


async def test_what_was_charged_but_cannot_be_given_again_has_a_receipt(
    signed_in: Page, contract: Contract
) -> None:
    """The error says so, the receipt is there, and the balances are read anew."""
    body = {"error": "call_already_charged", "message": "It was charged.", "receipt": RECEIPT}
    await contract.answers("call", CUT, [json_answer(body, 409, {"x-error-source": "gateway"})])
    with raises(PaywallError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER, body={})
    assert (caught.value.code, caught.value.status) == ("call_already_charged", 409)
    assert caught.value.body["receipt"] == RECEIPT
    assert await contract.count("call") == 2
    await contract.until("balances")


async def test_a_conflict_of_the_providers_is_the_providers(
    signed_in: Page, contract: Contract
) -> None:
    """Its 409 is passed on as it is, also after a replay, and is not waited for."""
    body = {"error": "call_in_progress"}
    await contract.answers("call", CUT, [json_answer(body, 409, {"x-error-source": "provider"})])
    with raises(ProviderError):
        await signed_in.gateway.call(provider_id=PROVIDER, body={})
    assert await contract.count("call") == 2


async def test_a_replay_that_is_refused_asks_what_the_lost_one_cost(
    signed_in: Page, contract: Contract
) -> None:
    """A refusal is free, but the sending before it was perhaps not refused."""
    await contract.answers("call", CUT, [refusal("busy")])
    with raises(PaywallError):
        await signed_in.gateway.call(provider_id=PROVIDER, body={})
    await contract.until("balances")


async def test_a_stopped_call_is_not_sent_again(signed_in: Page, origin: str) -> None:
    """Where the signal was aborted in the same moment, the loss is an abort."""
    sent: list[str] = []
    controller = AbortController()

    async def lose(request: "Request") -> "Reply":
        sent.append(request.url)
        controller.abort()
        raise NetworkError("It broke off.")

    client = ApiGatewayClient(paywall_id=PAYWALL, api_origin=origin, transport=lose)
    with raises(AbortedError):
        await client.call(provider_id=PROVIDER, signal=controller.signal)
    assert len(sent) == 1


async def test_a_signal_ends_the_waiting(signed_in: Page, contract: Contract) -> None:
    """Whoever stops a call that waits for its first sending need not wait himself."""
    await contract.answers("call", CUT, still_running("5"))
    controller = AbortController()
    calling = asyncio.create_task(
        signed_in.gateway.call(provider_id=PROVIDER, signal=controller.signal)
    )
    await contract.until("call", 2)
    controller.abort()
    with raises(AbortedError):
        await calling
    assert await contract.count("call") == 2


async def test_a_cancelled_task_ends_the_waiting(signed_in: Page, contract: Contract) -> None:
    """A cancellation passes on as one, and nothing more is sent."""
    await contract.answers("call", CUT, still_running("5"))
    calling = asyncio.create_task(signed_in.gateway.call(provider_id=PROVIDER))
    await contract.until("call", 2)
    calling.cancel()
    with raises(asyncio.CancelledError):
        await calling
    assert await contract.count("call") == 2


async def test_a_pause_ends_by_itself_or_by_its_signal() -> None:
    """Without a signal, with one that stays, with one that comes, and with one that was."""
    await pause(0, None)
    controller = AbortController()
    await pause(0.001, controller.signal)
    pausing = asyncio.create_task(pause(1000, controller.signal))
    await asyncio.sleep(0)
    controller.abort()
    with raises(AbortedError):
        await pausing
    with raises(AbortedError):
        await pause(1000, controller.signal)


async def test_an_answer_given_again_is_not_counted_again(
    signed_in: Page, contract: Contract
) -> None:
    """What it says was left at its own time; the version tells that it is no news."""
    await signed_in.billing.get_balances()
    again = {
        names.QUERY_TYPE: "standard",
        names.CREDITS_CHARGED: "1",
        names.CREDITS_REMAINING: "19",
        names.BALANCE_VERSION: "2",
        names.IDEMPOTENT_REPLAYED: "true",
    }
    await contract.answers("call", USUAL, USUAL, [start(200, again), end(b"{}")])
    before = await contract.count("balances")
    for _ in range(3):
        await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    assert signed_in.shown == [20, 19, 18]
    assert await contract.count("balances") == before


async def test_an_answer_given_again_without_a_version_is_asked_about(
    signed_in: Page, contract: Contract
) -> None:
    """Whether the page counted it the first time only the gateway can tell."""
    await signed_in.billing.get_balances()
    again = {names.QUERY_TYPE: "standard", names.IDEMPOTENT_REPLAYED: "true"}
    await contract.answers("call", [start(200, again), end(b"{}")])
    before = await contract.count("balances")
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    await contract.until("balances", before + 1)
    await signed_in.billing.get_balances()
    assert signed_in.shown == [20]


@cases("code", ["rate_limited", "too_many_failures"])
async def test_a_limit_says_which_and_when_to_come_back(
    signed_in: Page, contract: Contract, code: str
) -> None:
    """Nothing is sent again by itself; the caller decides."""
    body = {"error": code, "message": "Slow down.", "details": {"limit": "USER_PER_MINUTE"}}
    await contract.answers("call", [json_answer(body, 429, {"retry-after": "12"})])
    with raises(PaywallError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER)
    error = caught.value
    assert (error.code, error.status, error.retry_after_s) == (code, 429, 12)
    assert error.details == {"limit": "USER_PER_MINUTE"}
    assert await contract.count("call") == 1
