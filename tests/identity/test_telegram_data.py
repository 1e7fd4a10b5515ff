"""Which launch data of Telegram's are genuine, and what of them is believed."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.telegram import BOT_ID, TOKEN, fields, launch, with_hash, with_signature, written
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.identity.telegram import (
    PRODUCTION_KEY,
    TEST_KEY,
    Bot,
    Launch,
    bot_of_token,
    read_launch,
)
from tollbridge.gateway.secret import Secret

NOW = 1_800_000_000
BOT = Bot(BOT_ID, Secret(TOKEN))

# Made up, with the widely published algorithm; nobody's data.
VECTOR = (
    "auth_date=1700000000&query_id=AAH-test&user=%7B%22id%22%3A42%2C%22first_name%22%3A%22Zo%C3%AB"
    "+%2B%26%3D%22%2C%22language_code%22%3A%22en%22%7D&signature=c2ln"
    "&hash=049eebb1bf714e524c9f1cf25e218899d69384f527e01e2755817681f963214c"
)

TELEGRAM = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TELEGRAM_KEY = TELEGRAM.public_key().public_bytes_raw()
BY_ID = Bot(BOT_ID)


def read(raw: str, now_s: float = NOW, bot: Bot = BOT) -> Launch:
    """Read launch data; what is signed by Telegram, by the key of these tests."""
    return read_launch(raw, bot, now_s, telegram_key=TELEGRAM_KEY)


def refusal(raw: str, now_s: float = NOW, bot: Bot = BOT) -> str:
    """Return the code that launch data are refused with, having looked that it tells nothing."""
    with pytest.raises(Refusal) as caught:
        read(raw, now_s, bot)
    told = caught.value.message + repr(caught.value.details)
    assert caught.value.status == 401
    assert not any(value in told for value in (raw, TOKEN, "hash=")) or not raw
    return caught.value.code


def signed_by_telegram(auth_date: int = NOW, **more: str) -> dict[str, str]:
    """Return fields with both signatures, as clients since Bot API 8.0 send them."""
    return with_hash(with_signature(fields(auth_date, **more), TELEGRAM))


def test_the_published_algorithm() -> None:
    """TG-M3: a vector that others made verifies, names its user, and only under its own token."""
    found = read(VECTOR, 1_700_000_000)
    assert (found.telegram_id, found.auth_date) == (42, 1_700_000_000)
    other = Bot(BOT_ID, Secret(TOKEN[:-1] + "1"))
    assert refusal(VECTOR, 1_700_000_000, other) == "init_data_invalid"


def test_the_keys_of_telegram_are_the_published_ones() -> None:
    """Two of them, and a bot of the test environment is checked with the other."""
    assert Bot(1).telegram_key == PRODUCTION_KEY
    assert Bot(1, test_environment=True).telegram_key == TEST_KEY
    assert PRODUCTION_KEY.hex().startswith("e7bf03a2")
    assert TEST_KEY.hex().startswith("40055058")


def test_signature_stays_in_what_the_hash_is_made_of() -> None:
    """TG-M3: whoever takes it out computes another hash; one that is changed afterwards fails."""
    data = fields(NOW, signature="c2ln")
    assert read(written(with_hash(data))).telegram_id == 42
    without = with_hash(fields(NOW))
    assert refusal(written({**without, "signature": "c2ln"})) == "init_data_invalid"
    changed = {**with_hash(data), "signature": "c2lo"}
    assert refusal(written(changed)) == "init_data_invalid"


def test_signature_goes_out_of_what_telegram_signs() -> None:
    """TG-M3: the bot's id alone is enough, and it must be this bot's."""
    raw = written(signed_by_telegram())
    assert read(raw, bot=BY_ID).telegram_id == 42
    assert refusal(raw, bot=Bot(BOT_ID + 1)) == "init_data_invalid"
    with_itself = with_signature({**fields(NOW), "signature": "c2ln"}, TELEGRAM)
    assert refusal(written(with_hash(with_itself)), bot=BY_ID) == "init_data_invalid"


def test_telegrams_own_key_decides() -> None:
    """A signature of anybody else's key is worth nothing; nor is ours at the real Telegram."""
    stranger = Ed25519PrivateKey.generate()
    raw = written(with_hash(with_signature(fields(NOW), stranger)))
    assert refusal(raw, bot=BY_ID) == "init_data_invalid"
    with pytest.raises(Refusal):
        read_launch(written(signed_by_telegram()), BY_ID, NOW)


