"""`tollbridge telegram`: which bot's Mini App signs a paywall's users in."""

import pytest

from tests.support.command_line import CommandLine
from tests.support.stored import everything_stored
from tests.support.telegram import BOT_ID, TOKEN
from tollbridge.gateway.identity.telegram_bots import MOCK_TOKEN

SET = ("telegram", "set", "--paywall", "pw_one")
BY_TOKEN = (*SET, "--bot-token-env", "BOT_TOKEN")
SHOW = ("telegram", "show", "--paywall", "pw_one")
OFF = ("telegram", "off", "--paywall", "pw_one")
HELD = {"BOT_TOKEN": TOKEN}


def test_a_bot_is_set_by_its_token(owner: CommandLine) -> None:
    """The token is read once, stored sealed, and nobody is shown it again."""
    made = owner.make(*BY_TOKEN, environment=HELD)
    assert made == {
        "paywall_id": "pw_one",
        "bot_id": BOT_ID,
        "token": "***",
        "test_environment": False,
    }
    assert owner.make(*SHOW) == made
    said = owner.run(*SHOW).output
    assert said.splitlines()[0] == "Paywall pw_one signs users in from Telegram."
    assert "***" in said
    secret = TOKEN.partition(":")[2]
    for told in (said, owner.run(*BY_TOKEN, environment=HELD).output, str(made)):
        assert secret not in told
    assert secret.encode() not in everything_stored(owner.folder)


def test_a_bot_is_set_by_its_id(owner: CommandLine) -> None:
    """For an owner without the token at hand; it needs no master key, and takes a token's place."""
    owner.make(*BY_TOKEN, environment=HELD)
    made = owner.make(*SET, "--bot-id", "7", "--test-environment")
    assert made == {
        "paywall_id": "pw_one",
        "bot_id": 7,
        "token": None,
        "test_environment": True,
    }
    said = owner.run(*SHOW).output
    assert "Telegram's own signature is checked" in said
    assert "known to nobody" in said


def test_it_is_switched_off(owner: CommandLine) -> None:
    """Once; then there is none to switch off, or to show."""
    owner.make(*BY_TOKEN, environment=HELD)
    assert owner.make(*OFF) == {"paywall_id": "pw_one", "off": True}
    for words in (OFF, SHOW):
        assert owner.refuse(*words) == "Paywall pw_one has no sign-in from Telegram."


@pytest.mark.parametrize(
    "words",
    [
        *(SET, (*BY_TOKEN, "--bot-id", "7"), (*SET, "--bot-id", "0"), (*SET, "--bot-id", "x")),
        ("telegram", "set", "--bot-id", "7"),
    ],
)
def test_a_wrong_use(owner: CommandLine, words: tuple[str, ...]) -> None:
    """One of token and id, and a paywall."""
    assert owner.run(*words, environment=HELD).exit_code == 2


def test_what_is_no_token_is_not_shown(owner: CommandLine) -> None:
    """Somebody may have pasted another secret."""
    sentence = owner.refuse(*BY_TOKEN, environment={"BOT_TOKEN": "sk-of-another-service"})
    assert "no bot token" in sentence
    assert "another-service" not in sentence
    assert owner.refuse(*BY_TOKEN, environment={"BOT_TOKEN": ""}) == (
        "the environment variable BOT_TOKEN is not set"
    )


def test_the_token_that_everybody_knows(owner: CommandLine) -> None:
    """TG-M11: for development only, where whoever signs in is nobody."""
    environment = {"BOT_TOKEN": MOCK_TOKEN}
    assert "everybody knows" in owner.refuse(*BY_TOKEN, environment=environment)
    assert owner.run(*SHOW).exit_code == 1
    made = owner.make(*BY_TOKEN, "--test-environment", environment=environment)
    assert (made["bot_id"], made["test_environment"]) == (1, True)


def test_a_paywall_that_is_not_there(owner: CommandLine) -> None:
    """Each command says so."""
    for words in ((*SET, "--bot-id", "7"), BY_TOKEN, SHOW, OFF):
        named = [*words[:3], "pw_none", *words[4:]]
        assert owner.refuse(*named, environment=HELD) == "There is no paywall 'pw_none'."
