"""What holds for every command: where it works, and how it fails."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from click.testing import CliRunner

import tollbridge
from building.prepare import TEST_POSTGRES
from tests.support.command_line import CommandLine, run_process
from tests.support.stored import everything_stored
from tests.support.stores import open_store
from tollbridge.gateway.database import Script, Statement
from tollbridge.gateway.owner.commands import app

COMMANDS = [
    ("paywall", "set", "pw_one"),
    ("paywall", "show", "pw_one"),
    ("provider", "list"),
    ("provider", "test", "prov_one"),
    ("provider", "disable", "prov_one"),
    ("provider", "enable", "prov_one"),
    (
        *("provider", "add", "prov_one", "--paywall", "pw_one", "--preset", "openai-chat"),
        *("--model", "m", "--query-type", "standard"),
    ),
    ("key", "create", "--paywall", "pw_one"),
    ("key", "revoke", "key_1"),
    ("user", "create", "--paywall", "pw_one"),
    ("user", "show", "--paywall", "pw_one", "--user", "user_1"),
    (
        *("user", "grant", "--paywall", "pw_one", "--user", "user_1"),
        *("--type", "standard", "--amount", "5"),
    ),
    (
        *("voucher", "create", "--paywall", "pw_one"),
        *("--type", "standard", "--amount", "5"),
    ),
    ("voucher", "list"),
    ("call", "list"),
    ("call", "show", "call_1"),
    ("request", "list"),
    ("ledger", "verify"),
    ("db", "check"),
    ("backup", "backup.db"),
]


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_a_wrong_folder_is_named_and_left_alone(
    command_line: CommandLine, words: tuple[str, ...]
) -> None:
    """No command but `serve`, `paywall create`, `db migrate` and `restore` makes a database."""
    assert command_line.refuse(*words) == (
        f"no database in {command_line.folder}; start the gateway there first or give --data-dir"
    )
    assert not command_line.folder.exists()


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_an_unknown_setting_is_named(command_line: CommandLine, words: tuple[str, ...]) -> None:
    """By every command, with the nearest one that there is."""
    sentence = command_line.refuse(*words, environment={"TOLLBRIDGE_DATADIR": "x"})
    assert sentence == "unknown setting TOLLBRIDGE_DATADIR; did you mean TOLLBRIDGE_DATA_DIR?"


@pytest.mark.only_on("sqlite")
def test_the_option_wins_over_the_setting(owner: CommandLine, tmp_path: Path) -> None:
    """And the setting over the default."""
    elsewhere = {"TOLLBRIDGE_DATA_DIR": str(tmp_path / "elsewhere")}
    assert owner.make("paywall", "show", "pw_one", environment=elsewhere)["id"] == "pw_one"
    here = {"TOLLBRIDGE_DATA_DIR": str(owner.folder), TEST_POSTGRES: None}
    assert CliRunner().invoke(app, ["paywall", "show", "pw_one"], env=here).exit_code == 0


@pytest.mark.only_on("sqlite")
def test_a_newer_database_is_left_alone(owner: CommandLine) -> None:
    """An old program never writes into a new database."""
    connection = apsw.Connection(str(next(owner.folder.glob("*.db"))))
    connection.execute("pragma user_version = 9999")
    connection.close()
    assert "newer tollbridge" in owner.refuse("paywall", "show", "pw_one")


@pytest.mark.only_on("sqlite")
def test_a_file_that_is_no_database_is_said_to_be(owner: CommandLine) -> None:
    """In a sentence, without a traceback."""
    for path in owner.folder.iterdir():
        path.unlink()
    (owner.folder / "tollbridge.db").write_bytes(b"this is a letter, not a database\n" * 200)
    assert "not a database" in owner.refuse("call", "list")


def test_a_folder_that_cannot_be_made_is_said_to_be(tmp_path: Path) -> None:
    """In a sentence, with its name."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    command_line = CommandLine(tmp_path / "file" / "var")
    sentence = command_line.refuse("paywall", "create", "pw_one")
    assert str(tmp_path / "file") in sentence


