"""`AuthClient` and `BillingClient` of another context, with the same methods here."""

from tollbridge.sdk import platform
from tollbridge.sdk.errors import QuotaExceededError
from tollbridge.sdk.remote.failures import failure_from_json
from tollbridge.sdk.session import Session, User
from tollbridge.sdk.signals import Signal
from tollbridge.wire import Balance, read_balances

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk.remote.caller import Caller


class RemoteAuthClient:
    """The session of the other end.

    Give it to an `ApiGatewayClient` as its `auth`: the Bearer is the other end's, renewed there, so
    that two who find it refused renew it once.
    """

    def __init__(self, caller: "Caller") -> None:
        """Follow the other end from its next words on."""
        self._caller = caller
        self._session: Session | None = None
        self._last_token = ""
        self._undo = caller.on("auth", self._heard)

    def get_cached_session(self) -> "Session | None":
        """Return the session as it is known just now, without its tokens; None signed out."""
        return self._session

    def get_cached_user(self) -> "User | None":
        """Return the session's user; None where there is none."""
        return self._session.user if self._session is not None else None

    async def get_access_token(self) -> "str | None":
        """Return a token that is good for at least a minute, or None signed out.

        Raises:
            PaywallError: It had to be renewed and could not be.
        """
        token = await self._caller.ask("auth.get_access_token")
        self._last_token = token if isinstance(token, str) else ""
        return self._last_token or None

    async def refresh(self) -> "Session | None":
        """Renew the tokens and return the session; None where the gateway ended it.

        Nothing is renewed where the token that this context had last is not the other end's any
        more: somebody else has found it refused before.

        Raises:
            PaywallError: There was no answer, or none that says yes or no. The session stays.
        """
        self._heard(await self._caller.ask("auth.refresh", refused=self._last_token))
        return self._session

    async def sign_in_anonymously(self) -> Session:
        """Make sure that there is a session; see `AuthClient`.

        Raises:
            PaywallError: There is none. Nothing changed.
        """
        self._heard(await self._caller.ask("auth.sign_in_anonymously"))
        return self._session or _session_of(None)

    async def sign_out(self, forget_anonymous: bool = False) -> None:
        """End the session there, and with it everywhere; see `AuthClient`."""
        await self._caller.ask("auth.sign_out", forget_anonymous=forget_anonymous)

    async def aclose(self) -> None:
        """Follow nothing any more."""
        self._undo()

    def _heard(self, told: object) -> None:
        fields = told if isinstance(told, dict) else {}
        signed_in = fields.get("signed_in") is True
        self._session = _session_of(fields.get("user")) if signed_in else None


class RemoteBillingClient:
    """The balances of the other end.

    It makes no gateway client; `ApiGatewayClient(auth=…)` does, with a `RemoteAuthClient`.
    """

    def __init__(self, caller: "Caller") -> None:
        """Follow the other end from its next words on."""
        self._caller = caller
        self._shown = Signal(None)
        self._undo = caller.on("balances", self._heard)

    async def get_balances(self, *, force: bool = False) -> list[Balance]:
        """Return the balances; see `BillingClient`.

        Raises:
            PaywallError: They could not be read; the shown balances stay as they are.
        """
        self._heard(await self._caller.ask("billing.get_balances", force=force))
        return self.get_cached_balances() or []

    async def refresh_balances(self) -> list[Balance]:
        """Read the balances now; see `get_balances`."""
        return await self.get_balances(force=True)

    def get_cached_balances(self) -> "list[Balance] | None":
        """Return what the other end shows; None before it has said so."""
        shown = self._shown.get()
        return None if shown is None else list(shown)

    def on_balance_change(self, listener: "Callable[[list[Balance]], Any]") -> "Callable[[], None]":
        """Call `listener(balances)` whenever the balances change; returns the undo.

        What a listener raises is reported to the event loop; it costs nobody anything.
        """
        return self._shown.subscribe(lambda shown: platform.call_listener(listener, list(shown)))

    async def redeem_voucher(self, code: str) -> Balance:
        """Redeem a voucher; see `BillingClient`.

        Raises:
            PaywallError: As there.
        """
        return Balance.from_json(await self._caller.ask("billing.redeem_voucher", code=code))

    async def aclose(self) -> None:
        """Follow nothing any more."""
        self._undo()

    def _heard(self, rows: object) -> None:
        try:
            self._shown.set(read_balances(rows))
        except ValueError:
            return  # not what a server of ours says


class QuotaNews:
    """Tells of the 402s that calls of the other end met; `PaywallUI.attach` takes it."""

    def __init__(self, caller: "Caller") -> None:
        """Take who hears the other end."""
        self._caller = caller

    def on_quota(self, listener: "Callable[[QuotaExceededError], Any]") -> "Callable[[], None]":
        """Call `listener(error)` at every 402 from now on; returns the undo."""

        def heard(told: object) -> None:
            error = failure_from_json(told)
            if isinstance(error, QuotaExceededError):
                listener(error)

        return self._caller.on("quota", heard)


def _session_of(user: object) -> Session:
    """A session whose tokens stay at the other end."""
    return Session(None, "", 0, User.from_json(user))
