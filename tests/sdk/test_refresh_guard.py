"""A refresh that comes too late is thrown away, and a sign-out stays one."""

import asyncio

from tests.support.everywhere.contract import USUAL, Contract, json_answer, wait_for
from tests.support.everywhere.heard import HeardEvents
from tests.support.everywhere.pages import Page
from tests.support.everywhere.shared_storage import Shelf, WatchedView

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk import Session

KEY = "pw-pw_test-auth-v1"


class SlowView(WatchedView):
    """A storage that takes its time, once it is told to.

    Attributes:
        slow: Whether it waits before it writes.
        slow_read: Whether the next reading waits, and then says what was there before.
        working: Set when a writing or a reading waits.
        go_on: Lets it go on.
    """

    def __init__(self, shelf: Shelf) -> None:
        """Start quick."""
        super().__init__(shelf)
        self.slow = False
        self.slow_read = False
        self.working = asyncio.Event()
        self.go_on = asyncio.Event()

    async def get_item(self, key: str) -> "str | None":
        """Return the text under `key`, in time."""
        value = self._known.get(key)
        if self.slow_read:
            self.slow_read = False
            self.working.set()
            await self.go_on.wait()
        return value

    async def set_item(self, key: str, value: str) -> None:
        """Keep `value` under `key`, in time."""
        if self.slow:
            self.working.set()
            await self.go_on.wait()
        await super().set_item(key, value)


async def refreshing(page: Page, contract: Contract) -> "asyncio.Task[Session | None]":
    """Return a refresh that waits for the gateway's answer."""
    before = await contract.count("refresh")
    task = asyncio.create_task(page.auth.refresh())
    await contract.until("refresh", before + 1)
    return task


async def test_a_sign_out_in_another_tab_wins_over_a_refresh(
    page: Page, contract: Contract
) -> None:
    """Trap 16: the tokens that arrive after a sign-out elsewhere are thrown away."""
    shelf = Shelf()
    here, there = page.tab(shelf.view()), page.tab(shelf.view())
    await here.auth.sign_in_anonymously()
    await there.auth.ready()
    await contract.hold("refresh")
    late = await refreshing(here, contract)
    await there.auth.sign_out()
    await contract.release("refresh")
    assert await late is None
    assert here.auth.get_cached_session() is None
    assert KEY not in shelf.items


async def test_a_sign_in_in_another_tab_wins_over_a_refresh(page: Page, contract: Contract) -> None:
    """Tokens of a user who was replaced meanwhile are thrown away, and the newer one is taken."""
    shelf = Shelf()
    here, there = page.tab(shelf.view()), page.tab(shelf.view())
    await here.auth.sign_in_anonymously()
    tokens = {"access_token": "late", "refresh_token": "late", "expires_in": 900}
    await contract.answers("refresh", [wait_for("the other"), json_answer(tokens)], USUAL)
    late = await refreshing(here, contract)
    await there.auth.sign_out(forget_anonymous=True)
    await there.auth.sign_in_anonymously()
    await contract.go_on("the other")
    session = await late
    assert session is not None
    assert session.user is not None
    assert session.user.id == "user_2"
    assert "late" not in shelf.items[KEY]


async def test_a_sign_out_while_the_tokens_are_stored_wins(page: Page, contract: Contract) -> None:
    """Trap 16: what a slow storage writes after the sign-out is taken away again."""
    shelf = Shelf()
    storage = SlowView(shelf)
    shelf.views.append(storage)
    here = page.tab(storage)
    heard = HeardEvents()
    here.auth.on_auth_change(heard)
    await here.auth.sign_in_anonymously()
    storage.slow = True
    late = asyncio.create_task(here.auth.refresh())
    await storage.working.wait()
    await here.auth.sign_out()
    storage.go_on.set()
    assert await late is None
    assert here.auth.get_cached_session() is None
    assert KEY not in shelf.items
    assert heard.told == ["INITIAL_SESSION nobody", "SIGNED_IN user_1", "SIGNED_OUT nobody"]


