"""Ending a session: here at once, at the gateway where that is wanted."""

import pytest

from tests.sdk.conftest import Page
from tests.support.contract_gateway import ContractGateway, cut
from tollbridge.sdk import NetworkError, SessionError


async def test_a_sign_out_tells_the_gateway(signed_in: Page, contract: ContractGateway) -> None:
    """Giving a user up ends the session at the gateway too, under its own token."""
    await signed_in.auth.sign_out(forget_anonymous=True)
    (told,) = contract.requests_to("signout")
    assert told.headers["authorization"] == "Bearer access_1"


async def test_a_sign_out_after_a_reload_tells_the_gateway(
    signed_in: Page, contract: ContractGateway
) -> None:
    """A page that has no access token yet fetches one to say goodbye with."""
    await signed_in.reload().auth.sign_out(forget_anonymous=True)
    (told,) = contract.requests_to("signout")
    assert told.headers["authorization"] == "Bearer access_2"


async def test_a_plain_sign_out_of_an_anonymous_user_tells_nobody(
    signed_in: Page, contract: ContractGateway
) -> None:
    """The saved token must stay good, so the gateway is not asked to end it."""
    await signed_in.auth.sign_out()
    assert contract.requests_to("signout") == []


@pytest.mark.parametrize("forget", [True, False])
async def test_a_sign_out_offline_works(
    signed_in: Page, contract: ContractGateway, forget: bool
) -> None:
    """Without the gateway the person is signed out here all the same."""
    contract.answers["signout"] = cut
    await signed_in.auth.sign_out(forget_anonymous=forget)
    assert await signed_in.auth.get_access_token() is None


async def test_revoking_ends_every_session(signed_in: Page, contract: ContractGateway) -> None:
    """The gateway is told first; then nothing is left here either."""
    await signed_in.auth.revoke_all_sessions()
    (told,) = contract.requests_to("revoke-all")
    assert told.headers["authorization"] == "Bearer access_1"
    assert signed_in.auth.get_cached_session() is None
    assert await signed_in.storage.get_item("pw-pw_test-anon-rt-v1") is None


async def test_a_revocation_that_fails_changes_nothing(
    signed_in: Page, contract: ContractGateway
) -> None:
    """Who could not reach the gateway is still signed in, and knows."""
    contract.answers["revoke-all"] = cut
    with pytest.raises(NetworkError):
        await signed_in.auth.revoke_all_sessions()
    assert signed_in.auth.get_cached_session() is not None


async def test_revoking_needs_a_session(page: Page, contract: ContractGateway) -> None:
    """Signed out there is nothing to revoke, and nothing is sent."""
    with pytest.raises(SessionError) as caught:
        await page.auth.revoke_all_sessions()
    assert caught.value.code == "not_authenticated"
    assert contract.seen == []
