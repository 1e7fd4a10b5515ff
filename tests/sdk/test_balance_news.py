"""What one tab hears of the balances the others show, without a request of their own."""

from tests.support.everywhere.contract import PAYWALL, PROVIDER, Contract
from tests.support.everywhere.heard import Heard
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import CPYTHON, except_on, raises
from tollbridge.sdk import QuotaExceededError
from tollbridge.sdk.tabs import BALANCES, Tabs, channel_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NO_CHANNEL = "there is no BroadcastChannel, so there is nobody to tell"


async def two_tabs(page: Page) -> Page:
    """Have two tabs of one user show 20; return the second one."""
    other = page.tab(page.storage)
    other.watch()
    await page.billing.get_balances()
    await other.billing.get_balances()
    return other


async def eavesdrop() -> tuple[Tabs, Heard]:
    """Return a line of the tabs' name, and what is told on it about balances."""
    line, heard = Tabs(channel_name(PAYWALL)), Heard()
    line.subscribe(BALANCES, heard)
    await line.opened()
    return line, heard


def news(count: int, version: int, user: str = "user_1") -> "dict[str, Any]":
    """Return what a tab tells."""
    row = {"type": "standard", "count": count, "version": version, "granted": 20}
    return {"user_id": user, "balances": [row]}


@except_on(CPYTHON, because=NO_CHANNEL)
async def test_a_charge_here_lowers_the_counter_there(signed_in: Page, contract: Contract) -> None:
    """The other tab falls as soon as the answer is here, and asks nobody."""
    other = await two_tabs(signed_in)
    before = await contract.count("balances")
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    await other.until_shown(20, 19)
    await (await other.gateway.call(provider_id=PROVIDER)).bytes()
    await signed_in.until_shown(20, 19, 18)
    assert await contract.count("balances") == before


@except_on(CPYTHON, because=NO_CHANNEL)
async def test_a_reading_here_is_news_there(signed_in: Page, contract: Contract) -> None:
    """Credits that were given show in every tab as soon as one of them asked; so does a 402."""
    other = await two_tabs(signed_in)
    await contract.change(+5)
    before = await contract.count("balances")
    await signed_in.billing.refresh_balances()
    await other.until_shown(20, 25)
    assert await contract.count("balances") == before + 1
    await contract.change(-25)
    with raises(QuotaExceededError):
        await signed_in.gateway.call(provider_id=PROVIDER)
    await other.until_shown(20, 25, 0)


@except_on(CPYTHON, because=NO_CHANNEL)
async def test_what_is_heard_is_not_told_on(signed_in: Page) -> None:
    """A charge is told once, by the tab that made it; what changed nothing is not told at all."""
    other = await two_tabs(signed_in)
    line, heard = await eavesdrop()
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    await other.until_shown(20, 19)
    await signed_in.billing.refresh_balances()
    await (await other.gateway.call(provider_id=PROVIDER)).bytes()
    await signed_in.until_shown(20, 19, 18)
    await heard.until(news(19, 2), news(18, 3))
    line.close()


@except_on(CPYTHON, because=NO_CHANNEL)
async def test_only_a_newer_version_of_the_same_user_counts(signed_in: Page) -> None:
    """Old news, another user's, those without a version, and what is no news at all: nothing."""
    await signed_in.billing.get_balances()
    line, _ = await eavesdrop()
    ignored: list[Any] = [
        news(3, 1),
        news(4, 9, user="user_2"),
        news(5, 0),
        news(6, 9, user=""),
        {"user_id": "user_1", "balances": [{"type": "standard", "count": "7", "version": 9}]},
        {"user_id": "user_1"},
        ["user_1"],
        None,
    ]
    for value in ignored:
        line.post(BALANCES, value)
    line.post(BALANCES, news(15, 2))
    await signed_in.until_shown(20, 15)
    line.close()


@except_on(CPYTHON, because=NO_CHANNEL)
async def test_a_type_that_is_new_here_comes_with_the_news(
    signed_in: Page, contract: Contract
) -> None:
    """The other tab shows it too, with what was granted."""
    other = await two_tabs(signed_in)
    await contract.give("user_1", "advanced", 4, 7, 5)
    await contract.change(-1)
    await signed_in.billing.refresh_balances()
    await other.until_shown(20, 19)
    cached = other.billing.get_cached_balances()
    assert cached == signed_in.billing.get_cached_balances()
    assert cached is not None
    assert len(cached) == 2


@except_on(CPYTHON, because=NO_CHANNEL)
async def test_a_closed_client_neither_tells_nor_hears(signed_in: Page) -> None:
    """After `aclose` its counter stands still, and nobody hears of it."""
    other = await two_tabs(signed_in)
    line, heard = await eavesdrop()
    await other.billing.aclose()
    other.billing.decrement_balance_local("standard")
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    await heard.until(news(19, 2))
    line.post(BALANCES, news(18, 3))
    await signed_in.until_shown(20, 19, 18)
    assert other.shown == [20, 19]
    line.close()


async def test_without_versions_nothing_is_told(page: Page, contract: Contract) -> None:
    """Where no version says which is newer, each tab goes by its own readings."""
    await contract.forgets_versions()
    await contract.says_of_charges("type_only")
    await page.auth.sign_in_anonymously()
    other = await two_tabs(page)
    line, heard = await eavesdrop()
    await (await page.gateway.call(provider_id=PROVIDER)).bytes()
    assert page.shown == [20, 19]
    await page.billing.refresh_balances()
    assert (other.shown, heard.told) == ([20], [])
    await other.billing.refresh_balances()
    assert other.shown == [20, 19]
    line.close()