async def test_what_others_do_while_the_tokens_are_stored_waits(page: Page) -> None:
    """What a storage holds before our own writing is done is no sign-out."""
    shelf = Shelf()
    storage = SlowView(shelf)
    here = page.tab(storage)
    heard = HeardEvents()
    here.auth.on_auth_change(heard)
    await here.auth.ready()
    storage.slow = True
    signing_in = asyncio.create_task(here.auth.sign_in_anonymously())
    await storage.working.wait()
    storage.learn()
    token = await here.auth.get_access_token()
    storage.go_on.set()
    session = await signing_in
    assert token == session.access_token
    assert await here.auth.refresh() is not None
    assert heard.told == [
        "INITIAL_SESSION nobody",
        "SIGNED_IN user_1",
        "TOKEN_REFRESHED user_1",
    ]


async def test_what_was_read_before_a_sign_in_is_not_taken_for_a_sign_out(
    page: Page, contract: Contract
) -> None:
    """A slow reading that ends after we wrote something newer is done again."""
    storage = SlowView(Shelf())
    here = page.tab(storage)
    heard = HeardEvents()
    here.auth.on_auth_change(heard)
    user = {"id": "user_0", "email": None, "is_anonymous": True}
    tokens = {"access_token": "mine", "refresh_token": "mine", "expires_in": 900, "user": user}
    await contract.answers("signin", [wait_for("the reading"), json_answer(tokens)])
    await contract.answers("refresh", [json_answer(tokens)])
    signing_in = asyncio.create_task(here.auth.sign_in_anonymously())
    await contract.until("signin")
    storage.slow_read = True
    storage.learn()
    await storage.working.wait()
    await contract.go_on("the reading")
    await signing_in
    storage.go_on.set()
    assert await here.auth.refresh() is not None
    assert heard.told[:2] == ["INITIAL_SESSION nobody", "SIGNED_IN user_0"]
    assert "SIGNED_OUT nobody" not in heard.told


async def test_a_late_view_of_a_sign_out_does_not_bring_the_session_back(
    page: Page, contract: Contract
) -> None:
    """Trap 16: browser processes learn of each other's writes late. In the end nobody is in.

    The refresh here still reads the session, and so stores its tokens after the sign-out.
    """
    shelf = Shelf(prompt=False)
    here, there = page.tab(shelf.watched_view()), page.tab(shelf.watched_view())
    await here.auth.sign_in_anonymously()
    shelf.views[1].learn()
    heard = HeardEvents()
    here.auth.on_auth_change(heard)
    await there.auth.ready()
    await contract.hold("refresh")
    late = await refreshing(here, contract)
    await there.auth.sign_out()
    await contract.release("refresh")
    await late
    shelf.views[1].learn()
    assert await there.auth.get_access_token() is None
    shelf.views[0].learn()
    await heard.until_last("SIGNED_OUT nobody")
    assert KEY not in shelf.items
    assert there.auth.get_cached_session() is None
    assert here.auth.get_cached_session() is None


async def test_two_tabs_past_the_end_keep_one_chain(page: Page, contract: Contract) -> None:
    """SPA-M4: two tabs whose tokens have ended trade one after the other, never the same twice."""
    shelf = Shelf()
    tabs = [page.tab(shelf.view()) for _ in range(2)]
    await tabs[0].auth.sign_in_anonymously()
    await tabs[1].auth.get_access_token()
    for _ in range(3):
        page.clock.move(seconds=900)
        for tab in tabs:
            assert await tab.auth.get_access_token() is not None
    requests = await contract.requests_to("refresh")
    sent = [request.body for request in requests]
    assert len(sent) == 7
    assert len(set(sent)) == 7


async def test_a_first_visit_in_two_tabs_ends_with_one_user(page: Page, contract: Contract) -> None:
    """Two tabs that make a visitor at the same time agree on who it is."""
    shelf = Shelf()
    slow, fast = page.tab(shelf.view()), page.tab(shelf.view())
    user = {"id": "user_0", "email": None, "is_anonymous": True}
    late = {"access_token": "late", "refresh_token": "late", "expires_in": 900, "user": user}
    await contract.answers("signin", [wait_for("the other"), json_answer(late)], USUAL)
    first = asyncio.create_task(slow.auth.sign_in_anonymously())
    await contract.until("signin")
    session = await fast.auth.sign_in_anonymously()
    await contract.go_on("the other")
    other = await first
    assert other.user is not None
    assert session.user is not None
    assert other.user.id == session.user.id == "user_1"
    assert other.access_token is not None
