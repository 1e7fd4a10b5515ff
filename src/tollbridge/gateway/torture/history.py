"""What happened, as callers and provider saw it: values only, no I/O.

Times are seconds since 1970, by the one clock of this machine that the gateway reads, too.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from tollbridge.gateway.torture.deeds import DEEDS, Deed
from tollbridge.wire.headers import FROM_GATEWAY


@dataclass(slots=True)
class Visit:
    """One request as the provider saw it, and what the provider did with it.

    Attributes:
        number: From 0, over all requests for the same call; decides the answer's bytes.
        came_at: When its head was there.
        reused: It came over a connection that had carried another before.
        status: What was sent, or None where no head went out.
        bytes_due: The head announced a body.
        bytes_sent: So many bytes of the body were handed to the system.
        finished: The whole answer was handed to the system.
        left_at: When the gateway closed the connection before we were done, or None.
        ended_at: When the provider was done with it.
        pause_s: The longest that the gateway had to wait for the next bytes.
    """

    number: int
    came_at: float
    reused: bool = False
    status: int | None = None
    bytes_due: bool = True
    bytes_sent: int = 0
    finished: bool = False
    left_at: float | None = None
    ended_at: float = 0.0
    pause_s: float = 0.0

    @property
    def succeeded(self) -> bool:
        """The head of a 2xx was sent."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(slots=True)
class Send:
    """One request as a caller sent it, and what came of it.

    Attributes:
        life: The number of the gateway process that it went to.
        status: Of the answer, or None where no head came.
        source: Whose error it is: `gateway`, `provider`, or "".
        code: Of an error that the gateway spoke, else "".
        charged: `X-Credits-Charged`, or None.
        replayed: The answer says that it is an earlier one, given again.
        bytes_held: So many bytes of the body came.
        visit: Whose answer they are, where enough came to tell.
        faithful: They are what the provider sends then, from its first byte on.
        complete: The answer came to its proper end.
        left: The caller closed the connection before that.
        hung: The caller gave up waiting.
    """

    life: int
    started_at: float
    ended_at: float = 0.0
    status: int | None = None
    source: str = ""
    code: str = ""
    call_id: str | None = None
    charged: int | None = None
    replayed: bool = False
    bytes_held: int = 0
    visit: int | None = None
    faithful: bool = True
    complete: bool = False
    left: bool = False
    hung: bool = False

    @property
    def succeeded(self) -> bool:
        """The head of a 2xx came."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """The gateway said that too few credits are left."""
        return self.status == 402 and self.source == FROM_GATEWAY

    @property
    def of_another(self) -> bool:
        """The answer tells of an attempt that another request made."""
        return self.replayed or (self.status in (409, 422) and self.source == FROM_GATEWAY)


class Receipt(NamedTuple):
    """What the gateway tells of a call when it is asked."""

    call_id: str
    state: str
    charged: int


@dataclass(slots=True)
class Call:
    """One wish of a caller: sent once, or under one key as often as it takes.

    Attributes:
        nonce: Names it in the request's body, for the provider.
        deeds: What the provider does with the first request, the second, …; the last goes on.
        asked: In the end the gateway was asked for the receipt, by the key.
        receipt: What it told, or None where it knew none.
        same_by_id: It told the same when it was asked by the id.
    """

    nonce: str
    user_id: str
    provider_id: str
    charge_on: str
    cost: int
    keyed: bool
    deeds: tuple[str, ...]
    sends: list[Send] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    asked: bool = False
    receipt: Receipt | None = None
    same_by_id: bool = True

    @property
    def key(self) -> str:
        """Its `Idempotency-Key`, where it is sent with one."""
        return f"key-{self.nonce}"

    def deed(self, visit: int) -> Deed:
        """Return what the provider does with the request of that number."""
        return DEEDS[self.deeds[min(visit, len(self.deeds) - 1)]]

    def call_ids(self) -> set[str]:
        """Return the ids that the answers told, and the receipt."""
        told = {send.call_id for send in self.sends if send.call_id is not None}
        return told | ({self.receipt.call_id} if self.receipt is not None else set())


@dataclass(frozen=True, slots=True)
class Row:
    """One attempt of a call as the store has it.

    Attributes:
        held_ms: When it was held, or refused, in milliseconds since 1970.
        entry: What the ledger says: `held`, `settled`, `voided`, `reversed`, `refused`.
        state: What a receipt says.
        amount: Credits that were held.
        keyed: It was made under a key.
        ended_ms: When it ended, in milliseconds since 1970, or None.
    """

    call_id: str
    attempt: int
    user_id: str
    provider_id: str
    epoch_id: str
    held_ms: int
    entry: str
    state: str
    amount: int
    keyed: bool
    ended_ms: int | None = None

    @property
    def held_at(self) -> float:
        """When it was held, in seconds."""
        return self.held_ms / 1000

    @property
    def is_fence(self) -> bool:
        """It holds a number, so that a hold which was lost on its way takes nothing."""
        return self.entry == "voided" and self.amount == 0

    @property
    def charged(self) -> int:
        """Credits that it costs in the end."""
        return self.amount if self.entry == "settled" else 0

    def __str__(self) -> str:
        """Name it in a sentence."""
        return f"{self.call_id} attempt {self.attempt} ({self.state}, {self.charged} charged)"


@dataclass(slots=True)
class Life:
    """One gateway process.

    Attributes:
        early_leaves: Its `USER_EARLY_LEAVES`; None is off.
        killed_at: When it was killed, or None.
        wrote_until: The last end of a call that it wrote; what came later it may have had queued.
        exit_code: What it ended with where it was not killed, or None.
        frozen: From when to when it was stopped where it stood.
        away: From when to when its database was away.
        memory_mb: The most seen.
        files: The most files that it had open.
    """

    number: int
    early_leaves: int | None
    began_at: float
    killed_at: float | None = None
    wrote_until: float | None = None
    exit_code: int | None = None
    frozen: list[tuple[float, float]] = field(default_factory=list)
    away: list[tuple[float, float]] = field(default_factory=list)
    memory_mb: int = 0
    files: int = 0


@dataclass(frozen=True, slots=True)
class Given:
    """Credits that were granted to a user."""

    user_id: str
    amount: int
    expires_at: float | None


@dataclass(slots=True)
class History:
    """Everything that callers, provider and executioner know.

    Attributes:
        given: Every grant.
        strays: Requests at the provider that nobody made.
        late: From when to when this process, provider and callers, stood still by itself.
        away: From when to when the database was away, or too busy to take what a caller asked for.
        together: Several gateways ran at once.
        shared: The store is a server, which may be away.
    """

    calls: list[Call] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    strays: int = 0
    late: list[tuple[float, float]] = field(default_factory=list)
    away: list[tuple[float, float]] = field(default_factory=list)
    together: bool = False
    shared: bool = False

    def was_away(self, began: float, ended: float) -> bool:
        """Tell whether the database was away at some time in between."""
        return any(since <= ended and began <= until for since, until in self.away)


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything that the store says in the end.

    Attributes:
        rows: Of all calls.
        epochs: In the order in which they began.
        left: Credits available to each user.
        expired: Credits of each user that expired unused.
        debt: Of all users.
        lowest: The lowest number in any balance.
        open_calls: Calls that are held, running or without an end.
        unsound: What `ledger verify` says.
    """

    rows: list[Row]
    epochs: list[str]
    left: dict[str, int]
    expired: dict[str, int]
    debt: int
    lowest: int
    open_calls: list[str]
    unsound: list[str]
