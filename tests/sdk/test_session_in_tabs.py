"""A tab follows what the other tabs do to the session."""

import json

from tests.support.everywhere.contract import Contract
from tests.support.everywhere.heard import Heard, HeardEvents
from tests.support.everywhere.pages import Page
from tests.support.everywhere.shared_storage import Shelf
from tests.support.everywhere.testing import CPYTHON, except_on
from tollbridge.sdk.auth_events import USER_UPDATED
from tollbridge.sdk.storage import MemoryStorage
from tollbridge.sdk.tabs import SESSION, Tabs, channel_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk.storage import Storage

KEY = "pw-pw_test-auth-v1"


async def tab_of(page: Page, storage: "Storage") -> tuple[Page, HeardEvents]:
    """Return another tab that is up and listens, and what it hears from now on."""
    tab = page.tab(storage)
    heard = HeardEvents()
    tab.auth.on_auth_change(heard)
    await tab.auth.ready()
    heard.told.clear()
    return tab, heard


async def test_a_sign_in_elsewhere_is_followed(page: Page, contract: Contract) -> None:
    """SPA-M4: who signs in here is signed in in every tab, without another request."""
    shelf = Shelf()
    here, at_here = await tab_of(page, shelf.view())
    there, at_there = await tab_of(page, shelf.view())
    await here.auth.sign_in_anonymously()
    await at_there.until("SIGNED_IN user_1")
    session = there.auth.get_cached_session()
    assert session is not None
    assert session.refresh_token == "refresh_1"
    assert session.access_token is None
    assert at_here.told == ["SIGNED_IN user_1"]
    assert await contract.count() == 1


async def test_a_sign_out_elsewhere_is_followed(page: Page, contract: Contract) -> None:
    """SPA-M4: a sign-out in one tab signs the others out, and nobody gets a token any more."""
    shelf = Shelf()
    here, _ = await tab_of(page, shelf.view())
    there, at_there = await tab_of(page, shelf.view())
    await here.auth.sign_in_anonymously()
    await at_there.until("SIGNED_IN user_1")
    assert await there.auth.get_access_token() is not None
    await here.auth.sign_out()
    await at_there.until("SIGNED_IN user_1", "TOKEN_REFRESHED user_1", "SIGNED_OUT nobody")
    assert there.auth.get_cached_session() is None
    assert await there.auth.get_access_token() is None


async def test_tokens_renewed_elsewhere_are_followed(page: Page, contract: Contract) -> None:
    """The next refresh here trades the newest token, and the access token here is good on."""
    shelf = Shelf()
    here, at_here = await tab_of(page, shelf.view())
    there, at_there = await tab_of(page, shelf.view())
    await here.auth.sign_in_anonymously()
    await at_there.until("SIGNED_IN user_1")
    assert await there.auth.refresh() is not None
    await at_here.until("SIGNED_IN user_1", "TOKEN_REFRESHED user_1")
    session = here.auth.get_cached_session()
    assert session is not None
    assert session.refresh_token == "refresh_2"
    assert await here.auth.get_access_token() == "access_1"
    assert await contract.count("refresh") == 1


async def test_another_user_elsewhere_is_a_sign_in(page: Page) -> None:
    """When another tab becomes somebody else, so does this one."""
    shelf = Shelf()
    here, _ = await tab_of(page, shelf.view())
    await here.auth.sign_in_anonymously()
    _, at_there = await tab_of(page, shelf.view())
    await here.auth.sign_out(forget_anonymous=True)
    await at_there.until("SIGNED_OUT nobody")
    await here.auth.sign_in_anonymously()
    await at_there.until("SIGNED_OUT nobody", "SIGNED_IN user_2")


async def test_a_user_who_changed_elsewhere_is_followed(page: Page) -> None:
    """The same user under the same tokens, with other fields: `USER_UPDATED`, and no more."""
    shelf = Shelf()
    here, _ = await tab_of(page, shelf.view())
    await here.auth.sign_in_anonymously()
    there, at_there = await tab_of(page, shelf.watched_view())
    stored = json.loads(shelf.items[KEY])
    stored["user"]["email"] = "a@example.com"
    await shelf.view().set_item(KEY, json.dumps(stored))
    await at_there.until(f"{USER_UPDATED} user_1")
    user = there.auth.get_cached_user()
    assert user is not None
    assert user.email == "a@example.com"