@pytest.mark.only_on("sqlite")
def test_a_database_that_is_busy_for_too_long_is_said_to_be(owner: CommandLine) -> None:
    """After five seconds of waiting, nothing was changed."""
    connection = apsw.Connection(str(next(owner.folder.glob("*.db"))))
    connection.execute("begin immediate")
    try:
        sentence = owner.refuse("paywall", "set", "pw_one", "--name", "x")
    finally:
        connection.execute("rollback")
        connection.close()
    assert "locked" in sentence
    assert owner.make("paywall", "show", "pw_one")["name"] == ""


def test_a_wrong_use_is_code_2(command_line: CommandLine) -> None:
    """With the usage, on the error stream."""
    for words in (("paywall", "show"), ("nothing",), ("user", "grant"), ("key", "create")):
        result = command_line.run(*words)
        assert result.exit_code == 2
        assert "Usage:" in result.stderr
        assert result.stdout == ""


def test_keys_are_made_and_revoked(owner: CommandLine) -> None:
    """A key is shown once, and its id ends it."""
    made = owner.make("key", "create", "--paywall", "pw_one")
    assert set(made) == {"id", "key"}
    assert made["key"].startswith("sk_")
    assert len(made["key"]) == len("sk_") + 43
    stored = everything_stored(owner.folder)
    assert made["key"][3:].encode() not in stored
    for _ in range(2):
        assert owner.make("key", "revoke", made["id"]) == {"id": made["id"], "revoked": True}
    assert owner.refuse("key", "revoke", "key_none") == "There is no key key_none."
    assert "pw_none" in owner.refuse("key", "create", "--paywall", "pw_none")
    assert "  sk_" in owner.run("key", "create", "--paywall", "pw_one").output


def write(sql: str) -> Script[None]:
    """Run a statement."""
    yield Statement(sql)


def test_a_ledger_that_does_not_add_up_is_code_1(owner: CommandLine) -> None:
    """Every difference is listed."""
    user_id = owner.make("user", "create", "--paywall", "pw_one")["id"]
    words = ("--paywall", "pw_one", "--user", user_id, "--type", "standard", "--amount", "5")
    owner.make("user", "grant", *words)
    assert owner.run("ledger", "verify").output == (
        "The ledger is sound: every balance follows from the journal.\n"
    )

    async def spoil() -> None:
        database = await open_store(owner.folder)
        await database.write(write("update balances set available = 6, seated_left = 6"))
        await database.close()

    asyncio.run(spoil())
    result = owner.run("ledger", "verify", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["ok"]) == (1, False)
    assert found["differences"]
    said = owner.run("ledger", "verify")
    assert (said.exit_code, said.stdout.splitlines()) == (1, found["differences"])


def test_it_runs_as_a_process(tmp_path: Path) -> None:
    """What was tested in process is what a person starts."""
    folder = str(tmp_path / "var")
    made = run_process("paywall", "create", "pw_one", "--json", TOLLBRIDGE_DATA_DIR=folder)
    assert (made.returncode, json.loads(made.stdout)["id"]) == (0, "pw_one")
    assert run_process("ledger", "verify", "--data-dir", folder).returncode == 0
    missing = run_process("paywall", "show", "pw_none", "--data-dir", folder)
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr == "Error: There is no paywall 'pw_none'.\n"
    assert run_process("--version").stdout == f"tollbridge, version {tollbridge.__version__}\n"


def test_without_the_servers_packages_it_says_how_to_get_them(tmp_path: Path) -> None:
    """The bare wheel has the command too; it ends in one sentence."""
    source = str(Path(tollbridge.__file__).parents[1])
    found = subprocess.run(
        # Isolated and without site-packages: this interpreter as a bare installation has it.
        [sys.executable, "-I", "-S", "-c", _BARE, source],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
    )
    assert found.returncode == 1
    assert found.stdout == ""
    (sentence,) = found.stderr.splitlines()
    assert "pip install 'tollbridge[gateway]'" in sentence


_BARE = """
import sys
sys.path.insert(0, sys.argv[1])
from tollbridge.gateway.owner.cli import main
main()
"""
