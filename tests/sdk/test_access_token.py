"""There is a good access token whenever one is needed, and one refresh at a time."""

import asyncio
import json

from tests.support.everywhere.contract import CUT, USUAL, Contract, refusal, wait_for
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import cases, raises
from tollbridge.sdk import NetworkError, PaywallError

TROUBLES = [[refusal("busy", "Not now.")], CUT]


async def test_a_young_token_is_used_again(signed_in: Page, contract: Contract) -> None:
    """With more than a minute left nothing is sent."""
    token = await signed_in.auth.get_access_token()
    signed_in.clock.move(seconds=839)
    assert await signed_in.auth.get_access_token() == token
    assert await contract.count("refresh") == 0


async def test_an_ending_token_is_renewed_first(signed_in: Page) -> None:
    """With a minute left or less, a new one is fetched before it is needed."""
    signed_in.clock.move(seconds=840)
    assert await signed_in.auth.get_access_token() == "access_2"


async def test_parallel_callers_share_one_refresh(signed_in: Page, contract: Contract) -> None:
    """However many ask at once, the gateway sees one refresh."""
    signed_in.clock.move(seconds=900)
    tokens = await asyncio.gather(*[signed_in.auth.get_access_token() for _ in range(5)])
    assert set(tokens) == {"access_2"}
    assert await contract.count("refresh") == 1


async def test_a_caller_who_leaves_takes_nobody_with_him(
    signed_in: Page, contract: Contract
) -> None:
    """A cancelled caller does not cancel the refresh that others wait for."""
    await contract.hold("refresh")
    leaving = asyncio.create_task(signed_in.auth.refresh())
    staying = asyncio.create_task(signed_in.auth.refresh())
    await contract.until("refresh")
    leaving.cancel()
    await contract.release("refresh")
    session = await staying
    assert session is not None
    assert session.access_token == "access_2"
    with raises(asyncio.CancelledError):
        await leaving


async def test_the_user_is_carried_over(signed_in: Page) -> None:
    """A refresh brings tokens only; the session keeps its user."""
    session = await signed_in.auth.refresh()
    assert session is not None
    assert session.user is not None
    assert session.user.id == "user_1"


async def test_a_refused_refresh_signs_out(signed_in: Page, contract: Contract) -> None:
    """When the gateway ended the session there is no token, and nothing is kept."""
    await contract.end_sessions()
    signed_in.clock.move(seconds=900)
    assert await signed_in.auth.get_access_token() is None
    assert signed_in.auth.get_cached_session() is None
    assert await signed_in.storage.get_item("pw-pw_test-auth-v1") is None
    assert await signed_in.storage.get_item("pw-pw_test-anon-rt-v1") is None


@cases("trouble", TROUBLES)
async def test_an_outage_leaves_the_old_token_in_use(
    signed_in: Page, contract: Contract, trouble: list
) -> None:
    """While the old token still lasts, an outage costs nobody their session."""
    await contract.answers("refresh", trouble)
    signed_in.clock.move(seconds=899)
    assert await signed_in.auth.get_access_token() == "access_1"


@cases("trouble", TROUBLES)
async def test_an_outage_beyond_the_end_is_raised_and_the_session_kept(
    signed_in: Page, contract: Contract, trouble: list
) -> None:
    """An ended token is not handed out, and the session works again after the outage."""
    await contract.answers("refresh", trouble)
    signed_in.clock.move(seconds=900)
    with raises(PaywallError):
        await signed_in.auth.get_access_token()
    assert signed_in.auth.get_cached_session() is not None
    await contract.answers("refresh")
    signed_in.clock.move(seconds=1)
    assert await signed_in.auth.get_access_token() == "access_2"


async def test_a_refresh_offline_is_raised(signed_in: Page, contract: Contract) -> None:
    """`refresh` itself never hides that there was no answer."""
    await contract.answers("refresh", CUT)
    with raises(NetworkError):
        await signed_in.auth.refresh()
    assert signed_in.auth.get_cached_session() is not None


async def test_signed_out_there_is_no_token(page: Page, contract: Contract) -> None:
    """Without a session the answer is None, and nothing is sent."""
    assert await page.auth.get_access_token() is None
    assert await page.auth.refresh() is None
    assert await contract.count() == 0


async def test_a_token_renewed_in_another_tab_is_the_one_that_is_sent(
    signed_in: Page, contract: Contract
) -> None:
    """A tab that slept does not present a token that was used up long ago."""
    other_tab = signed_in.reload()
    await other_tab.auth.refresh()
    signed_in.clock.move(seconds=900)
    assert await signed_in.auth.get_access_token() == "access_3"
    requests = await contract.requests_to("refresh")
    sent = [json.loads(request.body) for request in requests]
    assert sent == [{"refresh_token": "refresh_1"}, {"refresh_token": "refresh_2"}]


async def test_a_race_between_tabs_ends_with_both_signed_in(
    signed_in: Page, contract: Contract
) -> None:
    """A refresh that is refused because another tab was faster is tried with the new token."""
    other_tab = signed_in.reload()
    late = [wait_for("the other"), refusal("invalid_token")]
    await contract.answers("refresh", late, USUAL)
    slow = asyncio.create_task(signed_in.auth.refresh())
    await contract.until("refresh")
    fast = await other_tab.auth.refresh()
    assert fast is not None
    await contract.go_on("the other")
    renewed = await slow
    assert renewed is not None
    assert renewed.refresh_token != fast.refresh_token


async def test_a_sign_in_in_another_tab_is_found(page: Page) -> None:
    """A page without a session looks once more before it says that there is none."""
    assert await page.auth.get_access_token() is None
    await page.reload().auth.sign_in_anonymously()
    assert await page.auth.get_access_token() is not None


async def test_a_sign_out_in_another_tab_is_found(signed_in: Page) -> None:
    """The next refresh sees that the session is gone, and asks nobody."""
    await signed_in.reload().auth.sign_out(forget_anonymous=True)
    assert await signed_in.auth.refresh() is None
    assert signed_in.auth.get_cached_session() is None


async def test_a_sign_out_wins_over_a_refresh_that_is_on_its_way(
    signed_in: Page, contract: Contract
) -> None:
    """Tokens that arrive after a sign-out are thrown away."""
    await contract.hold("refresh")
    refreshing = asyncio.create_task(signed_in.auth.refresh())
    await contract.until("refresh")
    await signed_in.auth.sign_out()
    await contract.release("refresh")
    assert await refreshing is None
    assert signed_in.auth.get_cached_session() is None
    assert await signed_in.storage.get_item("pw-pw_test-auth-v1") is None
