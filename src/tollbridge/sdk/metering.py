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


class Meter:
    """Keeps a balance store in step with the calls."""

    def __init__(self, store: "BalanceStore", read_anew: "Callable[[], None]") -> None:
        """Take the store, and what starts a reading of the balances in the background."""
        self._store = store
        self._read_anew = read_anew

    def charged(self, headers: "Headers") -> None:
        """Take the headers of a 2xx answer.

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
        version = whole_number(headers.get(names.BALANCE_VERSION))
        replayed = headers.get(names.IDEMPOTENT_REPLAYED).lower() == "true"
        if not query_type or (replayed and not version):
            self._read_anew()
        elif remaining is None or not version:
            self._store.spend(query_type, charged or 1)
        elif not self._store.settle(query_type, remaining=remaining, version=version):
            self._read_anew()

    def refused(self, error: "QuotaExceededError") -> None:
        """Take the balances that came with a 402 at once, and read them anew."""
        if error.balances:
            self._store.replace(error.balances, mark=self._store.mark())
        self._read_anew()

    def unsure(self) -> None:
        """A call ended without saying what it cost: only the gateway knows."""
        self._read_anew()
