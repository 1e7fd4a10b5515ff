"""The balances as this page knows them: what the gateway said, less what was spent since. Pure.

The gateway numbers every change of a user's row of a query type (`version`). Per type the highest
version wins, so an answer that was overtaken on its way never makes a counter jump back. What was
spent without a version to show for it is *pending*: it stays subtracted until a version covers it,
or until an answer that was asked for afterwards. A gateway without versions says 0 everywhere.
"""

from tollbridge.sdk.signals import Signal
from tollbridge.wire import Balance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class _Pending:
    """What was spent and is perhaps in no snapshot yet.

    Attributes:
        number: Which spending of this page's it is, from 1.
        version: What the row became by it; 0 where the gateway did not say.
    """

    __slots__ = ("amount", "number", "type", "version")

    def __init__(self, number: int, type: str, amount: int, version: int) -> None:
        self.number = number
        self.type = type
        self.amount = amount
        self.version = version


class BalanceStore:
    """The one writer of the shown balances.

    Attributes:
        shown: A signal: the list of `Balance` to show, None while nothing was ever loaded.
        said: A signal: what the gateway has told this page, with nothing subtracted; what another
            tab was told is not in it before this page is told as well.
        user: Counts the users; what was asked for under another number is not this one's.
    """

    def __init__(self) -> None:
        """Start with nothing loaded."""
        self.shown = Signal(None)
        self.said = Signal([])
        self.user = 0
        self._known: dict[str, Balance] = {}
        self._order: list[str] = []
        self._pending: list[_Pending] = []
        self._spent_so_far = 0
        self._loaded = False

    def mark(self) -> int:
        """Return a mark to be taken when balances are asked for, and given to `replace`."""
        return self._spent_so_far

    def replace(self, balances: list[Balance], *, mark: int) -> bool:
        """Take a whole answer of the gateway's.

        Args:
            balances: Every balance of the user.
            mark: What `mark()` said when the answer was asked for; what was spent since then may
                not be in it.

        Returns:
            False where something was spent meanwhile of which only another answer can tell whether
            this one has it already. Until then its type is shown as it was.
        """
        later = [spent for spent in self._pending if spent.number > mark]
        unsure = [spent.type for spent in later if not spent.version and spent.type in self._known]
        self._keep_pending(lambda spent: spent.number > mark or spent.type in unsure)
        known = {}
        for balance in balances:
            known[balance.type] = self._newer(balance)
        self._known = known
        self._order = [balance.type for balance in balances]
        self._loaded = True
        self._keep_pending(lambda spent: True)
        self._show()
        self._say()
        return not self._pending

    def refuse(self, balances: list[Balance], query_type: str) -> None:
        """Take the balances of a 402: of the type that ran out nothing is pending any more.

        Args:
            balances: What came with it, perhaps not every balance of the user.
            query_type: The type that ran out; "" where it is not said, then all that came.
        """
        types = [query_type] if query_type else [balance.type for balance in balances]
        self._keep_pending(lambda spent: spent.type not in types)
        self._merge(balances)
        self._loaded = True
        self._show()
        self._say()

    def hear(self, balances: list[Balance]) -> bool:
        """Take what another tab of the same user was told; what has no version is no news.

        Returns:
            As `replace`.
        """
        news = [row for row in balances if row.version > self._version_of(row.type)]
        self._merge(news)
        self._show()
        return not any(self._is_unsure_of(row.type) for row in news)

    def settle(self, query_type: str, *, remaining: int, version: int) -> bool:
        """Take what the headers of a charged answer say about one type.

        Returns:
            False where a list is on show and lacks the type, so that it should be read anew.
        """
        earlier = self._known.get(query_type)
        if earlier is None or version > earlier.version:
            granted = earlier.granted if earlier else 0
            self._known[query_type] = Balance(query_type, remaining, version, granted)
            # A spending of an unknown version is older, or one that the page counted by itself.
            self._keep_pending(lambda spent: spent.type != query_type or spent.version > version)
        self._show()
        self._say()
        return query_type in self._order or not self._loaded

    def known(self) -> dict[str, Balance]:
        """Return what was said of each type, to be taken when a call begins; see `charge`."""
        return dict(self._known)

    def charge(
        self, query_type: str, *, amount: int, version: int = 0, since: dict[str, Balance]
    ) -> bool:
        """Subtract what a call cost.

        Args:
            query_type: The type that was charged.
            amount: Credits.
            version: What the row became by it, so that one charge counts once however often it is
                told; 0 where the gateway did not say.
            since: What `known()` said before the call was sent.

        Returns:
            False where the balances should be read anew: as for `settle`, or because a snapshot
            that came after the call was sent may have the charge already. Then nothing is
            subtracted.
        """
        if not version and self._known.get(query_type) != since.get(query_type):
            return False
        told = [spent for spent in self._pending if spent.type == query_type]
        if not version or not any(spent.version == version for spent in told):
            self._add(query_type, amount, version)
        self._keep_pending(lambda spent: True)
        self._show()
        return query_type in self._order or not self._loaded

    def spend(self, query_type: str) -> None:
        """Subtract a credit; of an unknown type or an empty one nothing is subtracted."""
        balance = self._known.get(query_type)
        if query_type in self._order and balance is not None and self._left(balance) > 0:
            self._add(query_type, 1, 0)
            self._show()

    def reset(self, shown: "list[Balance] | None") -> None:
        """Forget everything: another user (None), or none at all ([])."""
        self.user += 1
        self._known = {}
        self._order = []
        self._pending = []
        self._loaded = shown is not None
        self.said.set([])
        self.shown.set(shown)

    def _add(self, query_type: str, amount: int, version: int) -> None:
        self._spent_so_far += 1
        self._pending.append(_Pending(self._spent_so_far, query_type, amount, version))

    def _keep_pending(self, keeps: "Callable[[_Pending], bool]") -> None:
        """Drop what the predicate does not keep, and what the versions cover."""
        kept = []
        for spent in self._pending:
            covered = spent.version and spent.version <= self._version_of(spent.type)
            if not covered and keeps(spent):
                kept.append(spent)
        self._pending = kept

    def _merge(self, balances: list[Balance]) -> None:
        """Take some balances beside those that are known, in the order in which they came."""
        for balance in balances:
            self._known[balance.type] = self._newer(balance)
            if balance.type not in self._order:
                self._order.append(balance.type)
        self._keep_pending(lambda spent: True)

    def _newer(self, balance: Balance) -> Balance:
        """Return the newer of what is known and what comes; what is not said of it is kept."""
        earlier = self._known.get(balance.type, balance)
        if self._is_unsure_of(balance.type):
            # It may have what is pending or not: taken either way, the counter could jump back.
            return earlier
        newest = balance if balance.version >= earlier.version else earlier
        granted = newest.granted or balance.granted or (earlier.granted if newest.count else 0)
        return Balance(newest.type, newest.count, newest.version, granted)

    def _is_unsure_of(self, query_type: str) -> bool:
        """Whether something is pending of which no version tells whether a snapshot has it."""
        return any(spent.type == query_type and not spent.version for spent in self._pending)

    def _version_of(self, query_type: str) -> int:
        balance = self._known.get(query_type)
        return balance.version if balance is not None else 0

    def _left(self, balance: Balance) -> int:
        spent = sum([one.amount for one in self._pending if one.type == balance.type])
        return max(0, balance.count - spent)

    def _say(self) -> None:
        first = self._order + [type for type in self._known if type not in self._order]
        self.said.set([self._known[query_type] for query_type in first])

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
