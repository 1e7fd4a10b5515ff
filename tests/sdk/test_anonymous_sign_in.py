"""An anonymous visitor is made once, and stays the same one."""

import asyncio
import json

from tests.support.everywhere.contract import CUT, Contract, json_answer
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import cases, raises
from tollbridge.sdk import NetworkError, PaywallError


async def test_the_first_visit_makes_a_user(page: Page, contract: Contract) -> None:
    """A visitor without a past gets a session whose user is anonymous."""
    session = await page.auth.sign_in_anonymously()
    assert session.user is not None
    assert (session.user.id, session.user.is_anonymous) == ("user_1", True)
    assert page.auth.get_cached_session() is session
    assert page.auth.get_cached_user() is session.user
    assert session.access_token == await page.auth.get_access_token()


async def test_signing_in_again_changes_nothing(page: Page, contract: Contract) -> None:
    """Who is anonymous already gets the same session, and nothing is sent."""
    session = await page.auth.sign_in_anonymously()
    assert await page.auth.sign_in_anonymously() is session
    assert await contract.count("signin") == 1
    assert await contract.count("refresh") == 0


async def test_parallel_sign_ins_make_one_user(page: Page, contract: Contract) -> None:
    """Two parts of a page that sign in at the same time share one request and one session."""
    one, other = await asyncio.gather(
        page.auth.sign_in_anonymously(), page.auth.sign_in_anonymously()
    )
    assert one is other
    assert await contract.count("signin") == 1


async def test_a_reload_brings_the_same_user_back(page: Page, contract: Contract) -> None:
    """The next page of the same browser refreshes and does not sign in."""
    first = await page.auth.sign_in_anonymously()
    second = await page.reload().auth.sign_in_anonymously()
    assert second.user is not None
    assert first.user is not None
    assert second.user.id == first.user.id
    assert await contract.count("signin") == 1


async def test_a_sign_out_keeps_the_visitor(signed_in: Page, contract: Contract) -> None:
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
    signed_in: Page, contract: Contract
) -> None:
    """A saved token that is refused is thrown away, and a new user made."""
    await contract.end_sessions()
    session = await signed_in.reload().auth.sign_in_anonymously()
    assert session.user is not None
    assert session.user.id == "user_2"


async def test_a_saved_token_that_is_refused_after_a_sign_out_is_replaced(
    signed_in: Page, contract: Contract
) -> None:
    """The same holds for the token that a sign-out left behind."""
    await signed_in.auth.sign_out()
    await contract.end_sessions()
    session = await signed_in.auth.sign_in_anonymously()
    assert session.user is not None
    assert session.user.id == "user_2"


@cases("past_the_end", [False, True])
async def test_somebody_who_is_known_is_not_replaced(
    page: Page, contract: Contract, past_the_end: bool
) -> None:
    """Who signed in with a name stays, and is returned; to be a stranger one signs out first."""
    known = {"refresh_token": "refresh_7", "user": {"id": "user_7", "email": "a@example.com"}}
    await page.storage.set_item("pw-pw_test-auth-v1", json.dumps(known))
    tokens = {"access_token": "access_8", "refresh_token": "refresh_8", "expires_in": 900}
    await contract.answers("refresh", [json_answer(tokens)])
    await page.auth.refresh()
    if past_the_end:
        page.clock.move(seconds=900)
    session = await page.auth.sign_in_anonymously()
    assert session.user is not None
    assert (session.user.id, session.is_anonymous) == ("user_7", False)
    assert await contract.count("signin") == 0
    assert await contract.count("refresh") == (2 if past_the_end else 1)
    await page.auth.sign_out()
    stranger = await page.auth.sign_in_anonymously()
    assert stranger.is_anonymous


async def test_offline_the_saved_session_is_kept(signed_in: Page, contract: Contract) -> None:
    """Without an answer the sign-in fails, and succeeds with the same user later."""
    later = signed_in.reload()
    await contract.answers("refresh", CUT)
    with raises(NetworkError):
        await later.auth.sign_in_anonymously()
    await contract.answers("refresh")
    session = await later.auth.sign_in_anonymously()
    assert session.user is not None
    assert session.user.id == "user_1"


async def test_a_refusal_keeps_its_code(page: Page, contract: Contract) -> None:
    """Where anonymous sign-in is off the error says so, and nobody is signed in."""
    await contract.answers(
        "signin", [json_answer({"error": "anonymous_disabled", "message": "Off."}, 403)]
    )
    with raises(PaywallError) as caught:
        await page.auth.sign_in_anonymously()
    assert (caught.value.status, caught.value.code) == (403, "anonymous_disabled")
    assert page.auth.get_cached_session() is None


async def test_storage_holds_the_refresh_token_and_never_the_access_token(
    signed_in: Page,
) -> None:
    """What survives a reload stands under the contract's keys; the access token does not."""
    for key in ("pw-pw_test-auth-v1", "pw-pw_test-anon-rt-v1"):
        text = await signed_in.storage.get_item(key)
        assert text is not None
        assert json.loads(text)["refresh_token"] == "refresh_1"
        assert "access_1" not in text


async def test_storage_that_cannot_be_read_counts_as_empty(page: Page, contract: Contract) -> None:
    """Whatever another program left under the key, the visitor can sign in."""
    await page.storage.set_item("pw-pw_test-auth-v1", "{half a")
    await page.storage.set_item("pw-pw_test-anon-rt-v1", "[]")
    session = await page.auth.sign_in_anonymously()
    assert session.access_token is not None


async def test_an_answer_without_tokens_is_refused(page: Page, contract: Contract) -> None:
    """A gateway that answers something else signs nobody in."""
    await contract.answers("signin", [json_answer({"access_token": 5})])
    with raises(PaywallError, says="no tokens"):
        await page.auth.sign_in_anonymously()
    assert page.auth.get_cached_session() is None
