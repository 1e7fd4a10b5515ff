"""Storage keeps text, where the option `storage` says."""

from tests.support.everywhere.contract import Contract
from tests.support.everywhere.heard import HeardEvents
from tests.support.everywhere.interpreter import js
from tests.support.everywhere.pages import START_S, Page
from tests.support.everywhere.shared_storage import Shelf
from tests.support.everywhere.testing import CPYTHON, UNDER_NODE, cases, except_on, raises
from tollbridge.sdk import AuthClient, ConfigError
from tollbridge.sdk.storage import LocalStorage, MemoryStorage, choose_storage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.sdk.transport import Transport

WORKERS = ("pyodide-worker", "micropython-worker")
PAGES = ("pyodide-page", "micropython-page")
ONLY_IN_A_PAGE = "only a page has localStorage; it is refused or done without here, as said below"
NOT_IN_A_PAGE = "a page has localStorage, and takes it, as said above"

KEY = "pw-pw_test-auth-v1"


async def test_memory_keeps_and_forgets() -> None:
    """What is set is there until it is removed; removing nothing is harmless."""
    storage = MemoryStorage()
    assert await storage.get_item("a") is None
    await storage.set_item("a", "1")
    await storage.set_item("a", "2")
    assert await storage.get_item("a") == "2"
    await storage.remove_item("a")
    await storage.remove_item("a")
    assert await storage.get_item("a") is None


@except_on(CPYTHON, *UNDER_NODE, *WORKERS, because=ONLY_IN_A_PAGE)
@cases("choice", [None, "auto", "local"])
async def test_a_page_keeps_its_session_in_local_storage(
    page: Page, origin: str, choice: "str | None"
) -> None:
    """SPA-M3: mode B, the default: the refresh token is in localStorage, the other in memory."""
    auth = AuthClient(paywall_id="pw_test", api_origin=origin, storage=choice)
    session = await auth.sign_in_anonymously()
    kept = str(js.localStorage.getItem(KEY))
    assert session.refresh_token in kept
    assert str(session.access_token) not in kept
    await auth.sign_out(forget_anonymous=True)
    await auth.aclose()
    assert js.localStorage.length == 0


@except_on(CPYTHON, *UNDER_NODE, *WORKERS, because=ONLY_IN_A_PAGE)
async def test_two_clients_of_a_page_follow_each_other(page: Page) -> None:
    """Two copies of the SDK on one page are as two tabs."""
    here, there = page.tab(LocalStorage()), page.tab(LocalStorage())
    heard = HeardEvents()
    there.auth.on_auth_change(heard)
    await there.auth.ready()
    await here.auth.sign_in_anonymously()
    await heard.until("INITIAL_SESSION nobody", "SIGNED_IN user_1")
    await here.auth.sign_out(forget_anonymous=True)
    await heard.until_last("SIGNED_OUT nobody")


@except_on(*PAGES, because=NOT_IN_A_PAGE)
async def test_elsewhere_it_is_memory_of_ones_own() -> None:
    """A server and a worker have no localStorage; two clients there share nothing."""
    one, other = choose_storage("auto"), choose_storage(None)
    await one.set_item("key", "visitor")
    assert await other.get_item("key") is None
    assert isinstance(one, MemoryStorage)


@except_on(*PAGES, because=NOT_IN_A_PAGE)
def test_local_is_refused_where_there_is_none() -> None:
    """Who asks for what cannot be hears of it at once."""
    with raises(ConfigError, says="needs the localStorage of a page") as caught:
        AuthClient(paywall_id="pw_test", api_origin="https://gateway.test", storage="local")
    assert caught.value.code == "invalid_config"


async def test_memory_leaves_nothing_behind(page: Page, transport: "Transport") -> None:
    """SPA-M3: mode C: neither token is anywhere but in the client."""
    one, other = [
        AuthClient(
            paywall_id="pw_test", api_origin=page.origin, storage="memory", transport=transport
        )
        for _ in range(2)
    ]
    await one.sign_in_anonymously()
    await other.ready()
    assert other.get_cached_session() is None
    assert await choose_storage("auto").get_item(KEY) is None
    for client in (one, other):
        await client.aclose()


async def test_a_storage_of_ones_own_is_used(page: Page, contract: Contract) -> None:
    """Any object with the three methods will do, and SPA-M7: who is in is known without asking."""
    shelf = Shelf()
    await page.tab(shelf.view()).auth.sign_in_anonymously()
    asked = await contract.count()
    later = page.tab(shelf.view())
    heard = HeardEvents()
    later.auth.on_auth_change(heard)
    await later.auth.ready()
    assert heard.told == ["INITIAL_SESSION user_1"]
    session = later.auth.get_cached_session()
    assert session is not None
    assert (session.refresh_token, session.access_token) == ("refresh_1", None)
    assert session.expires_at < START_S
    assert await contract.count() == asked


@cases(
    ("choice", "says"),
    [
        ("session", "must be 'auto', 'local', 'memory' or an object"),
        ("", "must be 'auto', 'local', 'memory' or an object"),
        ({}, "storage must have get_item()"),
        (False, "storage must have get_item()"),
    ],
)
def test_what_is_no_storage_is_refused(choice: "Any", says: str) -> None:
    """A word that is no choice, and an object that cannot keep anything."""
    with raises(ConfigError, says=says):
        AuthClient(paywall_id="pw_test", api_origin="https://gateway.test", storage=choice)
