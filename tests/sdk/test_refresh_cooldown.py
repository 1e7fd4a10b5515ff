"""An outage makes no storm, signs nobody out, and is over when it is over."""

from tests.support.everywhere.contract import CUT, Contract, json_answer, refusal
from tests.support.everywhere.pages import Clock, Page
from tests.support.everywhere.testing import cases, raises
from tollbridge.sdk import NetworkError, PaywallError, SessionError
from tollbridge.sdk.session_refresh import Cooldown

TROUBLES = [[refusal("busy", "Not now.")], CUT]


@cases("trouble", TROUBLES)
async def test_while_the_token_lasts_the_gateway_is_left_alone_for_a_minute(
    signed_in: Page, contract: Contract, trouble: list
) -> None:
    """Every use of the token would try again; one a minute does."""
    await contract.answers("refresh", trouble)
    signed_in.clock.move(seconds=840)
    for _ in range(59):
        assert await signed_in.auth.get_access_token() == "access_1"
        signed_in.clock.move(seconds=1)
    assert await contract.count("refresh") == 1


async def test_past_the_end_it_is_tried_ever_more_seldom(
    signed_in: Page, contract: Contract
) -> None:
    """After 1, 2, 4, … seconds, at last once a minute; in between the same error comes at once."""
    await contract.answers("refresh", CUT)
    signed_in.clock.move(seconds=900)
    tried = []
    for second in range(300):
        with raises(NetworkError):
            await signed_in.auth.get_access_token()
        if await contract.count("refresh") > len(tried):
            tried.append(second)
        signed_in.clock.move(seconds=1)
    assert tried == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]
    assert signed_in.auth.get_cached_session() is not None


async def test_who_asks_for_it_is_not_kept_waiting(signed_in: Page, contract: Contract) -> None:
    """`refresh` and a sign-in, which a person's press of a button means, ask the gateway."""
    await contract.answers("refresh", CUT)
    signed_in.clock.move(seconds=900)
    for work in (signed_in.auth.get_access_token, signed_in.auth.refresh):
        with raises(NetworkError):
            await work()
    with raises(NetworkError):
        await signed_in.auth.sign_in_anonymously()
    assert await contract.count("refresh") == 3
    await contract.answers("refresh")
    session = await signed_in.auth.sign_in_anonymously()
    assert session.access_token == await signed_in.auth.get_access_token()


async def test_a_refused_token_is_renewed_at_once(signed_in: Page, contract: Contract) -> None:
    """When the gateway refuses the access token, an earlier failure is no reason to wait."""
    await contract.answers("refresh", CUT)
    signed_in.clock.move(seconds=840)
    assert await signed_in.auth.get_access_token() == "access_1"
    await contract.answers("refresh")
    await contract.expire_access()
    assert await signed_in.billing.get_balances()


async def test_a_refusal_ahead_of_the_end_signs_nobody_out(
    signed_in: Page, contract: Contract
) -> None:
    """Trap 15: nobody is signed out by a refresh that was only made in good time.

    What the gateway said counts when the token has ended.
    """
    await contract.end_sessions()
    signed_in.clock.move(seconds=840)
    for _ in range(2):
        assert await signed_in.auth.get_access_token() == "access_1"
    assert await contract.count("refresh") == 1
    assert signed_in.auth.get_cached_session() is not None
    signed_in.clock.move(seconds=60)
    assert await signed_in.auth.get_access_token() is None
    assert signed_in.auth.get_cached_session() is None


async def test_a_refusal_of_another_kind_is_tried_again(
    signed_in: Page, contract: Contract
) -> None:
    """A gateway that answers something else is there: nothing waits."""
    await contract.answers("refresh", [refusal("rate_limited", "Slow down.")])
    signed_in.clock.move(seconds=900)
    for _ in range(2):
        with raises(PaywallError):
            await signed_in.auth.get_access_token()
    assert await contract.count("refresh") == 2


async def test_a_gateway_that_says_when_is_believed(signed_in: Page, contract: Contract) -> None:
    """`Retry-After` of a 503 counts, up to a minute."""
    busy = json_answer({"error": "busy"}, 503, {"retry-after": "20"})
    await contract.answers("refresh", [busy])
    signed_in.clock.move(seconds=900)
    for _ in range(2):
        with raises(PaywallError):
            await signed_in.auth.get_access_token()
        signed_in.clock.move(seconds=19)
    assert await contract.count("refresh") == 1
    await contract.answers("refresh")
    assert await signed_in.auth.get_access_token() == "access_2"


def test_a_cooldown_is_of_one_token() -> None:
    """Another refresh token is another try, and success forgets what was."""
    clock = Clock()
    cooldown = Cooldown(clock.now_s)
    error = NetworkError("Nobody there.")
    cooldown.failed("one", error)
    assert cooldown.error("one", lasts=True) is error
    assert cooldown.error("other", lasts=True) is None
    cooldown.worked()
    assert cooldown.error("one", lasts=True) is None


def test_a_clock_that_is_set_back_does_not_lock_anybody_out() -> None:
    """A failure in the future is none."""
    clock = Clock()
    cooldown = Cooldown(clock.now_s)
    cooldown.failed("one", NetworkError("Nobody there."))
    clock.move(seconds=-1)
    assert cooldown.error("one", lasts=True) is None


def test_a_refusal_counts_only_while_the_token_lasts() -> None:
    """A session that the gateway ended is asked for once more when it matters."""
    cooldown = Cooldown(Clock().now_s)
    cooldown.failed("one", SessionError("invalid_token", "Over.", status=401))
    assert cooldown.error("one", lasts=True) is not None
    assert cooldown.error("one", lasts=False) is None
