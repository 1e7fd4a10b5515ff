"""A secret is not seen, wherever it is printed."""

import gc

import pytest

from tollbridge.gateway.secret import Secret, living_secrets


@pytest.mark.parametrize(
    "show", [str, repr, format, "{}".format, "{!r}".format, "%s".__mod__, lambda s: f"{[s]}"]
)
def test_a_secret_prints_as_stars(show):
    """No log line, error or repr can show it."""
    shown = show(Secret("sk_live_1234"))
    assert "1234" not in shown
    assert "***" in shown


def test_a_secret_can_be_revealed_and_compared():
    """What it is for."""
    assert Secret("sk_live_1234").reveal() == "sk_live_1234"
    assert Secret("ключ").matches("ключ")
    assert not Secret("sk_live_1234").matches("sk_live_1235")


def test_what_lives_is_known_to_the_logs_and_what_is_gone_is_not():
    """So that they can mask it; nothing is kept for their sake."""
    secret, same = Secret("plain words"), Secret("plain words")
    assert living_secrets().count("plain words") == 2
    del secret, same
    gc.collect()
    assert "plain words" not in living_secrets()
