"""Recompute everything from the journal and the calls, and name every difference.

Each check is one statement that selects the rows which break a law; on a sound ledger all of
them select nothing. They read one snapshot, so that the gateway may run meanwhile.
"""

from tollbridge.gateway.database.script import Script, Statement

# What calls took, one row per part, whatever became of it.
_TAKEN = """
  select call_id, attempt, user_id, query_type, grant_id, amount, state from calls
  where grant_id is not null
  union all
  select t.call_id, t.attempt, c.user_id, c.query_type, t.grant_id, t.amount, c.state
  from call_takes t join calls c on c.call_id = t.call_id and c.attempt = t.attempt
"""

_CHECKS = (
    (
        "grant {0}: {1} credits remain, the journal and the calls say {2}",
        f"""
        select g.grant_id, g.remaining + coalesce(b.seated_left, 0) as stored,
          coalesce(j.amount, 0) - coalesce(t.amount, 0) as computed
        from grants g
        left join balances b on b.seated_grant = g.grant_id
        left join (select grant_id, sum(amount) as amount from journal
          where grant_id is not null group by grant_id) j on j.grant_id = g.grant_id
        left join (select grant_id, sum(amount) as amount from ({_TAKEN}) parts
          group by grant_id) t on t.grant_id = g.grant_id
        where g.remaining + coalesce(b.seated_left, 0)
          <> coalesce(j.amount, 0) - coalesce(t.amount, 0)
        """,
    ),
    (
        "balance {0}/{1}: available is {2}, its grants hold {3}",
        """
        select b.user_id, b.query_type, b.available,
          b.seated_left + coalesce(sum(g.remaining), 0) as computed
        from balances b
        left join grants g on g.user_id = b.user_id and g.query_type = b.query_type
          and g.remaining > 0
        group by b.user_id, b.query_type, b.available, b.seated_left
        having b.available <> b.seated_left + coalesce(sum(g.remaining), 0)
        """,
    ),
    (
        "balance {0}/{1}: granted is {2}, its live grants sum up to {3}",
        """
        select b.user_id, b.query_type, b.granted, coalesce(sum(g.amount), 0) as computed
        from balances b
        left join grants g on g.user_id = b.user_id and g.query_type = b.query_type
          and g.ended_at is null
        group by b.user_id, b.query_type, b.granted
        having b.granted <> coalesce(sum(g.amount), 0)
        """,
    ),
    (
        "balance {0}/{1}: the debt is {2}, the journal says {3}",
        """
        select b.user_id, b.query_type, b.debt, coalesce(sum(j.debt), 0) as computed
        from balances b
        left join journal j on j.user_id = b.user_id and j.query_type = b.query_type
          and j.debt <> 0
        group by b.user_id, b.query_type, b.debt
        having b.debt <> coalesce(sum(j.debt), 0)
        """,
    ),
    (
        "balance {0}/{1}: {2} credits are available beside a debt of {3}",
        """
        select user_id, query_type, available, debt from balances
        where debt > 0 and available > 0
        """,
    ),
    (
        "balance {0}/{1}: something expires at {2}, its grants say {3}",
        """
        select b.user_id, b.query_type, b.expires_at, min(g.expires_at) as computed
        from balances b
        left join grants g on g.user_id = b.user_id and g.query_type = b.query_type
          and (g.ended_at is null or g.remaining > 0 or g.grant_id = b.seated_grant)
        group by b.user_id, b.query_type, b.expires_at
        having coalesce(b.expires_at, -1) <> coalesce(min(g.expires_at), -1)
        """,
    ),
    (
        "grants of {0}/{1} have no balance row",
        """
        select g.user_id, g.query_type from grants g
        left join balances b on b.user_id = g.user_id and b.query_type = g.query_type
        where b.user_id is null group by g.user_id, g.query_type
        """,
    ),
    (
        "grant {0}: its first journal entry is missing or says another amount than {1}",
        """
        select g.grant_id, g.amount from grants g
        left join journal j on j.grant_id = g.grant_id and j.kind = 'grant'
        group by g.grant_id, g.amount
        having count(j.entry_key) <> 1 or coalesce(sum(j.amount), 0) <> g.amount
        """,
    ),
    (
        "call {0} attempt {1} ({2}): it took {3} credits, its row says {4}",
        f"""
        select c.call_id, c.attempt, c.state, coalesce(sum(t.amount), 0) as taken, c.amount
        from calls c
        left join ({_TAKEN}) t on t.call_id = c.call_id and t.attempt = c.attempt
        group by c.call_id, c.attempt, c.state, c.amount
        having coalesce(sum(t.amount), 0) <> c.amount
        """,
    ),
    (
        "call {0} attempt {1}: {3} credits came back to grant {2}, {4} should have",
        f"""
        select call_id, attempt, grant_id, sum(returned), sum(due) from (
          select call_id, attempt, grant_id, 0 as returned,
            case when state in ('voided', 'reversed') then amount else 0 end as due
          from ({_TAKEN}) parts
          union all
          select call_id, attempt, grant_id, amount as returned, 0 as due from journal
          where call_id is not null
        ) returns
        group by call_id, attempt, grant_id having sum(returned) <> sum(due)
        """,
    ),
    (
        "call {0} was reversed {1} times",
        """
        select call_id, count(*) from calls where state = 'reversed'
        group by call_id having count(*) > 1
        """,
    ),
    (
        "{0} of {1}/{2} names grant {3}, which is not theirs",
        f"""
        select n.name, n.user_id, n.query_type, n.grant_id from (
          select 'journal entry ' || entry_key as name, user_id, query_type, grant_id from journal
          where grant_id is not null
          union all
          select 'call ' || call_id as name, user_id, query_type, grant_id from ({_TAKEN}) parts
          union all
          select 'balance' as name, user_id, query_type, seated_grant as grant_id from balances
          where seated_grant is not null
        ) n
        left join grants g on g.grant_id = n.grant_id and g.user_id = n.user_id
          and g.query_type = n.query_type
        where g.grant_id is null
        """,
    ),
)


def verify() -> Script[list[str]]:
    """Return every difference as a sentence; an empty list is a sound ledger."""
    differences = []
    for sentence, sql in _CHECKS:
        rows = yield Statement(sql)
        differences += [sentence.format(*row) for row in rows]
    return differences
