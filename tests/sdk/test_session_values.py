"""A session is a value: what is stored of it, and what a tab takes from another one's."""

from tollbridge.sdk import Session
from tollbridge.sdk.session import User

OURS = Session("access_1", "refresh_1", 900, User("user_1"), "sign_in_1")


def test_what_is_stored_comes_back_without_the_access_token() -> None:
    """The refresh token, the user and the sign-in's name survive; the access token does not."""
    stored = Session.from_text(OURS.to_text())
    assert stored is not None
    assert (stored.access_token, stored.expires_at) == (None, 0)
    assert (stored.refresh_token, stored.sign_in_id) == ("refresh_1", "sign_in_1")
    assert stored.is_users(OURS)
    assert "access_1" not in OURS.to_text()


def test_what_was_stored_before_sign_ins_had_names_has_the_same_name_for_every_tab() -> None:
    """The user's id stands in, so that a sign-out in one tab is one in all of them."""
    stored = Session.from_text('{"refresh_token": "r", "user": {"id": "user_1"}}')
    assert stored is not None
    assert stored.sign_in_id == "user_1"
    stored = Session.from_text('{"refresh_token": "r", "user": null, "sign_in_id": 5}')
    assert stored is not None
    assert stored.sign_in_id == ""


def test_another_tabs_tokens_are_joined_to_our_access_token() -> None:
    """The refresh token and the user are the other's, the access token stays good."""
    theirs = Session(None, "refresh_2", 0, User("user_1", "a@example.com"), "sign_in_1")
    joined = OURS.joined_by(theirs)
    assert (joined.access_token, joined.expires_at) == ("access_1", 900)
    assert joined.refresh_token == "refresh_2"
    assert joined.user is theirs.user


def test_the_same_session_stays_the_same_object() -> None:
    """Who holds the session of a page is not handed another one for nothing."""
    same = Session.from_text(OURS.to_text())
    assert same is not None
    assert OURS.joined_by(same) is OURS
