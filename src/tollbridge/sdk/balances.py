"""The balances as this page knows them: what the gateway said, less what was spent since. Pure.

The gateway numbers every change of a user's row of a query type (`version`). Per type the highest
version wins, so an answer that was overtaken on its way never makes a counter jump back. A gateway
without versions says 0 everywhere; what is spent then stays subtracted until a snapshot that was
asked for afterwards.
"""

from tollbridge.sdk.signals import Signal
from tollbridge.wire import Balance


class BalanceStore:
    """The one writer of the shown balances.

    Attributes:
        shown: A signal: the list of `Balance` to show, None while nothing was ever loaded.
    """

    def __init__(self) -> None:
        """Start with nothing loaded."""
        self.shown = Signal(None)
        self._known: dict[str, Balance] = {}
        self._order: list[str] = []
        # (number, type, amount) of what was spent here and is in no snapshot yet.
        self._pending: list[tuple[int, str, int]] = []
        self._spent_so_far = 0
        self._loaded = False

    def mark(self) -> int:
        """Return a mark to be taken when balances are asked for, and given to `replace`."""
        return self._spent_so_far

    def replace(self, balances: list[Balance], *, mark: int) -> None:
        """Take a whole answer of the gateway's.

        Args:
            balances: Every balance of the user.
            mark: What `mark()` said when the answer was asked for; what was spent since then is
                not in it.
        """
        known = {}
        for balance in balances:
            earlier = self._known.get(balance.type, balance)
            known[balance.type] = balance if balance.version >= earlier.version else earlier
        self._known = known
        self._order = [balance.type for balance in balances]
        self._pending = [spent for spent in self._pending if spent[0] > mark]
        self._loaded = True
        self._show()

    def settle(self, query_type: str, *, remaining: int, version: int) -> bool:
        """Take what the headers of a charged answer say about one type.

        Returns:
            False where a list is on show and lacks the type, so that it should be read anew.
        """
        earlier = self._known.get(query_type)
        if earlier is None or version > earlier.version:
            granted = earlier.granted if earlier else 0
            self._known[query_type] = Balance(query_type, remaining, version, granted)
            self._pending = [spent for spent in self._pending if spent[1] != query_type]
        self._show()
        return query_type in self._order or not self._loaded

    def spend(self, query_type: str, amount: int = 1) -> None:
        """Subtract credits that no version covers; an unknown type or an empty one stays."""
        balance = self._known.get(query_type)
        if query_type not in self._order or balance is None or self._left(balance) <= 0:
            return
        self._spent_so_far += 1
        self._pending.append((self._spent_so_far, query_type, amount))
        self._show()

    def reset(self, shown: "list[Balance] | None") -> None:
        """Forget everything: another user (None), or none at all ([])."""
        self._known = {}
        self._order = []
        self._pending = []
        self._loaded = shown is not None
        self.shown.set(shown)

    def _left(self, balance: Balance) -> int:
        spent = sum([amount for _, type, amount in self._pending if type == balance.type])
        return max(0, balance.count - spent)

    def _show(self) -> None:
        if not self._loaded:
            return
        shown = []
        for query_type in self._order:
            balance = self._known[query_type]
            left = self._left(balance)
            if left != balance.count:
                balance = Balance(query_type, left, balance.version, balance.granted)
            shown.append(balance)
        self.shown.set(shown)
