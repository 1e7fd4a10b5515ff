"""A Mini App signs its user in: one account for ever, one trial, and no launch for two parties."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.accounts import API, Accounts, open_accounts
from tests.support.refusals import refused
from tests.support.stored import everything_stored
from tests.support.telegram import BOT_ID, TOKEN, launch
from tollbridge.gateway.database import Script, Statement
from tollbridge.gateway.identity.telegram import Bot, bot_of_token
from tollbridge.gateway.identity.telegram_bots import MOCK_TOKEN, store_bot
from tollbridge.gateway.identity.telegram_queries import delete_bot
from tollbridge.gateway.ledger import verify
from tollbridge.gateway.paywalls import Paywall, create_paywall, store_paywall
from tollbridge.gateway.secret import Secret
from tollbridge.gateway.settings import LIMITS, Limits

pytestmark = pytest.mark.usefixtures("store")

BOT = bot_of_token(Secret(TOKEN))
KEY, OTHER_KEY = "k" * 22, "o" * 22
PATH = "auth/telegram/signin"
OF_SIGN_INS = (
    "address_sign_ins",
    "user_sign_ins",
    "address_trials",
    "origin_trial_credits",
    "paywall_trial_credits",
)


@asynccontextmanager
async def opened(folder: Path, bot: Bot = BOT, **limits: int | None) -> AsyncIterator[Accounts]:
    """Open accounts with a bot on `pw_one`, and with the limits named in force."""
    off = dict.fromkeys(OF_SIGN_INS)
    async with open_accounts(folder, limits=Limits(**{**off, **limits})) as accounts:
        await set_bot(accounts, bot)
        yield accounts


@pytest.fixture
async def accounts(store: Any, tmp_path: Path) -> AsyncIterator[Accounts]:
    """A world of accounts with a bot, in which nothing is counted."""
    async with opened(tmp_path) as world:
        yield world


async def set_bot(accounts: Accounts, bot: Bot, paywall_id: str = "pw_one") -> None:
    """Give a paywall a bot, and let what is remembered be over."""
    await accounts.database.write(
        store_bot(paywall_id, bot, accounts.sealer, accounts.clock.now_ms())
    )
    accounts.clock.move(seconds=3)


def now_s(accounts: Accounts) -> int:
    """Return the time, as Telegram dates launches."""
    return accounts.clock.now_ms() // 1000


async def sign_in(
    accounts: Accounts,
    telegram_id: int = 42,
    *,
    raw: str | None = None,
    key: str = KEY,
    address: str = "198.51.100.1",
    paywall_id: str = "pw_one",
) -> httpx2.Response:
    """Sign a Telegram user in who opened the app just now; `raw` is a launch of before."""
    raw = launch(now_s(accounts), telegram_id) if raw is None else raw
    return await accounts.client.post(
        f"{API}/{paywall_id}/{PATH}",
        json={"init_data": raw, "reload_key": key},
        headers={"x-forwarded-for": address},
    )


async def signed_in(accounts: Accounts, telegram_id: int = 42, **given: Any) -> dict[str, Any]:
    """Sign in; return the body, which must be there."""
    answer = await sign_in(accounts, telegram_id, **given)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def credits(accounts: Accounts, body: dict[str, Any]) -> int:
    """Return how many credits of `standard` whoever signed in has."""
    rows = (await accounts.balances(body["access_token"])).json()["balances"]
    return next(int(row["count"]) for row in rows if row["type"] == "standard")


def count(table: str) -> Script[int]:
    """Count a table's rows."""
    rows = yield Statement(f"select count(*) from {table}")
    number: int = rows[0][0]
    return number


