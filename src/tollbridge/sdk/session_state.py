"""The session as this tab has it, and its copy in storage, which the tabs of an origin share.

Storage is the truth. Whoever changes it tells the other tabs, and they read it again: the message
carries no session, only, after a sign-out, the name of the sign-in that is over. A session of that
name is never taken up again, whatever a late answer, a racing write or a stale reading says.

A client whose storage is memory tells nobody and listens to nobody: it shares nothing.
"""

from tollbridge.sdk import auth_events, platform, tabs
from tollbridge.sdk.auth_events import AuthEvents
from tollbridge.sdk.session_store import SessionStore
from tollbridge.sdk.single_flight import SingleFlight
from tollbridge.sdk.storage import MemoryStorage
from tollbridge.sdk.tabs import Tabs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tollbridge.sdk.session import Session
    from tollbridge.sdk.storage import Storage

# How many sign-ins are remembered as over. Whatever comes late comes within seconds.
_ENDED_MAX = 16
_ID_BYTES = 8


class SessionState:
    """The one writer of a tab's session.

    Attributes:
        current: The session as this tab knows it; None signed out, or before `ready`.
        events: Who is told of its changes.
        is_shared: Whether others than this client can read what is stored.
    """

    def __init__(self, storage: "Storage", paywall_id: str) -> None:
        """Take the storage; nothing is read yet."""
        self.current: Session | None = None
        self.events = AuthEvents(self.ready)
        self._kept = SessionStore(storage, paywall_id)
        self.is_shared = not isinstance(storage, MemoryStorage)
        self._tabs = Tabs(tabs.channel_name(paywall_id))
        self._undos: list[Callable[[], None]] = []
        self._loading = SingleFlight(self._load)
        self._following = SingleFlight(self._follow)
        self._loaded = False
        # Sign-ins that are over, oldest first, each with whether this tab ended it.
        self._ended: list[tuple[str, bool]] = []
        self._writing = 0  # how many of our own changes of the storage run just now
        self._written = 0  # how many are done
        self._stale = False

    async def ready(self) -> None:
        """Return once the stored session is loaded, and the other tabs are listened to."""
        if not self._loaded:
            await self._loading.run()
        self.events.open(self.current)

    async def stored(self) -> "Session | None":
        """Return the stored session, without an access token; None where there is none."""
        session = await self._kept.load()
        return None if session is None or self._is_over(session) else session

    async def stored_anonymous(self) -> "Session | None":
        """Return the last anonymous session, without an access token, or None."""
        return await self._kept.load_anonymous()

    async def forget_anonymous(self) -> None:
        """Forget the last anonymous session."""
        await self._kept.clear_anonymous()

    async def is_stored(self, session: "Session") -> bool:
        """Return whether the stored session has this one's refresh token."""
        stored = await self.stored()
        return stored is not None and stored.refresh_token == session.refresh_token

    async def adopt(self) -> "Session | None":
        """Return the session, or else one that another tab began."""
        if self.current is None:
            await self.follow()
        return self.current

    async def follow(self) -> None:
        """Make what is stored now this tab's session, and tell what that changes."""
        self._stale = True
        await self._following.run()

    async def begin(self, session: "Session", *, unless_stored: bool = False) -> "Session":
        """Take the tokens of a new sign-in.

        Args:
            session: The tokens.
            unless_stored: Where another tab was faster, take what that one stored instead: the tabs
                agree on one user.

        Returns:
            The session; another tab's has no access token yet.
        """
        other = await self.stored() if unless_stored else None
        if other is not None:
            self._become(other)
            return other
        session = session.begun_as(platform.random_hex(_ID_BYTES))
        self.current = session
        await self._save(session)
        self.events.emit(auth_events.SIGNED_IN, session)
        return session

    async def renew(self, sent: "Session", renewed: "Session") -> bool:
        """Take the tokens that a refresh brought, unless they came too late.

        Args:
            sent: The session whose refresh token was traded.
            renewed: What came back.

        Returns:
            False where somebody signed out meanwhile, or something newer is stored. The tokens are
            to be forgotten then, and what is stored is what counts.
        """
        if not await self.is_stored(sent) and not await self.is_stored(renewed):
            return False
        before, self.current = self.current, renewed
        await self._save(renewed)
        if self._is_over(renewed):  # the sign-out came while it was being stored
            await self._take_back(renewed)
            return False
        self._announce(before, renewed)
        return True

    async def end(self, *, forget_anonymous: bool) -> "Session | None":
        """Sign out, here and in every other tab.

        Returns:
            The session that there was.
        """
        before, self.current = self.current, None
        self._writing += 1
        try:
            self._remember_ended(before, here=True)
            stored = await self.stored()
            self._remember_ended(stored, here=True)
            await self._kept.clear()
            if forget_anonymous:
                await self._kept.clear_anonymous()
        finally:
            self._wrote()
        self._tell(before, stored)
        self._announce(before, None)
        return before or stored

    async def forget(self, refused: "Session") -> None:
        """Give up a session that the gateway ended, unless something else is stored by now."""
        if await self.is_stored(refused):
            self._remember_ended(refused, here=True)
            await self._write(self._kept.forget(refused))
            self._tell(refused)
        await self.follow()

    async def aclose(self) -> None:
        """Listen to the other tabs no more, and stop what still runs."""
        for flight in (self._loading, self._following):
            await flight.cancel()
        while self._undos:
            self._undos.pop()()
        self._tabs.close()

    async def _load(self) -> None:
        if self.is_shared and not self._undos:
            # First, so that no change falls between the reading and the listening.
            self._undos.append(self._tabs.subscribe(tabs.SESSION, self._heard))
            self._undos.append(self._kept.watch(self._changed_elsewhere))
            await self._tabs.opened()
        self.current = await self.stored()
        self._loaded = True
        if self._stale:
            self._following.start()

    def _heard(self, ended: object) -> None:
        """Another tab changed the session, and says which sign-ins are over: a list of names."""
        for sign_in_id in ended if isinstance(ended, list) else []:
            if isinstance(sign_in_id, str):
                self._remember(sign_in_id, here=False)
        self._changed_elsewhere()

    def _changed_elsewhere(self, *ignored: object) -> None:
        self._stale = True
        if self._loaded:
            self._following.start()

    async def _follow(self) -> None:
        """Read the stored session until nothing happened meanwhile, and take it over."""
        while self._stale and not self._writing:  # who writes has this done once it is written
            self._stale = False
            written = self._written
            stored = await self._kept.load()
            if self._writing or self._written != written:
                self._stale = True
            elif not self._stale:
                self._become(await self._unless_over(stored))

    async def _unless_over(self, stored: "Session | None") -> "Session | None":
        if stored is None or not self._is_over(stored):
            return stored
        if (stored.sign_in_id, True) in self._ended:
            # Another tab's refresh was stored a moment after our sign-out. Only who signed out may
            # take that away: for anybody else it may be the reading that is late.
            await self._kept.clear()
        return None

    def _become(self, stored: "Session | None") -> None:
        """Make the stored session this tab's, and tell what that changes."""
        before = self.current
        if before is not None and stored is not None and stored.is_users(before):
            stored = before.joined_by(stored)
        self.current = stored
        self._announce(before, stored)

    def _announce(self, before: "Session | None", now: "Session | None") -> None:
        """Tell what became of the session; nothing where nothing did."""
        if now is None:
            if before is not None:
                self.events.emit(auth_events.SIGNED_OUT, None)
        elif before is None or not now.is_users(before):
            self.events.emit(auth_events.SIGNED_IN, now)
        else:
            if now.has_other_tokens(before):
                self.events.emit(auth_events.TOKEN_REFRESHED, now)
            if now.user is not None and not now.user.is_like(before.user):
                self.events.emit(auth_events.USER_UPDATED, now)

    async def _save(self, session: "Session") -> None:
        await self._write(self._kept.save(session))
        self._tell()

    async def _take_back(self, saved: "Session") -> None:
        """Undo the saving of a session that is over."""
        stored = await self._kept.load()
        if stored is not None and stored.sign_in_id == saved.sign_in_id:
            await self._write(self._kept.clear())
            self._tell()
        if self.current is saved:
            self._become(None)

    async def _write(self, change: "Awaitable[None]") -> None:
        self._writing += 1
        try:
            await change
        finally:
            self._wrote()

    def _wrote(self) -> None:
        self._writing -= 1
        self._written += 1
        if self._stale and self._loaded and not self._writing:
            self._following.start()

    def _tell(self, *ended: "Session | None") -> None:
        if self.is_shared:
            self._tabs.post(tabs.SESSION, [s.sign_in_id for s in ended if s is not None])

    def _is_over(self, session: "Session") -> bool:
        return any(sign_in_id == session.sign_in_id for sign_in_id, _ in self._ended)

    def _remember_ended(self, session: "Session | None", *, here: bool) -> None:
        if session is not None:
            self._remember(session.sign_in_id, here=here)

    def _remember(self, sign_in_id: str, *, here: bool) -> None:
        if sign_in_id:
            self._ended.append((sign_in_id, here))
            self._ended = self._ended[-_ENDED_MAX:]
