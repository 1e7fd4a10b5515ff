"""`tollbridge paywall`: make, change, show."""

import json
import stat

import pytest

from tests.support.command_line import CommandLine


def test_a_paywall_is_made_and_shown(command_line: CommandLine) -> None:
    """With everything that was said, and what was not."""
    words = ["--name", "My app", "--origin", "https://App.example/", "--origin", "null"]
    types = ["--query-type", "standard=20", "--query-type", "advanced=0"]
    made = command_line.make("paywall", "create", "pw_one", *words, *types)
    assert made == {
        "id": "pw_one",
        "name": "My app",
        "origins": ["https://app.example", "null"],
        "tokenization": True,
        "query_types": {"standard": 20, "advanced": 0},
        "origin_trial_credits": None,
    }
    assert command_line.make("paywall", "show", "pw_one") == made
    said = command_line.run("paywall", "show", "pw_one").output.splitlines()
    assert said == [
        "Paywall pw_one",
        "  name            My app",
        "  origins         https://app.example, null",
        "  counts credits  yes",
        "  query types     advanced (0 credits on trial), standard (20 credits on trial)",
    ]


@pytest.mark.only_on("sqlite")
def test_the_first_one_makes_the_database(command_line: CommandLine) -> None:
    """Readable by nobody else, and it says where."""
    result = command_line.run("paywall", "create", "pw_one")
    assert result.exit_code == 0
    assert f"made a new database: {command_line.folder}" in result.stderr
    assert stat.S_IMODE(command_line.folder.stat().st_mode) == 0o700
    (database,) = command_line.folder.glob("*.db")
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert command_line.run("paywall", "create", "pw_two").stderr == ""


def test_an_id_is_given_once(owner: CommandLine) -> None:
    """The sentence says what to do instead."""
    assert "tollbridge paywall set" in owner.refuse("paywall", "create", "pw_one")
    assert owner.make("paywall", "show", "pw_one")["query_types"] == {"standard": 20}


def test_set_changes_what_it_names(owner: CommandLine) -> None:
    """Query types are added and changed, origins replaced, the rest stays."""
    owner.make("paywall", "set", "pw_one", "--name", "New", "--origin", "https://a.example")
    owner.make("paywall", "set", "pw_one", "--query-type", "advanced=3", "--tokenization", "off")
    changed = owner.make("paywall", "set", "pw_one", "--query-type", "standard=5")
    assert changed == {
        "id": "pw_one",
        "name": "New",
        "origins": ["https://a.example"],
        "tokenization": False,
        "query_types": {"advanced": 3, "standard": 5},
        "origin_trial_credits": None,
    }
    assert owner.make("paywall", "set", "pw_one", "--origin", "any")["origins"] == []
    assert owner.make("paywall", "set", "pw_one", "--tokenization", "on")["tokenization"] is True
    assert owner.make("paywall", "set", "pw_one", "--name", "")["name"] == ""


@pytest.mark.parametrize(
    "words",
    [
        ("--query-type", "standard"),
        ("--query-type", "standard=-1"),
        ("--query-type", "standard=1.5"),
        ("--query-type", "Standard=1"),
        ("--query-type", "standard=9999999"),
        ("--origin", "app.example"),
        ("--origin", "https://*.example"),
        ("--origin", "any", "--origin", "https://a.example"),
        ("--tokenization", "yes"),
    ],
)
def test_what_cannot_be_is_a_wrong_use(owner: CommandLine, words: tuple[str, ...]) -> None:
    """Exit code 2, and nothing changes."""
    result = owner.run("paywall", "set", "pw_one", *words)
    assert result.exit_code == 2
    assert "Error: Invalid value for" in result.stderr
    assert owner.make("paywall", "show", "pw_one")["query_types"] == {"standard": 20}


def test_what_cannot_be_a_paywall_is_refused(command_line: CommandLine) -> None:
    """Before a database is made for it."""
    assert "is no paywall id" in command_line.refuse("paywall", "create", "pw one")
    assert not command_line.folder.exists()


@pytest.mark.parametrize("words", [("show",), ("set", "--name", "x")])
def test_an_unknown_paywall_is_said_to_be(owner: CommandLine, words: tuple[str, ...]) -> None:
    """In one sentence."""
    sentence = owner.refuse("paywall", words[0], "pw_none", *words[1:])
    assert sentence == "There is no paywall 'pw_none'."


def test_a_trial_that_nobody_would_get_is_said_at_once(command_line: CommandLine) -> None:
    """More credits to one new user than the gateway gives away in a day, all types together."""
    words = ("--query-type", "standard=600", "--query-type", "advanced=400")
    assert command_line.run("paywall", "create", "pw_one", *words).stderr.count("note:") == 0
    more = command_line.run("paywall", "set", "pw_one", "--query-type", "advanced=401", "--json")
    assert more.exit_code == 0
    assert json.loads(more.stdout)["query_types"] == {"standard": 600, "advanced": 401}
    assert more.stderr == (
        "note: a new user's trial is 1001 credits, and a paywall gives away 1000 a day at most, so "
        "nobody will get any; raise TOLLBRIDGE_LIMIT_PAYWALL_TRIAL_CREDITS of the gateway\n"
    )
    raised = {"TOLLBRIDGE_LIMIT_PAYWALL_TRIAL_CREDITS": "1001"}
    assert command_line.run("paywall", "set", "pw_one", environment=raised).stderr == ""
    lifted = {"TOLLBRIDGE_LIMIT_PAYWALL_TRIAL_CREDITS": "off"}
    assert command_line.run("paywall", "set", "pw_one", environment=lifted).stderr == ""
    created = command_line.run("paywall", "create", "pw_two", "--query-type", "standard=1001")
    assert created.stderr.startswith("note: ")


def test_each_origin_has_a_share_of_the_trial_credits(command_line: CommandLine) -> None:
    """Set when it is made or later, given back to the gateway's own, kept by other changes."""
    words = ("paywall", "create", "pw_one", "--query-type", "standard=20")
    made = command_line.make(*words, "--origin-trial-credits", "200")
    assert made["origin_trial_credits"] == 200
    assert command_line.make("paywall", "set", "pw_one", "--name", "x")["origin_trial_credits"] == (
        200
    )
    said = command_line.run("paywall", "show", "pw_one").output
    assert "  each origin     200 credits on trial a day\n" in said
    default = ("paywall", "set", "pw_one", "--origin-trial-credits", "default")
    assert command_line.make(*default)["origin_trial_credits"] is None
    assert "each origin" not in command_line.run("paywall", "show", "pw_one").output
    for wrong in ("0", "-1", "off", "1.5", "1000001", "²"):
        assert command_line.run(*default[:-1], wrong).exit_code == 2
    assert command_line.make(*default[:-1], "1000000")["origin_trial_credits"] == 1_000_000


def test_several_origins_without_shares_are_noted(command_line: CommandLine) -> None:
    """One of them could give away what is for all; so is a share that nobody would get."""
    sites = ("--origin", "https://a.example", "--origin", "https://b.example")
    words = ("paywall", "create", "pw_one", "--query-type", "standard=20", *sites)
    assert command_line.run(*words).stderr.endswith(
        "note: one of the 2 origins may give away all trial credits of a day; "
        "--origin-trial-credits gives each its share\n"
    )
    shared = ("paywall", "set", "pw_one", "--origin-trial-credits")
    assert command_line.run(*shared, "20").stderr == ""
    assert command_line.run(*shared, "19").stderr == (
        "note: a new user's trial is 20 credits, and the pages of an origin give away 19 a day at "
        "most, so nobody will get any; raise --origin-trial-credits\n"
    )
