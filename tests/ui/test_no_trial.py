"""Who gets no free credits reads so where the page promises them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import dom as fake
from tests.support.world import UNCOUNTED, World, open_world
from tests.ui.chat import Chat, open_chat
from tollbridge.gateway.settings import Limits
from tollbridge.sdk.session import Session, User
from tollbridge.ui.strings.counter import no_trial_text

PROMISE = "You start with free credits. It needs no account and no key."
ANSWER = {"access_token": "a", "refresh_token": "r", "expires_in": 900, "user": {"id": "user_1"}}


@pytest.fixture
async def stingy(tmp_path: Path) -> AsyncIterator[World]:
    """A gateway with free credits for one visitor a day."""
    limits = Limits(**{**UNCOUNTED, "paywall_trial_credits": 39})
    async with open_world(tmp_path, limits=limits) as world:
        yield world


async def test_the_promise_stands_while_it_is_kept(chat: Chat) -> None:
    """As it was painted."""
    assert chat.shows("promise") == PROMISE


async def test_a_visitor_without_free_credits_is_told(page: fake.Page, stingy: World) -> None:
    """At once, before anything is asked; and what was asked is kept, with what helps."""
    await stingy.sign_in()
    async with open_chat(page, stingy) as chat:
        assert chat.shows("promise") == (
            "No free credits for this account: all of the day’s were given away."
            " Ask whoever runs this page for some."
        )
        assert chat.shows("counter") == "advanced: 0 left · standard: 0 left"
        chat.type("Hello?")
        chat.dom.node("draft").press("Enter")
        await chat.until(lambda: chat.turns and chat.state() == "not_sent")
        assert chat.dom.modals
        assert (chat.part("words"), chat.part("mark")) == ("Hello?", "Not sent")
        assert chat.shows("problem") == ""


async def test_a_site_that_gave_its_share_away_says_so(page: fake.Page, tmp_path: Path) -> None:
    """The page's own, not all that there was."""
    limits = Limits(**{**UNCOUNTED, "origin_trial_credits": 39})
    async with open_world(tmp_path, limits=limits) as world:
        await world.sign_in()
        async with open_chat(page, world) as chat:
            assert chat.shows("promise") == (
                "No free credits for this account: this site had given away its share of the day."
                " Ask whoever runs this page for some."
            )


async def test_who_signs_in_too_often_is_told_for_how_long_to_wait(
    page: fake.Page, tmp_path: Path
) -> None:
    """Above the composer, once, with the way to try again."""
    limits = Limits(**{**UNCOUNTED, "address_sign_ins": 1})
    async with open_world(tmp_path, limits=limits) as world:
        await world.sign_in()
        async with open_chat(page, world) as chat:
            said = chat.shows("problem")
            assert "from your address; the limit is 1 within ten minutes. Wait " in said
            assert "rate_limited" in said
            assert chat.shows("promise") == PROMISE


@pytest.mark.parametrize(
    ("trial", "no_trial"),
    [
        (None, ""),
        ({"granted": True}, ""),
        ({"granted": False, "reason": "address"}, "address"),
        ({"granted": False, "reason": "origin"}, "origin"),
        ({"granted": False, "reason": "paywall"}, "paywall"),
        ({"granted": False, "reason": "weather"}, "weather"),
        ({"granted": False}, "unknown"),
        ({"granted": False, "reason": 7}, "unknown"),
        ({"granted": "no"}, ""),
        ("granted", ""),
    ],
)
def test_the_reason_is_read_and_outlives_a_reload(trial: Any, no_trial: str) -> None:
    """A refresh brings no user and takes nothing away."""
    session = Session.from_answer({**ANSWER, "trial": trial}, user=None, now_s=0)
    assert session.user is not None
    assert session.user.no_trial == no_trial
    stored = Session.from_text(session.to_text())
    assert stored is not None
    tokens = {**ANSWER, "user": None}
    renewed = Session.from_answer(tokens, user=stored.user, now_s=0)
    assert renewed.user is not None
    assert renewed.user.no_trial == no_trial
    assert bool(no_trial_text(no_trial)) == bool(no_trial)


def test_what_was_stored_before_is_still_read() -> None:
    """By an older SDK, without the field; and an older one reads what has it."""
    user = User.from_json({"id": "user_1", "email": None, "is_anonymous": True})
    assert user is not None
    assert user.no_trial == ""
    assert "no_trial" not in user.to_json()
