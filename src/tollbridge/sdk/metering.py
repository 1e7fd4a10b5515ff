"""What the answer of a metered call means for the balances. Pure, but for the reading it asks for.

An `ApiGatewayClient` tells its meter; `BillingClient.create_api_gateway_client` gives it one.
"""

from tollbridge.sdk.errors import whole_number
from tollbridge.wire import headers as names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.sdk.balances import BalanceStore
    from tollbridge.sdk.errors import QuotaExceededError
    from tollbridge.sdk.headers import Headers


class CallMeter:
    """Is told how one call ended. This one does not care; `Meter.begin` gives one that does."""

    def charged(self, headers: "Headers") -> None:
        """Take the headers of a 2xx answer."""

    def refused(self, error: "QuotaExceededError") -> None:
        """Take a 402."""

    def unsure(self) -> None:
        """Hear that the call ended without saying what it cost."""


class Meter:
    """Keeps a balance store in step with the calls."""

    def __init__(self, store: "BalanceStore", read_anew: "Callable[[], None]") -> None:
        """Take the store, and what starts a reading of the balances in the background."""
        self._store = store
        self._read_anew = read_anew

    def begin(self) -> CallMeter:
        """Return the meter of a call that is about to be sent."""
        return _StoreMeter(self._store, self._read_anew)


class _StoreMeter(CallMeter):
    def __init__(self, store: "BalanceStore", read_anew: "Callable[[], None]") -> None:
        self._store = store
        self._read_anew = read_anew
        self._user = store.user
        self._known = store.known()

    def charged(self, headers: "Headers") -> None:
        """Take what is left, or subtract what was charged, or ask.

        With a type, one credit went, and remaining and version say exactly what is left. Without a
        type only the gateway knows (a cost above one, or a charge yet to come).

        An answer that the gateway gives a second time says what was left at the first time; its
        version tells whether that is news. Without one it is not known whether the page counted it.
        """
        charged = whole_number(headers.get(names.CREDITS_CHARGED))
        if charged == 0:
            return
        query_type = headers.get(names.QUERY_TYPE)
        remaining = whole_number(headers.get(names.CREDITS_REMAINING))
        version = whole_number(headers.get(names.BALANCE_VERSION)) or 0
        replayed = headers.get(names.IDEMPOTENT_REPLAYED).lower() == "true"
        if not query_type or (replayed and not version) or self._is_anothers():
            self._read_anew()
            return
        if remaining is None or not version:
            is_known = self._store.charge(
                query_type, amount=charged or 1, version=version, since=self._known
            )
        else:
            is_known = self._store.settle(query_type, remaining=remaining, version=version)
        if not is_known:
            self._read_anew()

    def refused(self, error: "QuotaExceededError") -> None:
        """Take the balances that came with a 402 at once, and read them anew."""
        if error.balances and not self._is_anothers():
            self._store.refuse(error.balances, error.query_type)
        self._read_anew()

    def unsure(self) -> None:
        """Ask: only the gateway knows. What is pending stays subtracted until it has answered."""
        self._read_anew()

    def _is_anothers(self) -> bool:
        """Whether somebody else has signed in since: his counts are no business of this call's."""
        return self._user != self._store.user
