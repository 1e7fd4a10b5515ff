"""Tells the other tabs of a user what the gateway said of his balances, and hears it from them.

Counts travel with their versions, so it does not matter which tab speaks first, or that two speak
at once. What another tab told is not told on.
"""

from tollbridge.sdk.tabs import BALANCES, Tabs, channel_name
from tollbridge.wire import read_balances

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.sdk.balances import BalanceStore
    from tollbridge.wire import Balance


class BalanceNews:
    """Keeps a balance store in step with those of the other tabs.

    Attributes:
        user_id: Whose balances the store holds; None while nobody is known, and nothing is told.
    """

    def __init__(
        self, paywall_id: str, store: "BalanceStore", read_anew: "Callable[[], None]"
    ) -> None:
        """Begin to tell and to hear.

        Args:
            paywall_id: The app; its tabs find each other by it.
            store: What hears, and whose `said` is told.
            read_anew: Starts a reading in the background.
        """
        self.user_id: str | None = None
        self._store = store
        self._read_anew = read_anew
        self._tabs = Tabs(channel_name(paywall_id))
        self._undos = [store.said.subscribe(self._tell), self._tabs.subscribe(BALANCES, self._hear)]

    def close(self) -> None:
        """Tell and hear nothing any more. Twice is harmless."""
        while self._undos:
            self._undos.pop()()
        self._tabs.close()

    def _tell(self, said: "list[Balance]") -> None:
        # Without versions the other side could not know which of two is the newer one.
        rows = [balance.to_json() for balance in said if balance.version]
        if rows and self.user_id is not None:
            self._tabs.post(BALANCES, {"user_id": self.user_id, "balances": rows})

    def _hear(self, value: object) -> None:
        if not isinstance(value, dict) or self.user_id is None:
            return
        if value.get("user_id") != self.user_id:
            return
        try:
            rows = read_balances(value.get("balances"))
        except ValueError:
            return  # another release's
        if not self._store.hear([row for row in rows if row.version]):
            self._read_anew()
