"""Secrets at rest, and where the master key comes from."""

import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.gateway.errors import StartError
from tollbridge.gateway.sealing import FILE_NAME, SealBroken, Sealer, load_master_key
from tollbridge.gateway.settings import read_settings

KEY = bytes(range(32))
TEXT = base64.b64encode(KEY).decode()


@given(st.text(), st.text())
def test_what_is_sealed_opens(text: str, context: str) -> None:
    """Any text comes back, in the context it was sealed in."""
    sealer = Sealer(KEY)
    assert sealer.open(sealer.seal(text, context), context) == text


def test_no_two_seals_are_equal() -> None:
    """The same secret sealed twice shows nothing of being the same."""
    sealer = Sealer(KEY)
    assert sealer.seal("sk_secret", "a") != sealer.seal("sk_secret", "a")
    assert b"sk_secret" not in sealer.seal("sk_secret", "a")


def test_another_key_or_context_does_not_open() -> None:
    """A seal is bound to the master key and to what it is for."""
    blob = Sealer(KEY).seal("sk_secret", "providers:a")
    with pytest.raises(SealBroken, match="does not open"):
        Sealer(bytes(32)).open(blob, "providers:a")
    with pytest.raises(SealBroken, match="providers:b"):
        Sealer(KEY).open(blob, "providers:b")


@given(st.integers(min_value=0), st.integers(1, 255))
def test_a_changed_byte_does_not_open(place: int, change: int) -> None:
    """Whichever byte is changed, nothing is opened."""
    blob = bytearray(Sealer(KEY).seal("sk_secret", "a"))
    blob[place % len(blob)] ^= change
    with pytest.raises(SealBroken):
        Sealer(KEY).open(bytes(blob), "a")


@given(st.binary(max_size=80))
def test_what_was_never_sealed_does_not_open(blob: bytes) -> None:
    """Any bytes are refused in one way."""
    with pytest.raises(SealBroken):
        Sealer(KEY).open(blob, "a")


def test_a_broken_seal_is_a_reason_not_to_start() -> None:
    """A wrong master key ends a start with a sentence that says what to do, and shows no key."""
    assert issubclass(SealBroken, StartError)
    with pytest.raises(SealBroken, match="TOLLBRIDGE_MASTER_KEY") as broken:
        Sealer(KEY).open(b"", "a")
    assert TEXT not in str(broken.value)


def test_keys_for_other_purposes_differ() -> None:
    """Each purpose has its own key, the same at every start."""
    sealer = Sealer(KEY)
    assert sealer.subkey("a") == Sealer(KEY).subkey("a")
    assert len({sealer.subkey("a"), sealer.subkey("b"), Sealer(bytes(32)).subkey("a"), KEY}) == 4
    assert len(sealer.subkey("a")) == 32
    assert TEXT not in repr(sealer)


def test_a_master_key_has_its_length() -> None:
    """A short key is a mistake, not a weak key."""
    with pytest.raises(ValueError, match="16"):
        Sealer(bytes(16))


def load(tmp_path: Path, make: bool = True, **names: str) -> bytes:
    """Load the master key under settings."""
    environment = {"TOLLBRIDGE_DATA_DIR": str(tmp_path / "var")}
    environment |= {f"TOLLBRIDGE_{name}": value for name, value in names.items()}
    return load_master_key(read_settings(environment), make)


def test_the_first_start_makes_a_key_that_stays(tmp_path: Path) -> None:
    """The data directory and the key in it are this user's only, and the next start reads it."""
    made = load(tmp_path)
    path = tmp_path / "var" / FILE_NAME
    assert len(made) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == [FILE_NAME]
    assert load(tmp_path) == made
    assert load(tmp_path, make=False) == made


def test_a_command_makes_no_key(tmp_path: Path) -> None:
    """Without a key and without leave to make one, the sentence says who makes it."""
    with pytest.raises(StartError, match="first start"):
        load(tmp_path, make=False)
    assert not (tmp_path / "var").exists()


def test_a_key_from_the_environment(tmp_path: Path) -> None:
    """The setting wins, and no file is made."""
    assert load(tmp_path, MASTER_KEY=TEXT) == KEY
    assert not (tmp_path / "var").exists()


def test_a_key_from_a_named_file(tmp_path: Path) -> None:
    """A named file is read, with or without a line break at its end."""
    file = tmp_path / "secret"
    file.write_text(f"{TEXT}\n")
    assert load(tmp_path, MASTER_KEY_FILE=str(file)) == KEY


def test_a_named_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A mistyped path must not become a new key."""
    with pytest.raises(StartError, match="missing"):
        load(tmp_path, MASTER_KEY_FILE=str(tmp_path / "missing"))
    assert not (tmp_path / "missing").exists()


def test_two_keys_are_one_too_many(tmp_path: Path) -> None:
    """Which of two keys is meant cannot be known."""
    with pytest.raises(StartError, match="not both"):
        load(tmp_path, MASTER_KEY=TEXT, MASTER_KEY_FILE=str(tmp_path / "x"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not base64!", "not base64"),
        ("schlüssel", "not base64"),
        (base64.b64encode(bytes(16)).decode(), "16 bytes"),
        (base64.b64encode(bytes(33)).decode(), "33 bytes"),
    ],
)
def test_a_malformed_key_is_told_without_showing_it(tmp_path: Path, text: str, says: str) -> None:
    """From the setting and from the file alike, the sentence says where and why, never what."""
    file = tmp_path / "secret"
    file.write_text(text)
    for names in ({"MASTER_KEY": text}, {"MASTER_KEY_FILE": str(file)}):
        with pytest.raises(StartError, match=says) as malformed:
            load(tmp_path, **names)
        assert text not in str(malformed.value)


def test_an_empty_file_is_no_key(tmp_path: Path) -> None:
    """A file that was made and never written to must not pass for a key."""
    (tmp_path / "secret").write_text("")
    with pytest.raises(StartError, match="0 bytes"):
        load(tmp_path, MASTER_KEY_FILE=str(tmp_path / "secret"))


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A folder in the place of the file is out of reach, and the sentence names it."""
    with pytest.raises(StartError, match="out of reach"):
        load(tmp_path, MASTER_KEY_FILE=str(tmp_path))
