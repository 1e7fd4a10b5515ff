"""What the ledger speaks of: values only, no I/O, no clock."""

from dataclasses import dataclass

# Where a grant stands in the order of use unless its maker says otherwise; lower goes first.
DEFAULT_PRIORITY = 50


class SourceKeyReused(Exception):
    """A source key was given before, with other content. Nothing changed."""


class HoldLost(Exception):
    """The hold is no longer this attempt's to close: swept, or closed before. Nothing changed."""


@dataclass(slots=True)
class Grant:
    """Credits from one source.

    Attributes:
        remaining: Whole credits left, 0 to `amount`.
        expires_at: Milliseconds since 1970 from which on nothing is left of it, or None.
        ended_at: When it expired or was clawed back, or None while it lives.
    """

    grant_id: str
    amount: int
    remaining: int
    category: str
    priority: int
    expires_at: int | None
    created_at: int
    ended_at: int | None = None

    def rank(self) -> tuple[int, float, bool, int, str]:
        """Return the order of use: priority, soonest expiry, promotional first, oldest."""
        expiry = float("inf") if self.expires_at is None else self.expires_at
        return self.priority, expiry, self.category != "promotional", self.created_at, self.grant_id


@dataclass(slots=True)
class Gate:
    """The balance row of one (user, query type): what a hold has to pass.

    Attributes:
        available: Whole credits that can be held now. `debt` above 0 means 0 here.
        granted: Sum of the amounts of live grants.
        debt: Whole credits that a claw-back took beyond what was left.
        version: Rises with every change of the row.
        seated_grant: The grant that the next hold takes from, or None.
        seated_left: What is left of it; its own row says 0 meanwhile.
        expires_at: The soonest expiry among live grants, or None.
    """

    available: int = 0
    granted: int = 0
    debt: int = 0
    version: int = 0
    seated_grant: str | None = None
    seated_left: int = 0
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """A part of a hold: so many credits of that grant."""

    grant_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the journal; `amount` is the change of the grant, `debt` that of the debt."""

    key: str
    kind: str
    grant_id: str | None
    amount: int
    debt: int = 0
    call_id: str | None = None
    attempt: int | None = None


@dataclass(frozen=True, slots=True)
class GrantOrder:
    """A grant as it is asked for. `source_key` is unique for ever: one source, one grant."""

    user_id: str
    query_type: str
    amount: int
    source_key: str
    category: str = "paid"
    priority: int = DEFAULT_PRIORITY
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class HoldOrder:
    """A hold as it is asked for, by one attempt of a call in one epoch of a worker.

    Attributes:
        key_hash: Under which the page may repeat the call, or None.
        fingerprint: What the page asked for under that key.
        held_at: When it was held. It tells a hold whose commit was lost from the one that took its
            number afterwards; None where the row itself says which it is.
    """

    call_id: str
    attempt: int
    epoch_id: str
    paywall_id: str
    user_id: str
    provider_id: str
    query_type: str
    amount: int
    key_hash: bytes | None = None
    fingerprint: bytes | None = None
    held_at: int | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Credits taken out of the balance for a call; `available` and `version` are those after it."""

    order: HoldOrder
    takes: tuple[Take, ...]
    available: int
    version: int


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """A balance as the outside sees it."""

    query_type: str
    available: int
    granted: int
    version: int


@dataclass(frozen=True, slots=True)
class NotEnough:
    """The hold was refused: all balances of the user, and what running calls hold of the type."""

    balances: tuple[BalanceRow, ...]
    held: int


@dataclass(frozen=True, slots=True)
class Granted:
    """The answer to a grant; `repeated` when the source key had been used for the same before."""

    grant_id: str
    available: int
    version: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class Debited:
    """The answer to an owner's debit."""

    available: int
    version: int


@dataclass(frozen=True, slots=True)
class Insufficient:
    """An owner's debit was refused; nothing changed."""

    available: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended, for its receipt: the outcome, the provider's status, the moment.

    Attributes:
        blamed: If the credit comes back, it does so for something that the caller did.
    """

    outcome: str
    provider_status: int | None
    at: int
    blamed: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """The newest attempt of a call, found by the key that it was made under."""

    call_id: str
    attempt: int
    fingerprint: bytes
    state: str
    ended: bool