async def test_ones_own_changes_are_no_news(page: Page) -> None:
    """A storage that tells of every change, also of one's own, makes no event twice."""
    shelf = Shelf()
    storage = shelf.watched_view()
    here, at_here = await tab_of(page, storage)
    for _ in range(2):
        await here.auth.sign_in_anonymously()
        storage.learn()
        await here.auth.refresh()
        storage.learn()
        await here.auth.sign_out()
        storage.learn()
    # A last change of another tab's comes after whatever the others set off.
    there, _ = await tab_of(page, shelf.watched_view())
    await there.auth.sign_in_anonymously()
    once = ["SIGNED_IN user_1", "TOKEN_REFRESHED user_1", "SIGNED_OUT nobody"]
    await at_here.until(*once, *once, "SIGNED_IN user_1")


async def test_memory_is_nobody_elses(page: Page) -> None:
    """SPA-M3: a client that keeps its session in memory tells no tab, and follows none."""
    shelf = Shelf()
    here, at_here = await tab_of(page, shelf.view())
    alone, at_alone = await tab_of(page, MemoryStorage())
    await alone.auth.sign_in_anonymously()
    await here.auth.sign_in_anonymously()
    await here.auth.sign_out()
    assert at_alone.told == ["SIGNED_IN user_1"]
    assert at_here.told == ["SIGNED_IN user_2", "SIGNED_OUT nobody"]
    assert alone.auth.get_cached_session() is not None


async def test_a_closed_client_hears_nothing(page: Page) -> None:
    """After `aclose` the other tabs are nobody's concern."""
    shelf = Shelf()
    closed, at_closed = await tab_of(page, shelf.view())
    here, _ = await tab_of(page, shelf.view())
    _, at_there = await tab_of(page, shelf.view())
    await closed.auth.aclose()
    await here.auth.sign_in_anonymously()
    await at_there.until("SIGNED_IN user_1")
    assert at_closed.told == []


@except_on(CPYTHON, because="there is no BroadcastChannel, so nothing travels over one")
async def test_no_token_travels_between_tabs(page: Page) -> None:
    """What is told is that something changed, and which sign-in is over; the rest is storage."""
    line = Tabs(channel_name("pw_test"))
    said = Heard()
    line.subscribe(SESSION, said)
    await line.opened()
    shelf = Shelf()
    here, _ = await tab_of(page, shelf.view())
    await here.auth.sign_in_anonymously()
    await here.auth.refresh()
    sign_in_id = json.loads(shelf.items[KEY])["sign_in_id"]
    await here.auth.sign_out()
    await said.until([], [], [sign_in_id])
    line.close()


@except_on(CPYTHON, because="there is no BroadcastChannel, so it is the storage that tells")
async def test_a_sign_out_is_heard_before_it_can_be_read(page: Page) -> None:
    """Where a message is faster than the storage, what is still read is not believed.

    Nor is it taken away: by then something newer may stand there.
    """
    shelf = Shelf(prompt=False)
    here, _ = await tab_of(page, shelf.watched_view())
    await here.auth.sign_in_anonymously()
    late = shelf.watched_view()
    there, at_there = await tab_of(page, late)
    await here.auth.sign_out()
    await at_there.until("SIGNED_OUT nobody")
    await here.auth.sign_in_anonymously()
    kept = shelf.items[KEY]
    assert await there.auth.get_access_token() is None
    assert shelf.items[KEY] == kept
    late.learn()
    await at_there.until("SIGNED_OUT nobody", "SIGNED_IN user_1")


@except_on(CPYTHON, because="there is no BroadcastChannel, so nobody can say nonsense over it")
async def test_nonsense_from_another_tab_changes_nothing(page: Page) -> None:
    """Whatever the message, the storage is read and believed."""
    shelf = Shelf()
    here, at_here = await tab_of(page, shelf.view())
    await here.auth.sign_in_anonymously()
    line = Tabs(channel_name("pw_test"))
    for nonsense in (None, 5, "SIGNED_OUT", {"user": 1}, [None, 5, "", "somebody's"]):
        line.post(SESSION, nonsense)
    there, _ = await tab_of(page, shelf.view())
    await there.auth.refresh()
    await at_here.until("SIGNED_IN user_1", "TOKEN_REFRESHED user_1")
    line.close()
