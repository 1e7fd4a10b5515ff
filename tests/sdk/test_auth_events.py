"""Listeners hear of the session: the initial one first, then every change."""

import asyncio

from tests.support.everywhere.contract import Contract
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import reported
from tollbridge.sdk import Session


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self.events: list[str] = []
        self.first = asyncio.Event()

    def __call__(self, event: str, session: Session | None) -> None:
        """Remember an event, and whether there was a session."""
        self.events.append(f"{event} {'yes' if session else 'no'}")
        self.first.set()


async def test_the_life_of_a_session_is_told(page: Page, contract: Contract) -> None:
    """A listener hears the initial session, the sign-in, a refresh and the sign-out."""
    heard = Heard()
    page.auth.on_auth_change(heard)
    await heard.first.wait()
    await page.auth.sign_in_anonymously()
    await page.auth.refresh()
    await page.auth.sign_out()
    assert heard.events == [
        "INITIAL_SESSION no",
        "SIGNED_IN yes",
        "TOKEN_REFRESHED yes",
        "SIGNED_OUT no",
    ]


async def test_the_initial_session_comes_first_for_everybody(signed_in: Page) -> None:
    """Who subscribes later also hears the initial session first, and not at once."""
    heard = Heard()
    signed_in.auth.on_auth_change(heard)
    assert heard.events == []
    await signed_in.auth.refresh()
    assert heard.events == ["INITIAL_SESSION yes", "TOKEN_REFRESHED yes"]


async def test_the_initial_session_of_a_reload_is_the_stored_one(signed_in: Page) -> None:
    """SPA-M7: after a reload the first event already carries the session."""
    heard = Heard()
    signed_in.reload().auth.on_auth_change(heard)
    await heard.first.wait()
    assert heard.events == ["INITIAL_SESSION yes"]


async def test_an_undone_listener_hears_nothing(page: Page) -> None:
    """After the undo, called twice for good measure, nothing is told."""
    heard = Heard()
    undo = page.auth.on_auth_change(heard)
    undo()
    undo()
    await page.auth.sign_in_anonymously()
    assert heard.events == []


async def test_a_session_that_the_gateway_ended_is_told(
    signed_in: Page, contract: Contract
) -> None:
    """A refused refresh is a sign-out, told once."""
    heard = Heard()
    signed_in.auth.on_auth_change(heard)
    await heard.first.wait()
    await contract.end_sessions()
    await signed_in.auth.refresh()
    await signed_in.auth.refresh()
    assert heard.events == ["INITIAL_SESSION yes", "SIGNED_OUT no"]


async def test_another_user_in_the_storage_is_a_sign_in(signed_in: Page) -> None:
    """When another tab became somebody else, the next refresh says so."""
    other_tab = signed_in.reload()
    await other_tab.auth.sign_out(forget_anonymous=True)
    await other_tab.auth.sign_in_anonymously()
    heard = Heard()
    signed_in.auth.on_auth_change(heard)
    await signed_in.auth.refresh()
    assert heard.events == ["INITIAL_SESSION yes", "SIGNED_IN yes"]
    user = signed_in.auth.get_cached_user()
    assert user is not None
    assert user.id == "user_2"


async def test_a_listener_with_a_bug_keeps_nobody_from_signing_in(page: Page) -> None:
    """What a listener raises goes to the event loop; the others hear, and the caller gets on."""

    def broken(event: str, session: Session | None) -> None:
        raise LookupError(event)

    heard = Heard()
    page.auth.on_auth_change(broken)
    page.auth.on_auth_change(heard)
    with reported() as errors:
        await page.auth.sign_in_anonymously()
    assert heard.events == ["INITIAL_SESSION no", "SIGNED_IN yes"]
    assert [str(error) for error in errors] == ["INITIAL_SESSION", "SIGNED_IN"]


async def test_signing_out_twice_is_harmless(page: Page) -> None:
    """Who is signed out may sign out again, and no listener hears of it."""
    heard = Heard()
    page.auth.on_auth_change(heard)
    await page.auth.sign_out()
    await page.auth.sign_out()
    assert heard.events == ["INITIAL_SESSION no"]
