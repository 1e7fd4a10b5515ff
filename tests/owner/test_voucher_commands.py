"""`tollbridge voucher`: make one, list them."""

import asyncio

import pytest

from tests.support.command_line import CommandLine
from tests.support.stored import everything_stored
from tests.support.stores import open_store
from tollbridge.gateway.commerce.codes import hash_code
from tollbridge.gateway.commerce.queries import find_voucher, take_use

CREATE = (
    *("voucher", "create", "--paywall", "pw_one"),
    *("--type", "standard", "--amount", "5"),
)


def replaced(name: str, value: str) -> tuple[str, ...]:
    """Return the words of a new voucher with another value of an option."""
    words = list(CREATE)
    words[words.index(name) + 1] = value
    return tuple(words)


def test_a_voucher_is_made_and_its_code_shown_once(owner: CommandLine) -> None:
    """The database keeps a hash; the code is the one that is found by it."""
    made = owner.make(*CREATE)
    assert set(made) == {"id", "code"}
    assert made["id"].startswith("voucher_")
    stored = everything_stored(owner.folder)
    for text in (made["code"], made["code"].replace("-", "")):
        assert text.encode() not in stored

    async def find() -> object:
        database = await open_store(owner.folder)
        found = await database.read(find_voucher(hash_code(made["code"]) or b""))
        await database.close()
        return found and found.voucher_id

    assert asyncio.run(find()) == made["id"]
    assert owner.make(*CREATE)["code"] != made["code"]


def test_it_says_what_the_code_is_worth(owner: CommandLine) -> None:
    """In a sentence, with the code below it."""
    lines = owner.run(*CREATE).output.splitlines()
    assert lines[0].startswith("Voucher voucher_")
    assert lines[0].endswith(" gives one user 5 credits of standard.")
    assert lines[1:3] == ["Its code is shown only now:", ""]
    assert hash_code(lines[3]) is not None
    words = (*replaced("--amount", "1"), "--uses", "3", "--expires", "2100-01-31T01:00:00+01:00")
    assert (
        owner.run(*words)
        .output.splitlines()[0]
        .endswith(" gives each of 3 users 1 credit of standard, until 2100-01-31T00:00:00.000Z.")
    )


def test_vouchers_are_listed_without_their_codes(owner: CommandLine) -> None:
    """Newest first, with how often each was used, of one paywall where that is asked for."""
    assert owner.make("voucher", "list") == {"vouchers": []}
    assert owner.run("voucher", "list").output == "No vouchers.\n"
    first = owner.make(*CREATE, "--uses", "3", "--expires", "2100-01-31T00:00:00Z")
    owner.make("paywall", "create", "pw_two", "--query-type", "standard=0")
    second = owner.make(*replaced("--paywall", "pw_two"))
    user_id = owner.make("user", "create", "--paywall", "pw_one")["id"]

    async def use() -> bool:
        database = await open_store(owner.folder)
        used = await database.write(take_use(first["id"], user_id, 1))
        await database.close()
        return used

    assert asyncio.run(use())
    listed = owner.make("voucher", "list")["vouchers"]
    assert [row["id"] for row in listed] == [second["id"], first["id"]]
    assert {**listed[1], "created_at": ""} == {
        "id": first["id"],
        "paywall_id": "pw_one",
        "type": "standard",
        "amount": 5,
        "uses": 1,
        "uses_max": 3,
        "created_at": "",
        "expires_at": "2100-01-31T00:00:00.000Z",
    }
    said = owner.run("voucher", "list", "--paywall", "pw_one").output
    assert [line.split()[:6] for line in said.splitlines()] == [
        ["voucher", "paywall", "type", "credits", "used", "of"],
        [first["id"], "pw_one", "standard", "5", "1", "3"],
    ]
    for text in (first["code"], second["code"]):
        assert text not in owner.run("voucher", "list", "--json").output
    assert len(owner.make("voucher", "list", "--limit", "1")["vouchers"]) == 1


def test_paywall_and_type_must_be_there(owner: CommandLine) -> None:
    """A code that nobody could spend helps nobody."""
    assert owner.refuse(*replaced("--paywall", "pw_none")) == "There is no paywall 'pw_none'."
    assert owner.refuse(*replaced("--type", "premium")) == (
        "'premium' is no query type of this paywall; it has: standard."
    )
    past = owner.refuse(*CREATE, "--expires", "2020-01-01T00:00:00Z")
    assert past == "The voucher would have expired already."
    assert owner.make("voucher", "list") == {"vouchers": []}


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *(("--amount", value) for value in ("0", "-1", "1.5", "x", "1000000001")),
        *(("--uses", value) for value in ("0", "-1", "1.5", "x", "1000001")),
        *(("--expires", value) for value in ("tomorrow", "2100-01-31T00:00:00")),
    ],
)
def test_what_cannot_be_is_a_wrong_use(owner: CommandLine, name: str, wrong: str) -> None:
    """With exit code 2; the bounds themselves are good."""
    assert owner.run(*CREATE, name, wrong).exit_code == 2
    for amount, uses in (("1", "1"), ("1000000000", "1000000")):
        assert set(owner.make(*replaced("--amount", amount), "--uses", uses)) == {"id", "code"}
