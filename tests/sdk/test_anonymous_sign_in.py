"""An anonymous visitor is made once, and stays the same one."""

import asyncio
import json

import pytest

from tests.sdk.conftest import Page
from tests.support.contract_gateway import ContractGateway, answer, cut
from tollbridge.sdk import NetworkError, PaywallError


async def test_the_first_visit_makes_a_user(page: Page, contract: ContractGateway) -> None:
    """A visitor without a past gets a session whose user is anonymous."""
    session = await page.auth.sign_in_anonymously()
    assert session.user is not None
    assert (session.user.id, session.user.is_anonymous) == ("user_1", True)
    assert page.auth.get_cached_session() is session
    assert page.auth.get_cached_user() is session.user
    assert session.access_token == await page.auth.get_access_token()


async def test_signing_in_again_changes_nothing(page: Page, contract: ContractGateway) -> None:
    """Who is anonymous already gets the same session, and nothing is sent."""
    session = await page.auth.sign_in_anonymously()
    assert await page.auth.sign_in_anonymously() is session
    assert len(contract.requests_to("signin")) == 1
    assert contract.requests_to("refresh") == []


async def test_parallel_sign_ins_make_one_user(page: Page, contract: ContractGateway) -> None:
    """Two parts of a page that sign in at the same time share one request and one session."""
    one, other = await asyncio.gather(
        page.auth.sign_in_anonymously(), page.auth.sign_in_anonymously()
    )
    assert one is other
    assert len(contract.requests_to("signin")) == 1


async def test_a_reload_brings_the_same_user_back(page: Page, contract: ContractGateway) -> None:
    """The next page of the same browser refreshes and does not sign in."""
    first = await page.auth.sign_in_anonymously()
    second = await page.reload().auth.sign_in_anonymously()
    assert second.user is not None
    assert first.user is not None
    assert second.user.id == first.user.id
    assert len(contract.requests_to("signin")) == 1


async def test_a_sign_out_keeps_the_visitor(signed_in: Page, contract: ContractGateway) -> None:
    """After a plain sign-out the next sign-in brings the same user and credits back."""
    await signed_in.auth.sign_out()
    assert signed_in.auth.get_cached_session() is None
    session = await signed_in.auth.sign_in_anonymously()
    assert session.user is not None
    assert session.user.id == "user_1"
    assert session.is_anonymous


async def test_forgetting_gives_the_visitor_up(signed_in: Page) -> None:
    """After a sign-out with `forget_anonymous` the next sign-in makes another user."""
    await signed_in.auth.sign_out(forget_anonymous=True)
    session = await signed_in.auth.sign_in_anonymously()
    assert session.user is not None
    assert session.user.id == "user_2"


async def test_a_session_that_the_gateway_ended_is_replaced(
    signed_in: Page, contract: ContractGateway
) -> None:
    """A saved token that is refused is thrown away, and a new user made."""
    contract.refresh.clear()
    session = await signed_in.reload().auth.sign_in_anonymously()
    assert session.user is not None
    assert session.user.id == "user_2"


async def test_a_saved_token_that_is_refused_after_a_sign_out_is_replaced(
    signed_in: Page, contract: ContractGateway
) -> None:
    """The same holds for the token that a sign-out left behind."""
    await signed_in.auth.sign_out()
    contract.refresh.clear()
    session = await signed_in.auth.sign_in_anonymously()
    assert session.user is not None
    assert session.user.id == "user_2"


async def test_offline_the_saved_session_is_kept(
    signed_in: Page, contract: ContractGateway
) -> None:
    """Without an answer the sign-in fails, and succeeds with the same user later."""
    later = signed_in.reload()
    contract.answers["refresh"] = cut
    with pytest.raises(NetworkError):
        await later.auth.sign_in_anonymously()
    contract.answers.clear()
    session = await later.auth.sign_in_anonymously()
    assert session.user is not None
    assert session.user.id == "user_1"


async def test_a_refusal_keeps_its_code(page: Page, contract: ContractGateway) -> None:
    """Where anonymous sign-in is off the error says so, and nobody is signed in."""
    contract.answers["signin"] = answer({"error": "anonymous_disabled", "message": "Off."}, 403)
    with pytest.raises(PaywallError) as caught:
        await page.auth.sign_in_anonymously()
    assert (caught.value.status, caught.value.code) == (403, "anonymous_disabled")
    assert page.auth.get_cached_session() is None


async def test_storage_holds_the_refresh_token_and_never_the_access_token(
    signed_in: Page,
) -> None:
    """What survives a reload stands under the contract's keys; the access token does not."""
    kept = {
        key: await signed_in.storage.get_item(key)
        for key in ("pw-pw_test-auth-v1", "pw-pw_test-anon-rt-v1")
    }
    for text in kept.values():
        assert text is not None
        assert json.loads(text)["refresh_token"] == "refresh_1"
        assert "access_1" not in text


async def test_storage_that_cannot_be_read_counts_as_empty(
    page: Page, contract: ContractGateway
) -> None:
    """Whatever another program left under the key, the visitor can sign in."""
    await page.storage.set_item("pw-pw_test-auth-v1", "{half a")
    await page.storage.set_item("pw-pw_test-anon-rt-v1", "[]")
    session = await page.auth.sign_in_anonymously()
    assert session.access_token is not None


async def test_an_answer_without_tokens_is_refused(page: Page, contract: ContractGateway) -> None:
    """A gateway that answers something else signs nobody in."""
    contract.answers["signin"] = answer({"access_token": 5})
    with pytest.raises(PaywallError, match="no tokens"):
        await page.auth.sign_in_anonymously()
    assert page.auth.get_cached_session() is None