async def test_the_answer_is_that_of_every_sign_in(accounts: Accounts) -> None:
    """TG-M2: tokens and a user, who is known and has no address; the trial is there at once."""
    answer = await sign_in(accounts)
    body = answer.json()
    assert answer.status_code == 200, body
    assert answer.headers["cache-control"] == "no-store"
    assert set(body) == {
        *("access_token", "refresh_token", "expires_in", "expires_at", "token_type"),
        *("user", "trial"),
    }
    assert body["user"] == {"id": body["user"]["id"], "email": None, "is_anonymous": False}
    assert body["trial"] == {"granted": True}
    assert await credits(accounts, body) == 20
    assert await accounts.database.read(verify()) == []


async def test_one_account_for_ever(accounts: Accounts) -> None:
    """TG-M2: identity is Telegram's number on this paywall, a year later too."""
    first = await signed_in(accounts)
    accounts.clock.move(days=400)
    again = await signed_in(accounts)
    other = await signed_in(accounts, 43)
    await set_bot(accounts, BOT, "pw_two")
    elsewhere = await signed_in(accounts, paywall_id="pw_two")
    ids = [body["user"]["id"] for body in (first, again, other, elsewhere)]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert await credits(accounts, again) == 20
    assert await accounts.database.read(count("grants")) == 3


async def test_many_launches_of_one_person_at_once(accounts: Accounts) -> None:
    """They make one account, with one trial."""
    raws = [launch(now_s(accounts), 42, query_id=str(number)) for number in range(16)]
    answers = await asyncio.gather(*(sign_in(accounts, raw=raw) for raw in raws))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["user"]["id"] for answer in answers}) == 1
    for table, rows in (("users", 1), ("grants", 1), ("sessions", 16), ("telegram_users", 1)):
        assert await accounts.database.read(count(table)) == rows
    assert await accounts.database.read(verify()) == []


async def test_data_in_the_header(accounts: Accounts) -> None:
    """As `Authorization: tma …`, the field's convention; a Bearer there is none."""
    for scheme, status in (("tma", 200), ("TMA", 200), ("Bearer", 400)):
        raw = launch(now_s(accounts), query_id=scheme)
        answer = await accounts.post(PATH, headers={"authorization": f"{scheme} {raw}"})
        assert answer.status_code == status, answer.text
    headers: Any = {"authorization": b"tma user=\xff"}
    assert refused(await accounts.post(PATH, headers=headers)) == (401, "init_data_invalid")


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"init_data": ""}, {"init_data": 7}, {"init_data": ["x"]}, {"init_data": None}),
        *({"init_data": "x", "reload_key": key} for key in ("k" * 21, "k" * 129, "é" * 22, 7)),
    ],
)
async def test_a_body_of_another_form(accounts: Accounts, body: Any) -> None:
    """400, before anything is looked at."""
    assert refused(await accounts.post(PATH, body)) == (400, "invalid_request")


async def test_what_is_not_good_is_refused_readably(accounts: Accounts) -> None:
    """TG-M3: forged, another bot's, of the future: one code; too old: another. Nothing is made."""
    now = now_s(accounts)
    forged = launch(now, token=f"{BOT_ID}:{'A' * 35}")
    for raw in (forged, "x", launch(now + 61), launch(now + 86_400), launch(now)[:-1]):
        assert refused(await sign_in(accounts, raw=raw)) == (401, "init_data_invalid")
    assert refused(await sign_in(accounts, raw=launch(now - 3601))) == (401, "init_data_expired")
    assert await accounts.database.read(count("users")) == 0


async def test_a_paywall_without_a_bot(accounts: Accounts) -> None:
    """TG-M11: nothing that anybody signed is good there, a mock's least of all."""
    for token in (TOKEN, MOCK_TOKEN):
        raw = launch(now_s(accounts), token=token)
        answer = await sign_in(accounts, raw=raw, paywall_id="pw_two")
        assert refused(answer) == (403, "telegram_disabled")
    await accounts.database.write(delete_bot("pw_one"))
    accounts.clock.move(seconds=3)
    assert refused(await sign_in(accounts)) == (403, "telegram_disabled")


