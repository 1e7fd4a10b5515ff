"""Balances are read when they are old, once at a time, and never for nobody."""

import asyncio

from tests.support.everywhere.contract import (
    CUT,
    OWNER_KEY,
    PAYWALL,
    USUAL,
    Contract,
    json_answer,
    refusal,
)
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import IN_A_PAGE, cases, except_on, raises, reported
from tollbridge.sdk import Balance, BillingClient, ConfigError, NetworkError, PaywallError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk.transport import Transport

NO_KEYS = "an owner's key is refused in a page, and `sdk/test_misuse.py` shows it"


async def test_balances_say_what_is_left_of_what(signed_in: Page, contract: Contract) -> None:
    """A reading returns a balance per type, and keeps it."""
    assert signed_in.billing.get_cached_balances() is None
    balances = await signed_in.billing.get_balances()
    assert balances == [Balance("standard", 20, version=1, granted=20)]
    assert signed_in.billing.get_cached_balances() == balances


async def test_young_balances_are_not_read_again(signed_in: Page, contract: Contract) -> None:
    """Within five seconds the kept ones are returned; after that they are read anew."""
    await signed_in.billing.get_balances()
    before = await contract.count("balances")
    signed_in.clock.move(ms=4_999)
    await signed_in.billing.get_balances()
    assert await contract.count("balances") == before
    signed_in.clock.move(ms=1)
    await signed_in.billing.get_balances()
    assert await contract.count("balances") == before + 1


async def test_force_reads_however_young_they_are(signed_in: Page, contract: Contract) -> None:
    """`force` and `refresh_balances` always ask the gateway."""
    await signed_in.billing.get_balances()
    before = await contract.count("balances")
    await signed_in.billing.get_balances(force=True)
    await signed_in.billing.refresh_balances()
    assert await contract.count("balances") == before + 2


async def test_parallel_readers_share_one_request(signed_in: Page, contract: Contract) -> None:
    """However many parts of a page ask at once, the gateway sees one request."""
    await contract.hold("balances")
    readers = [asyncio.create_task(signed_in.billing.get_balances(force=True)) for _ in range(5)]
    await contract.until("balances")
    await contract.release("balances")
    read = await asyncio.gather(*readers)
    assert all(balances == read[0] for balances in read)
    assert await contract.count("balances") == 1


async def test_without_auth_nothing_is_sent(
    transport: "Transport", origin: str, contract: Contract
) -> None:
    """A client without a session source has no balances, and asks for none."""
    billing = BillingClient(paywall_id=PAYWALL, api_origin=origin, transport=transport)
    assert await billing.get_balances() == []
    assert await contract.count() == 0
    assert billing.get_cached_balances() is None


async def test_signed_out_nothing_is_sent(page: Page, contract: Contract) -> None:
    """Without a session the answer is [], and the gateway is not asked."""
    assert await page.billing.get_balances() == []
    assert await contract.count() == 0


async def test_a_sign_out_empties_the_balances(signed_in: Page) -> None:
    """Who signs out has no balances any more, and listeners hear it."""
    heard: list[list[Balance]] = []
    await signed_in.billing.get_balances()
    signed_in.billing.on_balance_change(heard.append)
    await signed_in.auth.sign_out()
    assert heard == [[]]
    assert signed_in.billing.get_cached_balances() == []


async def test_another_user_gets_balances_of_his_own(signed_in: Page, contract: Contract) -> None:
    """After a change of users the old counts are gone, and the new ones are read for listeners."""
    await signed_in.billing.get_balances()
    await contract.change(-15)
    await signed_in.auth.sign_out(forget_anonymous=True)
    await signed_in.auth.sign_in_anonymously()
    assert await signed_in.billing.get_balances() == [Balance("standard", 20, 1, 20)]


async def test_an_answer_for_the_user_before_is_thrown_away(
    signed_in: Page, contract: Contract
) -> None:
    """Balances that arrive after somebody else signed in are not shown as his."""
    await signed_in.billing.get_balances()
    await contract.change(-15)
    await contract.hold("balances")
    before = await contract.count("balances")
    reading = asyncio.create_task(signed_in.billing.get_balances(force=True))
    await contract.until("balances", before + 1)
    await signed_in.auth.sign_out(forget_anonymous=True)
    await signed_in.auth.sign_in_anonymously()
    await contract.release("balances")
    assert await reading == [Balance("standard", 20, 1, 20)]
    assert 5 not in signed_in.shown


async def test_listeners_hear_changes_and_only_changes(signed_in: Page, contract: Contract) -> None:
    """The same balances twice are told once; after the undo nothing is told."""
    heard: list[int] = []
    undo = signed_in.billing.on_balance_change(lambda rows: heard.append(rows[0].count))
    await signed_in.billing.get_balances(force=True)
    await signed_in.billing.get_balances(force=True)
    await contract.change(-1)
    await signed_in.billing.get_balances(force=True)
    undo()
    await contract.change(-1)
    await signed_in.billing.get_balances(force=True)
    assert heard == [20, 19]


async def test_a_listener_with_a_bug_costs_nobody_the_answer(signed_in: Page) -> None:
    """What a listener raises goes to the event loop, and the balances to whoever asked."""
    signed_in.billing.on_balance_change(lambda rows: [][1])
    with reported() as errors:
        balances = await signed_in.billing.get_balances()
    assert balances[0].count == 20
    assert [type(error) for error in errors] == [IndexError]


