"""What a server answers and tells of the session and the balances that live beside it."""

from tollbridge.sdk.remote.server import Kind
from tollbridge.sdk.session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk.auth import AuthClient
    from tollbridge.sdk.billing import BillingClient
    from tollbridge.sdk.remote.server import Line, Server
    from tollbridge.wire import Balance


class SessionKinds:
    """One `AuthClient` and one `BillingClient`, for everybody at the other ends.

    A token goes only to who asks `auth.get_access_token`; the refresh token goes nowhere.
    """

    def __init__(self, auth: "AuthClient", billing: "BillingClient") -> None:
        """Take the clients; they stay the caller's to close."""
        self._auth = auth
        self._billing = billing
        self._undo: list[Callable[[], None]] = []

    def kinds(self) -> "dict[str, Kind]":
        """Return what may be asked."""
        return {
            "auth.get_access_token": Kind(self._auth.get_access_token),
            "auth.refresh": Kind(self._refresh, refused=str),
            "auth.sign_in_anonymously": Kind(self._sign_in),
            "auth.sign_out": Kind(self._auth.sign_out, forget_anonymous=bool),
            "billing.get_balances": Kind(self._balances, force=bool),
            "billing.redeem_voucher": Kind(self._redeem, code=str),
        }

    def follow(self, server: "Server") -> None:
        """Tell every line of `server` what changes from now on."""
        self._undo = [
            self._auth.on_auth_change(lambda event, session: server.tell("auth", _told(session))),
            self._billing.on_balance_change(
                lambda balances: server.tell("balances", _rows(balances))
            ),
        ]

    def greet(self, server: "Server", line: "Line") -> None:
        """Tell a new line how things are."""
        server.tell("auth", _told(self._auth.get_cached_session()), only=line)
        balances = self._billing.get_cached_balances()
        if balances is not None:
            server.tell("balances", _rows(balances), only=line)

    def close(self) -> None:
        """Follow nothing any more."""
        while self._undo:
            self._undo.pop()()

    async def _refresh(self, *, refused: str) -> "dict[str, Any]":
        """Renew the tokens, unless the refused one was replaced since by somebody else's asking."""
        if not refused or await self._auth.get_access_token() == refused:
            return _told(await self._auth.refresh())
        return _told(self._auth.get_cached_session())

    async def _sign_in(self) -> "dict[str, Any]":
        return _told(await self._auth.sign_in_anonymously())

    async def _balances(self, *, force: bool) -> "list[dict[str, Any]]":
        return _rows(await self._billing.get_balances(force=force))

    async def _redeem(self, *, code: str) -> "dict[str, Any]":
        return (await self._billing.redeem_voucher(code)).to_json()


def _told(session: "Session | None") -> "dict[str, Any]":
    """What the other ends learn of a session: whose it is, and no token."""
    user = session.user if session is not None else None
    return {"signed_in": session is not None, "user": user.to_json() if user is not None else None}


def _rows(balances: "list[Balance]") -> "list[dict[str, Any]]":
    return [balance.to_json() for balance in balances]