async def test_without_counted_credits_there_is_nothing_to_sign_in_for(accounts: Accounts) -> None:
    """As with the anonymous sign-in."""
    await accounts.database.write(create_paywall(Paywall("pw_off", tokenization=False), 0))
    await set_bot(accounts, BOT, "pw_off")
    answer = await sign_in(accounts, paywall_id="pw_off")
    assert refused(answer) == (403, "telegram_disabled")


async def test_what_the_mock_signs_is_refused_by_every_other_bot(accounts: Accounts) -> None:
    """TG-M11: only where the mock's own token is set, in the test environment, it is good."""
    raw = launch(now_s(accounts), token=MOCK_TOKEN)
    assert refused(await sign_in(accounts, raw=raw)) == (401, "init_data_invalid")
    with pytest.raises(ValueError, match="everybody knows"):
        await set_bot(accounts, bot_of_token(Secret(MOCK_TOKEN)))
    await set_bot(accounts, bot_of_token(Secret(MOCK_TOKEN), test_environment=True))
    assert (await sign_in(accounts, raw=raw)).status_code == 200
    assert refused(await sign_in(accounts)) == (401, "init_data_invalid")


async def test_whoever_comes_from_the_test_environment_is_anonymous(accounts: Accounts) -> None:
    """TG-M11: anybody can be anybody there, so it is another account than the real person's."""
    known = await signed_in(accounts)
    await set_bot(accounts, bot_of_token(Secret(TOKEN), test_environment=True))
    nobody = await signed_in(accounts)
    assert nobody["user"]["id"] != known["user"]["id"]
    assert (known["user"]["is_anonymous"], nobody["user"]["is_anonymous"]) == (False, True)
    await set_bot(accounts, BOT)
    assert (await signed_in(accounts))["user"]["id"] == known["user"]["id"]


async def test_a_reload_brings_the_same_launch_and_its_key(accounts: Accounts) -> None:
    """It gets a session, and the one of before the reload, which nobody has any more, is over."""
    raw = launch(now_s(accounts))
    bodies = [await signed_in(accounts, raw=raw) for _ in range(3)]
    assert len({body["user"]["id"] for body in bodies}) == 1
    states = [(await accounts.balances(body["access_token"])).status_code for body in bodies]
    assert states == [401, 401, 200]
    assert refused(await accounts.refresh(bodies[0]["refresh_token"])) == (401, "invalid_token")
    assert (await accounts.refresh(bodies[2]["refresh_token"])).status_code == 200


@pytest.mark.parametrize("key", ["", OTHER_KEY])
async def test_a_second_party_ends_it_for_both(accounts: Accounts, key: str) -> None:
    """Nobody can say which of them is the person: the session is over, the launch worth nothing."""
    raw = launch(now_s(accounts))
    body = await signed_in(accounts, raw=raw)
    assert refused(await sign_in(accounts, raw=raw, key=key)) == (401, "init_data_used")
    assert (await accounts.balances(body["access_token"])).status_code == 401
    assert refused(await accounts.refresh(body["refresh_token"])) == (401, "invalid_token")
    assert refused(await sign_in(accounts, raw=raw)) == (401, "init_data_used")
    accounts.clock.move(seconds=1)
    assert (await signed_in(accounts))["user"]["id"] == body["user"]["id"]


async def test_without_a_reload_key_a_launch_is_good_once(accounts: Accounts) -> None:
    """There is nothing by which a reload could be told from a thief."""
    raw = launch(now_s(accounts))
    await signed_in(accounts, raw=raw, key="")
    assert refused(await sign_in(accounts, raw=raw, key="")) == (401, "init_data_used")