@pytest.mark.parametrize(
    "signature",
    ["", "c2ln", "!" * 86, "A" * 85, "A" * 87, "A" * 86, "A" * 86 + "==", "é" * 86, "+/" * 43],
)
def test_a_signature_that_is_none(signature: str) -> None:
    """TG-M3: bad base64, too short, too long, or of nothing: a refusal, never a failure of ours."""
    data = with_hash({**fields(NOW), "signature": signature})
    assert refusal(written(data), bot=BY_ID) == "init_data_invalid"


def test_data_without_a_signature_need_the_token() -> None:
    """Clients from before Bot API 8.0 send none; with the id alone nobody can say if it is true."""
    raw = written(with_hash(fields(NOW)))
    assert read(raw).telegram_id == 42
    assert refusal(raw, bot=BY_ID) == "init_data_invalid"


def test_padding_of_the_signature_does_not_matter() -> None:
    """It is unpadded base64url, and some write it padded."""
    data = signed_by_telegram()
    padded = with_hash({**fields(NOW), "signature": data["signature"] + "=="})
    assert read(written(padded), bot=BY_ID).telegram_id == 42


@pytest.mark.parametrize("bot", [BOT, BY_ID])
def test_the_date_has_an_end_on_both_sides(bot: Bot) -> None:
    """TG-M3: an hour back, a minute ahead, to the second; a day or ten years ahead is refused."""
    for age in (0, 3600, -60):
        assert read(written(signed_by_telegram(NOW - age)), bot=bot).auth_date == NOW - age
    assert refusal(written(signed_by_telegram(NOW - 3601)), bot=bot) == "init_data_expired"
    for ahead in (61, 86_400, 10 * 365 * 86_400):
        assert refusal(written(signed_by_telegram(NOW + ahead)), bot=bot) == "init_data_invalid"


def test_an_old_forgery_is_a_forgery() -> None:
    """Who may not know whether it was ever good is not told."""
    assert refusal(launch(NOW - 9999, token=TOKEN[:-1] + "1")) == "init_data_invalid"


@pytest.mark.parametrize(
    "date",
    [
        "",
        "x",
        "-1",
        "+1800000000",
        " 1800000000",
        "1.8e9",
        "1800000000.0",
        "\u0967\u096e",
        "9" * 13,
    ],
)
def test_a_date_that_is_none(date: str) -> None:
    """TG-M3: digits, and not too many; however well it is signed."""
    data = {**fields(NOW), "auth_date": date}
    assert refusal(written(with_hash(data))) == "init_data_invalid"


def test_without_a_date() -> None:
    """It could be of any age."""
    data = fields(NOW)
    del data["auth_date"]
    assert refusal(written(with_hash(data))) == "init_data_invalid"


def test_upper_case_hashes_are_the_same_number() -> None:
    """TG-M3: some clients write it so, and it is the same launch."""
    lower = launch(NOW)
    start, _, digits = lower.rpartition("hash=")
    upper = f"{start}hash={digits.upper()}"
    assert upper != lower
    assert read(upper).fingerprint == read(lower).fingerprint


@pytest.mark.parametrize("hash_", ["", "0" * 63, "0" * 65, "g" * 64, " " + "0" * 63, "\u0660" * 64])
def test_a_hash_that_is_none(hash_: str) -> None:
    """TG-M3: 64 hexadecimal digits, nothing else."""
    assert refusal(written({**fields(NOW), "hash": hash_})) == "init_data_invalid"


def test_without_a_hash() -> None:
    """TG-M3: there is nothing to check."""
    assert refusal(written(fields(NOW))) == "init_data_invalid"
    assert refusal(written(with_signature(fields(NOW), TELEGRAM)), bot=BY_ID) == "init_data_invalid"


def test_each_changed_field_is_noticed() -> None:
    """TG-M3: changed, taken out or added, under either signature."""
    data = signed_by_telegram(start_param="")
    for bot in (BOT, BY_ID):
        for name in ("query_id", "user", "start_param"):
            assert refusal(written({**data, name: data[name] + "x"}), bot=bot) == (
                "init_data_invalid"
            )
            rest = {key: value for key, value in data.items() if key != name}
            assert refusal(written(rest), bot=bot) == "init_data_invalid"
        assert refusal(written({**data, "more": "1"}), bot=bot) == "init_data_invalid"


def test_fields_that_nobody_knows_yet_belong_to_it() -> None:
    """Telegram adds some; they are signed like the others."""
    data = fields(NOW, signature="c2ln", chat_join_request_query_id="1", x_2031="y")
    assert read(written(with_hash(data))).telegram_id == 42


def test_empty_values_are_valid() -> None:
    """TG-M3: a field may be there and empty, signed as it is."""
    raw = written(with_hash(fields(NOW, start_param="", signature="c2ln")))
    assert "start_param=&" in raw
    assert read(raw).telegram_id == 42
    signed = written(signed_by_telegram(start_param=""))
    assert read(signed, bot=BY_ID).telegram_id == 42


