"""The statements about paywalls and their query types."""

import json
from collections.abc import Mapping

from tollbridge.gateway.database import Script, Statement
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.ids import may_be_id
from tollbridge.gateway.paywalls.paywall import Paywall


def find_paywall(paywall_id: str) -> Script[Paywall | None]:
    """Read a paywall, or None."""
    if not may_be_id(paywall_id):
        return None
    rows = yield Statement(
        "select name, origins, tokenization, origin_trial_credits from paywalls"
        " where paywall_id = $1",
        (paywall_id,),
    )
    if not rows:
        return None
    name, origins, tokenization, origin_trial_credits = rows[0]
    types = yield Statement(
        "select query_type, trial_credits from query_types where paywall_id = $1"
        " order by query_type",
        (paywall_id,),
    )
    return Paywall(
        paywall_id=paywall_id,
        name=name,
        origins=tuple(json.loads(origins)),
        tokenization=bool(tokenization),
        query_types=dict(types),
        origin_trial_credits=origin_trial_credits,
    )


def need_paywall(paywall_id: str) -> Script[Paywall]:
    """Read a paywall that must be there.

    Raises:
        Refusal: `paywall_not_found`.
    """
    paywall = yield from find_paywall(paywall_id)
    if paywall is None:
        raise no_paywall(paywall_id)
    return paywall


def no_paywall(paywall_id: str) -> Refusal:
    """Return the refusal of an unknown paywall."""
    return Refusal("paywall_not_found", f"There is no paywall {paywall_id[:64]!r}.")


def create_paywall(paywall: Paywall, now: int) -> Script[bool]:
    """Write a new paywall; returns False, and changes nothing, where the id is taken."""
    rows = yield Statement(
        "insert into paywalls"
        " (paywall_id, name, origins, tokenization, origin_trial_credits, created_at)"
        " values ($1, $2, $3, $4, $5, $6) on conflict (paywall_id) do nothing returning paywall_id",
        (
            paywall.paywall_id,
            paywall.name,
            json.dumps(paywall.origins),
            int(paywall.tokenization),
            paywall.origin_trial_credits,
            now,
        ),
    )
    if not rows:
        return False
    yield from set_query_types(paywall.paywall_id, paywall.query_types)
    return True


def store_paywall(paywall: Paywall) -> Script[None]:
    """Write a known paywall anew; query types that it does not name stay as they are."""
    yield Statement(
        "update paywalls set name = $2, origins = $3, tokenization = $4,"
        " origin_trial_credits = $5 where paywall_id = $1",
        (
            paywall.paywall_id,
            paywall.name,
            json.dumps(paywall.origins),
            int(paywall.tokenization),
            paywall.origin_trial_credits,
        ),
    )
    yield from set_query_types(paywall.paywall_id, paywall.query_types)


def set_query_types(paywall_id: str, query_types: Mapping[str, int]) -> Script[None]:
    """Add or change the query types named, with their trial credits; the others stay."""
    for query_type, trial_credits in sorted(query_types.items()):  # all lock rows in one order
        yield Statement(
            "insert into query_types (paywall_id, query_type, trial_credits) values ($1, $2, $3)"
            " on conflict (paywall_id, query_type) do update"
            " set trial_credits = excluded.trial_credits",
            (paywall_id, query_type, trial_credits),
        )