async def test_a_launch_that_came_twice_at_once(accounts: Accounts) -> None:
    """With its key both get a session, and one of them lives; without, one party at most does."""
    raw = launch(now_s(accounts))
    answers = await asyncio.gather(*(sign_in(accounts, raw=raw) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    accounts.clock.move(seconds=3)
    states = Counter(
        [(await accounts.balances(answer.json()["access_token"])).status_code for answer in answers]
    )
    assert states == {401: 7, 200: 1}
    raw = launch(now_s(accounts))
    keys = [f"{number:022d}" for number in range(8)]
    answers = await asyncio.gather(*(sign_in(accounts, raw=raw, key=key) for key in keys))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 7}


async def test_a_launch_is_remembered_as_long_as_it_is_good(accounts: Accounts) -> None:
    """To its last second it is not good for anybody else; then it is forgotten."""
    raw = launch(now_s(accounts))
    await signed_in(accounts, raw=raw)
    accounts.clock.move(seconds=3600)
    assert refused(await sign_in(accounts, raw=raw, key="")) == (401, "init_data_used")
    accounts.clock.move(seconds=1)
    assert refused(await sign_in(accounts, raw=raw)) == (401, "init_data_expired")
    assert await accounts.database.read(count("telegram_launches")) == 1
    accounts.clock.move(seconds=60)
    await signed_in(accounts, 43)
    assert await accounts.database.read(count("telegram_launches")) == 1


async def test_a_session_lasts_a_day_however_often_it_is_renewed(accounts: Accounts) -> None:
    """Whoever keeps the app open for longer opens it anew; access tokens do not outlive it."""
    body = await signed_in(accounts)
    assert body["expires_in"] == 900
    for _ in range(2):
        accounts.clock.move(seconds=12 * 3600 - 100)
        answer = await accounts.refresh(body["refresh_token"])
        assert answer.status_code == 200
        body = answer.json()
    assert body["expires_in"] == 200
    accounts.clock.move(seconds=200)
    assert refused(await accounts.refresh(body["refresh_token"])) == (401, "invalid_token")


async def test_a_page_of_another_origin_is_refused(accounts: Accounts) -> None:
    """Before its data are looked at."""
    await accounts.database.write(
        store_paywall(Paywall("pw_one", origins=("https://app.example",)))
    )
    accounts.clock.move(seconds=3)
    answer = await accounts.post(
        PATH, {"init_data": "x"}, headers={"origin": "https://evil.example"}
    )
    assert refused(answer) == (403, "origin_not_allowed")
    other = await accounts.post(PATH, {"init_data": "x"}, headers={"x-paywall-id": "pw_two"})
    assert refused(other) == (400, "paywall_mismatch")
    unknown = await accounts.client.post(f"{API}/pw_none/{PATH}", json={"init_data": "x"})
    assert refused(unknown) == (404, "paywall_not_found")


async def test_ten_new_accounts_of_an_address_and_the_11th_waits(tmp_path: Path) -> None:
    """Who is known is not kept out by the strangers behind the same address."""
    async with opened(tmp_path, address_sign_ins=LIMITS["ADDRESS_SIGN_INS"]) as accounts:
        for number in range(1, 11):
            await signed_in(accounts, number)
        answer = await sign_in(accounts, 11)
        assert refused(answer) == (429, "rate_limited")
        assert answer.json()["details"] == {"limit": "ADDRESS_SIGN_INS"}
        assert answer.headers["retry-after"] == "600"
        await signed_in(accounts, 11, address="198.51.100.2")
        accounts.clock.move(seconds=1)
        await signed_in(accounts, 7)
        assert await accounts.database.read(count("users")) == 11


async def test_twenty_sign_ins_of_a_person_in_ten_minutes(tmp_path: Path) -> None:
    """From wherever, reloads and second parties included; the 21st waits, nobody else does."""
    async with opened(tmp_path, user_sign_ins=LIMITS["USER_SIGN_INS"]) as accounts:
        raw = launch(now_s(accounts))
        for number in range(19):
            await signed_in(accounts, raw=raw, address=f"198.51.100.{number}")
        assert refused(await sign_in(accounts, raw=raw, key="")) == (401, "init_data_used")
        accounts.clock.move(seconds=10)
        answer = await sign_in(accounts)
        assert refused(answer) == (429, "rate_limited")
        assert answer.json()["details"] == {"limit": "USER_SIGN_INS"}
        assert answer.headers["retry-after"] == "590"
        await signed_in(accounts, 43)
        accounts.clock.move(seconds=590)
        await signed_in(accounts)


async def test_a_farm_of_accounts_gets_what_the_paywall_has_for_the_day(tmp_path: Path) -> None:
    """However many people are behind one address; whoever got nothing gets it on another day."""
    async with opened(tmp_path, paywall_trial_credits=45, address_trials=1) as accounts:
        said = [(await signed_in(accounts, number))["trial"] for number in (1, 2, 3)]
        assert said == [{"granted": True}] * 2 + [{"granted": False, "reason": "paywall"}]
        accounts.clock.move(seconds=60)
        assert (await signed_in(accounts, 3))["trial"]["granted"] is False
        accounts.clock.move(days=1)
        body = await signed_in(accounts, 3)
        assert (body["trial"], await credits(accounts, body)) == ({"granted": True}, 20)
        accounts.clock.move(days=2)
        assert await credits(accounts, await signed_in(accounts, 3)) == 20
        assert await accounts.database.read(count("grants")) == 3
        assert await accounts.database.read(verify()) == []


async def test_the_pages_of_an_origin_give_what_is_theirs(tmp_path: Path) -> None:
    """As with visitors who are anonymous; the same person gets it from another page."""
    async with opened(tmp_path, origin_trial_credits=25) as accounts:
        said = []
        for person, page in ((1, "a"), (2, "a"), (2, "b")):
            answer = await accounts.post(
                PATH,
                {"init_data": launch(now_s(accounts), person, query_id=page)},
                headers={"origin": f"https://{page}.example"},
            )
            said.append(answer.json()["trial"])
        given = {"granted": True}
        assert said == [given, {"granted": False, "reason": "origin"}, given]


async def test_an_address_gets_few_trials_of_the_test_environment(tmp_path: Path) -> None:
    """An account costs nothing there."""
    bot = bot_of_token(Secret(TOKEN), test_environment=True)
    async with opened(tmp_path, bot, address_trials=1) as accounts:
        assert (await signed_in(accounts, 1))["trial"] == {"granted": True}
        assert (await signed_in(accounts, 2))["trial"] == {"granted": False, "reason": "address"}


async def test_the_store_holds_neither_token_nor_launch_nor_name(
    accounts: Accounts, tmp_path: Path
) -> None:
    """Of a person it keeps Telegram's number alone; the bot's token stands there sealed."""
    raw = launch(now_s(accounts))
    body = await signed_in(accounts, raw=raw)
    stored = everything_stored(tmp_path)
    assert body["user"]["id"].encode() in stored
    for text in (TOKEN, TOKEN.partition(":")[2], raw, raw[-64:], KEY, "Zoë", "AAH-test"):
        assert text.encode() not in stored


async def test_two_gateways_make_one_account(tmp_path: Path) -> None:
    """Whichever of them is asked, and however many at once."""
    limits = Limits(**dict.fromkeys(OF_SIGN_INS))
    async with opened(tmp_path) as one, open_accounts(tmp_path, limits=limits) as other:
        other.clock.move(seconds=3)
        raws = [launch(now_s(one), 42, query_id=str(number)) for number in range(16)]
        answers = await asyncio.gather(
            *(sign_in((one, other)[number % 2], raw=raw) for number, raw in enumerate(raws))
        )
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["user"]["id"] for answer in answers}) == 1
        raw = launch(now_s(one), 43)
        answers = await asyncio.gather(
            *(sign_in((one, other)[n % 2], raw=raw, key=f"{n:022d}") for n in range(16))
        )
        assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 15}
        assert await one.database.read(count("grants")) == 2
        assert await one.database.read(verify(), snapshot=True) == []
