"""Ending a session: here at once, at the gateway where that is wanted."""

from tests.support.everywhere.contract import CUT, Contract
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import cases, raises
from tollbridge.sdk import NetworkError, SessionError


async def test_a_sign_out_tells_the_gateway(signed_in: Page, contract: Contract) -> None:
    """Giving a user up ends the session at the gateway too, under its own token."""
    await signed_in.auth.sign_out(forget_anonymous=True)
    (told,) = await contract.requests_to("signout")
    assert told.headers["authorization"] == "Bearer access_1"


async def test_a_sign_out_after_a_reload_tells_the_gateway(
    signed_in: Page, contract: Contract
) -> None:
    """A page that has no access token yet fetches one to say goodbye with."""
    await signed_in.reload().auth.sign_out(forget_anonymous=True)
    (told,) = await contract.requests_to("signout")
    assert told.headers["authorization"] == "Bearer access_2"


async def test_a_plain_sign_out_of_an_anonymous_user_tells_nobody(
    signed_in: Page, contract: Contract
) -> None:
    """The saved token must stay good, so the gateway is not asked to end it."""
    await signed_in.auth.sign_out()
    assert await contract.count("signout") == 0


@cases("forget", [True, False])
async def test_a_sign_out_offline_works(signed_in: Page, contract: Contract, forget: bool) -> None:
    """Without the gateway the person is signed out here all the same."""
    await contract.answers("signout", CUT)
    await signed_in.auth.sign_out(forget_anonymous=forget)
    assert await signed_in.auth.get_access_token() is None


async def test_revoking_ends_every_session(signed_in: Page, contract: Contract) -> None:
    """The gateway is told first; then nothing is left here either."""
    await signed_in.auth.revoke_all_sessions()
    (told,) = await contract.requests_to("revoke-all")
    assert told.headers["authorization"] == "Bearer access_1"
    assert signed_in.auth.get_cached_session() is None
    assert await signed_in.storage.get_item("pw-pw_test-anon-rt-v1") is None


async def test_a_revocation_that_fails_changes_nothing(signed_in: Page, contract: Contract) -> None:
    """Who could not reach the gateway is still signed in, and knows."""
    await contract.answers("revoke-all", CUT)
    with raises(NetworkError):
        await signed_in.auth.revoke_all_sessions()
    assert signed_in.auth.get_cached_session() is not None


async def test_revoking_needs_a_session(page: Page, contract: Contract) -> None:
    """Signed out there is nothing to revoke, and nothing is sent."""
    with raises(SessionError) as caught:
        await page.auth.revoke_all_sessions()
    assert caught.value.code == "not_authenticated"
    assert await contract.count() == 0
