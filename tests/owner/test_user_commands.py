"""`tollbridge user`: make, show, give credits."""

import asyncio

import pytest

from tests.support.command_line import CommandLine
from tests.support.stores import open_store
from tollbridge.gateway.ledger import HoldOrder, begin_epoch, hold


@pytest.fixture
def user_id(owner: CommandLine) -> str:
    """A user of `pw_one`."""
    made: str = owner.make("user", "create", "--paywall", "pw_one")["id"]
    return made


def give(user_id: str, *words: str) -> tuple[str, ...]:
    """Return the words of a grant of 5 standard credits."""
    named = ("--paywall", "pw_one", "--user", user_id)
    return ("user", "grant", *named, "--type", "standard", "--amount", "5", *words)


def test_a_new_user_has_nothing_yet(owner: CommandLine, user_id: str) -> None:
    """Trial credits come with a first sign-in, not from here."""
    assert user_id.startswith("user_")
    shown = owner.make("user", "show", "--paywall", "pw_one", "--user", user_id)
    assert shown == {
        "id": user_id,
        "anonymous": False,
        "balances": [{"type": "standard", "count": 0, "version": 0, "granted": 0}],
        "held": [{"type": "standard", "count": 0}],
    }


def test_a_grant_is_added_and_the_new_balance_shown(owner: CommandLine, user_id: str) -> None:
    """Each is a grant of its own."""
    answer = owner.make(*give(user_id))
    assert (answer["user_id"], answer["type"], answer["amount"]) == (user_id, "standard", 5)
    assert (answer["count"], answer["balances"][0]["count"]) == (5, 5)
    said = owner.run(*give(user_id)).output
    assert said == "5 credits of standard granted; 10 left.\n"
    assert owner.make("ledger", "verify") == {"ok": True, "differences": []}


def test_a_key_grants_once(owner: CommandLine, user_id: str) -> None:
    """The first answer again, whatever happened since; another grant under it is refused."""
    first = owner.make(*give(user_id, "--key", "invoice 7"))
    owner.make(*give(user_id))
    assert owner.make(*give(user_id, "--key", "invoice 7")) == first
    assert "nothing more is granted" in owner.run(*give(user_id, "--key", "invoice 7")).output
    other = give(user_id, "--key", "invoice 7", "--expires", "2100-01-01T00:00:00Z")
    assert owner.refuse(*other) == "This key was used before for another change."
    shown = owner.make("user", "show", "--paywall", "pw_one", "--user", user_id)
    assert shown["balances"][0]["count"] == 10


def test_keys_of_two_paywalls_are_apart(owner: CommandLine, user_id: str) -> None:
    """The same key means two grants on two paywalls."""
    owner.make(*give(user_id, "--key", "k"))
    owner.make("paywall", "create", "pw_two", "--query-type", "standard=0")
    other = owner.make("user", "create", "--paywall", "pw_two")["id"]
    words = give(other, "--key", "k")
    assert owner.make(*[word.replace("pw_one", "pw_two") for word in words])["count"] == 5


def test_a_grant_may_end(owner: CommandLine, user_id: str) -> None:
    """At a moment that is written with its zone and lies ahead."""
    said = owner.run(*give(user_id, "--expires", "2100-01-31T01:00:00+01:00")).output
    assert said == "5 credits of standard granted, until 2100-01-31T00:00:00.000Z; 5 left.\n"
    past = give(user_id, "--expires", "2020-01-01T00:00:00Z")
    assert owner.refuse(*past) == "The credits would have expired already."
    for wrong in ("tomorrow", "2100-01-31T00:00:00", "2100-13-01T00:00:00Z", "99999"):
        assert owner.run(*give(user_id, "--expires", wrong)).exit_code == 2


@pytest.mark.parametrize("amount", ["0", "-1", "1.5", "x", "1000000001"])
def test_only_whole_amounts_are_granted(owner: CommandLine, user_id: str, amount: str) -> None:
    """Anything else is a wrong use."""
    words = [amount if word == "5" else word for word in give(user_id)]
    assert owner.run(*words).exit_code == 2


def test_unknown_users_types_and_paywalls_are_said_to_be(owner: CommandLine, user_id: str) -> None:
    """Each in a sentence, a type with those that there are."""
    assert owner.refuse(*give("user_none")) == "There is no such user on this paywall."
    words = [word.replace("standard", "premium") for word in give(user_id)]
    assert owner.refuse(*words) == ("'premium' is no query type of this paywall; it has: standard.")
    words = [word.replace("pw_one", "pw_none") for word in give(user_id)]
    assert owner.refuse(*words) == "There is no paywall 'pw_none'."
    owner.make("paywall", "create", "pw_two")
    sentence = owner.refuse("user", "show", "--paywall", "pw_two", "--user", user_id)
    assert sentence == "There is no such user on this paywall."
    assert "pw_none" in owner.refuse("user", "create", "--paywall", "pw_none")


def test_what_running_calls_hold_is_shown(owner: CommandLine, user_id: str) -> None:
    """Held credits are out of the balance and listed by type."""
    owner.make(*give(user_id))

    async def hold_two() -> None:
        database = await open_store(owner.folder)
        await database.write(begin_epoch("epoch_1", 1))
        order = HoldOrder("call_1", 1, "epoch_1", "pw_one", user_id, "prov_one", "standard", 2)
        await database.write(hold(order, 2))
        await database.close()

    asyncio.run(hold_two())
    shown = owner.make("user", "show", "--paywall", "pw_one", "--user", user_id)
    assert shown["balances"][0]["count"] == 3
    assert shown["held"] == [{"type": "standard", "count": 2}]
    said = owner.run("user", "show", "--paywall", "pw_one", "--user", user_id).output
    assert said.splitlines() == [
        f"User {user_id} of pw_one, not anonymous",
        "type      left  of  held",
        "standard  3     5   2",
    ]


def test_calls_are_listed_and_shown(owner: CommandLine, user_id: str) -> None:
    """Newest first, of one user or paywall where that is asked for."""
    assert owner.make("call", "list") == {"calls": []}
    assert owner.run("call", "list").output == "No calls.\n"

    async def hold_nothing(call_id: str, now: int) -> None:
        database = await open_store(owner.folder)
        order = HoldOrder(call_id, 1, "epoch_1", "pw_one", user_id, "prov_one", "standard", 0)
        await database.write(hold(order, now))
        await database.close()

    asyncio.run(hold_nothing("call_1", 1))
    asyncio.run(hold_nothing("call_2", 2))
    calls = owner.make("call", "list")["calls"]
    assert [call["call_id"] for call in calls] == ["call_2", "call_1"]
    assert owner.make("call", "show", "call_1") == calls[1]
    assert calls[1]["created_at"] == "1970-01-01T00:00:00.001Z"
    assert len(owner.make("call", "list", "--limit", "1")["calls"]) == 1
    assert len(owner.make("call", "list", "--user", user_id)["calls"]) == 2
    assert owner.make("call", "list", "--user", "user_none") == {"calls": []}
    assert owner.make("call", "list", "--paywall", "pw_none") == {"calls": []}
    listed = owner.run("call", "list").output.splitlines()
    assert listed[0].split() == ["call", "created", "user", "provider", "type", "credits", "state"]
    assert listed[1].startswith("call_2  1970-01-01T00:00:00.002Z")
    assert "provider_id      prov_one" in owner.run("call", "show", "call_1").output
    assert owner.refuse("call", "show", "call_none") == "There is no call call_none."
