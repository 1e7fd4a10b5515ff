"""A secret is not seen, wherever it is printed."""

import pytest

from tollbridge.gateway.secret import Secret


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