@pytest.mark.parametrize("name", ["user", "auth_date", "hash", "start_param"])
def test_a_field_that_is_there_twice(name: str) -> None:
    """TG-M3: readers differ in which of them counts, so neither does."""
    raw = launch(NOW, start_param="1")
    for twice in (f"{raw}&{name}=1", f"{name}=1&{raw}"):
        assert refusal(twice) == "init_data_invalid"


def test_no_field_is_read_out_of_another() -> None:
    """What is signed are lines; a value of two lines, or a name with =, could pass for others."""
    data = with_hash(fields(NOW, signature="c2ln", start_param="1"))
    merged = {**data, "start_param": f"1\nuser={data['user']}"}
    del merged["user"]
    assert refusal(written(merged)) == "init_data_invalid"
    raw = written(data).replace("start_param=1", "start%3Dparam=1")
    assert refusal(raw) == "init_data_invalid"
    for name in ("", "%00", "a%0Ab", "a+b"):
        assert refusal(f"{name}=1&{written(data)}") == "init_data_invalid"


@pytest.mark.parametrize(
    "raw",
    ["", "&", "=", "user", "user&hash", "a=1;b=2", "user=%FF%FE", "user=%ED%A0%80", "\ud800=1"],
)
def test_what_is_no_query_string(raw: str) -> None:
    """TG-M3: also what is not UTF-8, in the text or behind the percent signs."""
    assert refusal(raw) == "init_data_invalid"


def test_how_long_it_may_be() -> None:
    """TG-M3: 4,096 bytes, and in bytes, not characters; not more than 64 fields."""
    short = len(launch(NOW, start_param=""))
    assert read(launch(NOW, start_param="x" * (4096 - short))).telegram_id == 42
    assert refusal(launch(NOW, start_param="x" * (4097 - short))) == "init_data_invalid"
    assert refusal("é" * 2049) == "init_data_invalid"
    many = {f"f{number}": "" for number in range(65)}
    assert refusal(written(with_hash(fields(NOW, **many)))) == "init_data_invalid"


@pytest.mark.parametrize(
    "user",
    [
        *("", "null", "42", "[]", "{}", "{", '"42"', '{"id":"42"}', '{"id":42.0}', '{"id":true}'),
        *('{"id":0}', '{"id":-1}', '{"id":4503599627370496}', '{"id":1e3}', '{"id":null}'),
        *('{"id":' + "9" * 5000 + "}", "[" * 1500, '{"id":NaN}'),
    ],
)
def test_a_user_who_is_none(user: str) -> None:
    """A whole number of at most 52 bits, above 0; however well it is signed."""
    data = {**fields(NOW), "user": user}
    assert refusal(written(with_hash(data))) == "init_data_invalid"


def test_ids_of_52_bits() -> None:
    """They do not fit in 32, and must not lose a digit."""
    assert read(launch(NOW, telegram_id=2**52 - 1)).telegram_id == 2**52 - 1


def test_a_launch_without_a_user() -> None:
    """Opened from a channel's menu, say: there is nobody to sign in."""
    data = fields(NOW)
    del data["user"]
    assert refusal(written(with_hash(data))) == "init_data_invalid"


def test_a_launch_is_the_same_however_it_is_written() -> None:
    """In another order, escaped otherwise, and whatever stands in the part that is not signed."""
    data = signed_by_telegram()
    turned = dict(reversed(data.items()))
    raw, other = written(data), written(turned).replace("AAH-test", "%41AH-test")
    assert raw != other
    for bot in (BOT, BY_ID):
        assert read(other, bot=bot) == read(raw, bot=bot)
    forged_hash = written({**data, "hash": "0" * 64})
    assert read(forged_hash, bot=BY_ID).fingerprint == read(raw).fingerprint
    assert refusal(forged_hash) == "init_data_invalid"


def test_two_launches_differ() -> None:
    """A second later, or somebody else's."""
    prints = {
        read(raw).fingerprint
        for raw in (launch(NOW), launch(NOW - 1), launch(NOW, 43), launch(NOW, query_id="B"))
    }
    assert len(prints) == 4


def test_a_bot_of_its_token() -> None:
    """The id stands before the colon; what is no token is said without showing it."""
    bot = bot_of_token(Secret(TOKEN), test_environment=True)
    assert (bot.bot_id, bot.test_environment) == (BOT_ID, True)
    assert "AAF" not in repr(bot)
    for wrong in ("", "sk-12345678901234567890", "12:short", ":" + "A" * 35, "0:" + "A" * 35):
        with pytest.raises(ValueError, match="no bot token") as caught:
            bot_of_token(Secret(wrong))
        assert len(wrong) < 5 or wrong not in str(caught.value)
