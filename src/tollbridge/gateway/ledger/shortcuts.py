"""Hold, settle and end for many calls in one statement each, where a store has round trips.

Each does what its script in `scripts.py` usually does, and leaves the unusual to it: a key that was
used before, a balance that the seated grant cannot cover, a hold that is not there any more. See
`database.script.Shortcut`; the same tests run through both.
"""

from tollbridge.gateway.database.script import Many, Shortcut
from tollbridge.gateway.ledger.values import Ending, Hold, HoldOrder, Take

# `gates` locks the balance rows, in the order that `queries.lock_gates` has, and reads what they
# hold once they are locked. What the rest reads may be older: it refuses too much, never too
# little, since a call under a key that somebody has used meanwhile is not inserted. `moved` writes
# all that the table checks, as it follows from the locked rows: a new row is checked as the older
# one would make it, before the update finds that there is a newer one.
_HOLD = Many("""
with asked as (
  select * from unnest(
    $1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::bigint[], $9::bytea[], $10::bytea[], $11::bigint[], $12::bigint[], $13::bigint[],
    $14::bigint[]
  ) with ordinality as a (
    call_id, attempt, epoch_id, paywall_id, user_id, provider_id, query_type, amount, key_hash,
    fingerprint, held_at, failures_max, failures_after, failures_until, place
  )
), gates as materialized (
  select user_id, query_type, available, debt, version, seated_grant, seated_left, expires_at
  from balances
  where (user_id, query_type) in (select user_id, query_type from asked)
  order by user_id, query_type for update
), passed as materialized (
  select * from (
    select a.*, g.available, g.debt, g.version, g.seated_grant, g.seated_left,
      sum(a.amount) over (partition by a.user_id, a.query_type order by a.place) as needed
    from asked a join gates g on g.user_id = a.user_id and g.query_type = a.query_type
    where (g.expires_at is null or g.expires_at > a.held_at)
      and not exists (select 1 from calls c where c.key_hash = a.key_hash)
      and (a.failures_max is null or not exists (
        select 1 from calls c where c.user_id = a.user_id and c.blamed = 1
          and c.ended_at > a.failures_after and c.ended_at <= a.failures_until
        order by c.ended_at desc offset a.failures_max limit 1))
  ) covered
  where needed <= seated_left
), held as (
  insert into calls (call_id, attempt, paywall_id, user_id, provider_id, query_type, epoch_id,
    amount, grant_id, held_at, state, outcome, key_hash, fingerprint)
  select call_id, attempt, paywall_id, user_id, provider_id, query_type, epoch_id, amount,
    seated_grant, held_at, 'held', 'running', key_hash, fingerprint
  from passed order by key_hash, place  -- so that no two batches wait for each other
  on conflict do nothing
  returning call_id
), taken as materialized (
  select p.place, p.user_id, p.query_type, p.debt, p.seated_grant,
    p.available - sum(p.amount) over by_gate as available,
    p.seated_left - sum(p.amount) over by_gate as seated_left,
    p.version + row_number() over by_gate as version
  from passed p join held h on h.call_id = p.call_id
  window by_gate as (partition by p.user_id, p.query_type order by p.place)
), moved as (
  update balances b set available = t.available, debt = t.debt, version = t.version,
    seated_grant = t.seated_grant, seated_left = t.seated_left
  from (
    select user_id, query_type, debt, seated_grant, min(available)::bigint as available,
      min(seated_left)::bigint as seated_left, max(version) as version
    from taken group by user_id, query_type, debt, seated_grant
  ) t
  where b.user_id = t.user_id and b.query_type = t.query_type
)
select place, available::bigint, version, seated_grant from taken
""")

_SETTLE = Many("""
with asked as (
  select * from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[])
  with ordinality as a (call_id, attempt, epoch_id, held_at, place)
), found as materialized (
  select c.call_id, c.attempt, a.place
  from asked a join calls c on c.call_id = a.call_id and c.attempt = a.attempt
  where c.epoch_id = a.epoch_id and c.held_at = coalesce(a.held_at, c.held_at)
    and c.state = 'held'
  order by c.call_id, c.attempt for update of c
)
update calls c set state = 'settled' from found f
where c.call_id = f.call_id and c.attempt = f.attempt and c.state = 'held'
returning f.place
""")

_END = Many("""
with asked as (
  select * from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
  with ordinality as a (call_id, attempt, outcome, provider_status, ended_at, place)
), found as materialized (
  select c.call_id, c.attempt, a.outcome, a.provider_status, a.ended_at
  from asked a join calls c on c.call_id = a.call_id and c.attempt = a.attempt
  where c.ended_at is null and c.state <> 'held'
  order by c.call_id, c.attempt for update of c
), ended as (
  update calls c set outcome = f.outcome, provider_status = f.provider_status,
    ended_at = f.ended_at
  from found f
  where c.call_id = f.call_id and c.attempt = f.attempt and c.ended_at is null
    and c.state <> 'held'
)
select place from asked
""")


def hold_shortcut(
    order: HoldOrder, now: int, *, failures: int | None, since: int, until: int
) -> Shortcut[Hold]:
    """Return how a hold takes part; for a cost above 0 and a call's first attempt.

    Args:
        order: What is held.
        now: Milliseconds since 1970.
        failures: With more calls than these given back for the user's own doing, in the time
            after `since` and up to `until`, it is not served; None asks for nothing.
        since: See `failures`.
        until: See `failures`.
    """

    def read(row: tuple[int, int, str]) -> Hold:
        available, version, grant_id = row
        return Hold(order, (Take(grant_id, order.amount),), available, version)

    return Shortcut(
        _HOLD,
        (
            order.call_id,
            order.attempt,
            order.epoch_id,
            order.paywall_id,
            order.user_id,
            order.provider_id,
            order.query_type,
            order.amount,
            order.key_hash,
            order.fingerprint,
            now,
            failures,
            since,
            until,
        ),
        read,
    )


def settle_shortcut(held: Hold) -> Shortcut[Hold]:
    """Return how a settle takes part; see `scripts.charge`."""
    order = held.order
    return Shortcut(
        _SETTLE,
        (order.call_id, order.attempt, order.epoch_id, order.held_at),
        lambda row: held,
    )


def end_shortcut(held: Hold, ending: Ending) -> Shortcut[None]:
    """Return how an ending takes part; see `scripts.end`."""
    order = held.order
    return Shortcut(
        _END,
        (order.call_id, order.attempt, ending.outcome, ending.provider_status, ending.at),
        lambda row: None,
    )
