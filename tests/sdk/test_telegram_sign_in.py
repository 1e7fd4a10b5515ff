"""Who opens a Mini App is signed in by what Telegram says, once per launch."""

import asyncio
import json

from tests.support.everywhere.contract import PAYWALL, Contract, json_answer, refusal
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import cases, raises
from tollbridge.sdk import AuthClient, ConfigError, NetworkError, PaywallError, SessionError

KEY = "k" * 22


async def test_the_launch_is_exchanged_for_a_session(page: Page, contract: Contract) -> None:
    """TG-M2: the user is known; the data go as they are, with the key, and nowhere else."""
    session = await page.auth.sign_in_with_telegram("ann", reload_key=KEY)
    assert session.user is not None
    assert (session.user.id, session.user.is_anonymous) == ("user_of_ann", False)
    assert page.auth.get_cached_session() is session
    (sent,) = await contract.requests_to("signin")
    assert sent.address == f"/api/v1/paywall/{PAYWALL}/auth/telegram/signin"
    assert json.loads(sent.body) == {"init_data": "ann", "reload_key": KEY}
    assert await page.auth.get_access_token() == session.access_token
    assert page.shown == [] or page.shown == [20]


async def test_without_a_key_none_is_sent(page: Page, contract: Contract) -> None:
    """The gateway then takes the launch once."""
    await page.auth.sign_in_with_telegram("ann")
    (sent,) = await contract.requests_to("signin")
    assert json.loads(sent.body) == {"init_data": "ann"}


async def test_the_same_launch_again_sends_nothing(page: Page, contract: Contract) -> None:
    """It is asked for before every message, and free while there is a session."""
    first = await page.auth.sign_in_with_telegram("ann", reload_key=KEY)
    assert await page.auth.sign_in_with_telegram("ann", reload_key=KEY) is first
    assert await contract.count("signin") == 1
    assert await contract.count("refresh") == 0


async def test_callers_at_once_share_one_sign_in(page: Page, contract: Contract) -> None:
    """The chat and the counter both need a session when the app opens."""
    one, other = await asyncio.gather(
        page.auth.sign_in_with_telegram("ann"), page.auth.sign_in_with_telegram("ann")
    )
    assert one is other
    assert await contract.count("signin") == 1


async def test_an_old_token_is_renewed_by_a_refresh(page: Page, contract: Contract) -> None:
    """The launch may be too old by then; the refresh token in memory is not."""
    await page.auth.sign_in_with_telegram("ann")
    page.clock.move(seconds=901)
    session = await page.auth.sign_in_with_telegram("ann")
    assert session.user is not None
    assert session.user.id == "user_of_ann"
    assert (await contract.count("signin"), await contract.count("refresh")) == (1, 1)


async def test_a_session_that_is_over_is_begun_anew_by_the_launch(
    page: Page, contract: Contract
) -> None:
    """While it is fresh, that is enough; nobody has to do anything."""
    await page.auth.sign_in_with_telegram("ann")
    await contract.end_sessions()
    page.clock.move(seconds=901)
    session = await page.auth.sign_in_with_telegram("ann")
    assert session.user is not None
    assert session.user.id == "user_of_ann"
    assert await contract.count("signin") == 2


@cases("code", ["init_data_expired", "init_data_used", "init_data_invalid"])
async def test_a_launch_that_is_not_good(page: Page, contract: Contract, code: str) -> None:
    """TG-M10: the error's code says whether opening the app again helps; nobody is signed in."""
    await contract.answers("signin", [refusal(code)])
    with raises(SessionError) as caught:
        await page.auth.sign_in_with_telegram("ann")
    assert caught.value.code == code
    assert page.auth.get_cached_session() is None


@cases(("answer", "error"), [([refusal("telegram_disabled")], PaywallError), ([], NetworkError)])
async def test_a_sign_in_that_fails_can_be_tried_again(
    page: Page, contract: Contract, answer: list, error: type
) -> None:
    """With the same launch; a lost answer too, because the key says that it is the same page."""
    await contract.answers("signin", answer or [["hang_up"]], [["usual"]])
    with raises(error):
        await page.auth.sign_in_with_telegram("ann", reload_key=KEY)
    assert (await page.auth.sign_in_with_telegram("ann", reload_key=KEY)).user is not None


async def test_another_launch_is_another_sign_in(page: Page, contract: Contract) -> None:
    """Somebody else may hold the device by then; nobody sees the first one's credits."""
    await page.auth.sign_in_with_telegram("ann")
    session = await page.auth.sign_in_with_telegram("bob")
    assert session.user is not None
    assert session.user.id == "user_of_bob"
    cached = page.auth.get_cached_user()
    assert cached is not None
    assert cached.id == "user_of_bob"


async def test_an_anonymous_session_gives_way(page: Page, contract: Contract) -> None:
    """A launch says who it is; that somebody was nobody before does not matter."""
    await page.auth.sign_in_anonymously()
    session = await page.auth.sign_in_with_telegram("ann")
    assert not session.is_anonymous


@cases("wrong", ["", None, 7, b"x"])
async def test_what_is_no_launch(page: Page, contract: Contract, wrong: object) -> None:
    """Refused at once, in words that help, and not shown."""
    with raises(ConfigError, says="init_data"):
        await page.auth.sign_in_with_telegram(wrong)  # type: ignore[arg-type]
    with raises(ConfigError, says="reload_key"):
        await page.auth.sign_in_with_telegram("ann", reload_key=7)  # type: ignore[arg-type]
    assert await contract.count() == 0


class Shelf:
    """A storage that others can read."""

    async def get_item(self, key: str) -> "str | None":
        """Have nothing."""
        return None

    async def set_item(self, key: str, value: str) -> None:
        """Must not be asked to."""
        raise AssertionError("a token of Telegram's was stored")

    async def remove_item(self, key: str) -> None:
        """Have nothing to remove."""


async def test_its_refresh_token_is_in_memory_only(page: Page, contract: Contract) -> None:
    """A client that stores elsewhere is a mistake, said before anything is sent."""
    auth = AuthClient(
        paywall_id=PAYWALL, api_origin=page.origin, transport=page.transport, storage=Shelf()
    )
    with raises(ConfigError, says="storage='memory'"):
        await auth.sign_in_with_telegram("ann")
    assert await contract.count() == 0
    await auth.aclose()


async def test_why_there_were_no_trial_credits(page: Page, contract: Contract) -> None:
    """The page says so in place of its promise of them."""
    answer = {
        "access_token": "a",
        "refresh_token": "r",
        "expires_in": 900,
        "user": {"id": "user_1", "email": None, "is_anonymous": False},
        "trial": {"granted": False, "reason": "paywall"},
    }
    await contract.answers("signin", [json_answer(answer)])
    session = await page.auth.sign_in_with_telegram("ann")
    assert session.user is not None
    assert session.user.no_trial == "paywall"
