"""A store with a past: users, and any number of calls that ended long ago, made inside the store.

What is made is a sound ledger, as `ledger verify` says: each user has one grant, and of each ten
calls nine are settled and one was given back with its entry in the journal. Simplified are: nobody
has more grants than one, no hold spans grants, nothing expired, and all calls look alike; their ids
and times stand in order, as in a real past, and the digests of their keys are as random.
"""

from dataclasses import dataclass

from building.bench.gateway import PAYWALL, QUERY_TYPE

# What each user was once given: more than any benchmark spends.
GRANTED = 1_000_000_000
# Of a user's calls each so manieth was given back.
GIVEN_BACK_EACH = 10
# Real ids begin with letters of the time, which have been past `0` for decades.
_PLACES = 25
# When it all happened; a call each ten milliseconds.
_BEGAN_MS = 1_700_000_000_000
KEY_INDEX = "calls_by_key"


@dataclass(frozen=True, slots=True)
class Past:
    """How much there was.

    Attributes:
        users: How many have a grant.
        calls: How many were made, by the users in turns; a multiple of users times ten, so that
            all users have the same past.
    """

    users: int
    calls: int

    def __post_init__(self) -> None:
        if self.calls % (self.users * GIVEN_BACK_EACH):
            raise ValueError(f"{self.calls} calls do not come out even among {self.users} users")

    @property
    def spent(self) -> int:
        """The credits that each user's calls have cost."""
        calls = self.calls // self.users
        return calls - calls // GIVEN_BACK_EACH


@dataclass(frozen=True, slots=True)
class Dialect:
    """The words that the stores do not share.

    Attributes:
        numbers: A table `numbers(n)` that counts from 0; `{0}` is where it ends.
        padded: The number `{0}` as text of `_PLACES` digits.
        digest: 32 bytes as random as a digest, another for each number `{0}`.
        once: What ends a subquery whose values are to be computed only once for each row.
    """

    numbers: str
    padded: str
    digest: str
    once: str


POSTGRES = Dialect(
    "generate_series(0::bigint, {0} - 1) as numbers (n)",
    f"lpad(({{0}})::text, {_PLACES}, '0')",
    "sha256(int8send({0}))",
    "offset 0",
)
SQLITE = Dialect(
    "(with recursive counted(n) as (select 0 union all select n + 1 from counted"
    " where n + 1 < {0}) select n from counted) as numbers",
    f"printf('%0{_PLACES}d', {{0}})",
    "randomblob(32)",
    "",
)


def users_of(past: Past) -> list[str]:
    """The ids of the users."""
    return [f"user_0{number:0{_PLACES}d}" for number in range(past.users)]


def people(past: Past, dialect: Dialect) -> list[str]:
    """The statements that make the users, with what is left of their grants."""
    numbers = dialect.numbers.format(past.users)
    number = dialect.padded.format("n")
    user, grant = f"'user_0' || {number}", f"'grant_0' || {number}"
    left = GRANTED - past.spent
    return [
        "insert into paywalls (paywall_id, name, origins, tokenization, created_at)"
        f" values ('{PAYWALL}', 'Bench', '[]', 1, {_BEGAN_MS})",
        f"insert into users (user_id, paywall_id, anonymous, created_at)"
        f" select {user}, '{PAYWALL}', 1, {_BEGAN_MS} from {numbers}",
        "insert into grants (grant_id, user_id, query_type, amount, remaining, category, priority,"
        " source_key, created_at)"
        f" select {grant}, {user}, '{QUERY_TYPE}', {GRANTED}, 0, 'promotional', 0,"
        f" 'past:' || {number}, {_BEGAN_MS} from {numbers}",
        "insert into balances (user_id, query_type, available, granted, debt, version,"
        " seated_grant, seated_left)"
        f" select {user}, '{QUERY_TYPE}', {left}, {GRANTED}, 0, 1, {grant}, {left} from {numbers}",
        "insert into journal (entry_key, kind, user_id, query_type, grant_id, amount, debt, at)"
        f" select 'grant:' || {grant}, 'grant', {user}, '{QUERY_TYPE}', {grant}, {GRANTED}, 0,"
        f" {_BEGAN_MS} from {numbers}",
    ]


def calls(past: Past, dialect: Dialect) -> list[str]:
    """The statements that make the calls, and the entries of those that were given back."""
    if not past.calls:
        return []
    made = (
        f"(select {_BEGAN_MS} + n * 10 as held_at, 'call_0' || {dialect.padded.format('n')} as id,"
        f" {dialect.padded.format(f'n % {past.users}')} as owner,"
        f" n / {past.users} % {GIVEN_BACK_EACH} = {GIVEN_BACK_EACH - 1} as is_back, n"
        f" from {dialect.numbers.format(past.calls)} {dialect.once}) as made"
    )
    return [
        "insert into calls (call_id, attempt, paywall_id, user_id, provider_id, query_type,"
        " epoch_id, amount, grant_id, held_at, state, outcome, provider_status, ended_at,"
        " key_hash, fingerprint, blamed)"
        f" select id, 1, '{PAYWALL}', 'user_0' || owner, 'prov_bench', '{QUERY_TYPE}',"
        " 'epoch_0', 1, 'grant_0' || owner, held_at,"
        " case when is_back then 'voided' else 'settled' end,"
        " case when is_back then 'failed' else 'ok' end,"
        " case when is_back then 400 else 200 end, held_at + 800,"
        f" {dialect.digest.format('n')}, {dialect.digest.format('-1 - n')},"
        f" case when is_back then 1 else 0 end from {made}",
        "insert into journal (entry_key, kind, user_id, query_type, grant_id, amount, debt,"
        " call_id, attempt, at)"
        f" select 'void:' || id || ':1', 'void', 'user_0' || owner, '{QUERY_TYPE}',"
        f" 'grant_0' || owner, 1, 0, id, 1, held_at + 800 from {made} where is_back",
    ]