@cases(
    "trouble",
    [CUT, [refusal("busy", "Not now.")], [json_answer({"balances": [{"type": "standard"}]})]],
)
async def test_a_failed_reading_is_raised_and_changes_nothing(
    signed_in: Page, contract: Contract, trouble: list
) -> None:
    """Without a readable answer the error is raised, and what was shown stays."""
    before = await signed_in.billing.get_balances()
    await contract.answers("balances", trouble)
    with raises(PaywallError):
        await signed_in.billing.get_balances(force=True)
    assert signed_in.billing.get_cached_balances() == before


async def test_a_refused_token_is_renewed_once(signed_in: Page, contract: Contract) -> None:
    """A 401 costs the caller nothing: one refresh, one replay."""
    await signed_in.billing.get_balances()
    await contract.expire_access()
    assert (await signed_in.billing.get_balances(force=True))[0].count == 20
    assert await contract.count("refresh") == 1


@except_on(*IN_A_PAGE, because=NO_KEYS)
async def test_an_owner_moves_credits(
    transport: "Transport", origin: str, contract: Contract
) -> None:
    """With the key and an identity, a server gives and takes credits, and hears what is left."""
    await contract.give("user_9", "standard", 1, 0, 0)
    billing = owners(transport, origin)
    assert (await billing.credit_tokens(type="standard", amount=5)).count == 6
    assert (await billing.debit_tokens(type="standard", amount=2)).count == 4
    with raises(PaywallError) as caught:
        await billing.debit_tokens(type="standard", amount=5)
    assert (caught.value.code, caught.value.body) == (
        "insufficient",
        {"error": "insufficient", "available": 4},
    )


def owners(transport: "Transport", origin: str) -> BillingClient:
    """Return the client of an owner's server, for one user."""
    return BillingClient(
        paywall_id=PAYWALL,
        api_origin=origin,
        api_key=OWNER_KEY,
        identity={"user_id": "user_9"},
        transport=transport,
    )


@except_on(*IN_A_PAGE, because=NO_KEYS)
@cases("op", ["credit", "debit"])
async def test_a_lost_answer_to_an_owner_is_asked_for_under_the_same_key(
    transport: "Transport", origin: str, contract: Contract, op: str
) -> None:
    """The gateway does it once: the second sending is the same bytes under the same key."""
    await contract.give("user_9", "standard", 9, 0, 0)
    await contract.answers("balances", CUT, USUAL)
    billing = owners(transport, origin)
    move = billing.credit_tokens if op == "credit" else billing.debit_tokens
    await move(type="standard", amount=2)
    await move(type="standard", amount=2)
    first, again, other = await contract.requests_to("balances")
    assert first.body == again.body == other.body
    keys = [sent.headers["idempotency-key"] for sent in (first, again, other)]
    assert keys[0] == keys[1] != keys[2]
    assert all(len(key) == 32 for key in keys)


@except_on(*IN_A_PAGE, because=NO_KEYS)
async def test_an_owner_may_give_the_key(
    transport: "Transport", origin: str, contract: Contract
) -> None:
    """It is sent as it is; one that is none is refused, and nothing is sent."""
    await contract.give("user_9", "standard", 9, 0, 0)
    billing = owners(transport, origin)
    await billing.credit_tokens(type="standard", amount=2, idempotency_key="order-1")
    (sent,) = await contract.requests_to("balances")
    assert sent.headers["idempotency-key"] == "order-1"
    for key in ("", "two words", "x" * 256):
        with raises(ConfigError):
            await billing.credit_tokens(type="standard", amount=2, idempotency_key=key)
    assert await contract.count("balances") == 1


@except_on(*IN_A_PAGE, because=NO_KEYS)
@cases(
    ("given", "order", "code"),
    [
        ({"identity": {"user_id": "u"}}, {"type": "standard", "amount": 1}, "apikey_required"),
        ({"api_key": OWNER_KEY}, {"type": "standard", "amount": 1}, "identity_required"),
        (
            {"api_key": OWNER_KEY, "identity": {"email": "a@b.c"}},
            {"type": "standard", "amount": 0},
            "invalid_argument",
        ),
        (
            {"api_key": OWNER_KEY, "identity": {"email": "a@b.c"}},
            {"type": "standard", "amount": True},
            "invalid_argument",
        ),
        (
            {"api_key": OWNER_KEY, "identity": {"email": "a@b.c"}},
            {"type": "", "amount": 1},
            "invalid_argument",
        ),
    ],
)
async def test_moving_credits_wants_key_identity_and_a_whole_amount(
    transport: "Transport",
    origin: str,
    contract: Contract,
    given: dict[str, object],
    order: dict[str, object],
    code: str,
) -> None:
    """What is missing or wrong is named, and nothing is sent."""
    billing = BillingClient(
        paywall_id=PAYWALL,
        api_origin=origin,
        transport=transport,
        **given,
    )
    with raises(ConfigError) as caught:
        await billing.credit_tokens(**order)
    assert caught.value.code == code
    assert await contract.count() == 0


async def test_a_background_reading_that_fails_bothers_nobody(
    signed_in: Page, contract: Contract
) -> None:
    """A reading that nobody waits for leaves the counter as it is when it fails."""
    await signed_in.billing.get_balances()
    await contract.answers("balances", CUT)
    signed_in.billing.decrement_balance_local()
    with raises(NetworkError):
        await signed_in.billing.get_balances(force=True)
    assert signed_in.shown == [20]
