"""The published table, row by row, as the pure function that decides it."""

import pytest

from tollbridge.gateway.calls.charge import (
    COMPLETE,
    FIRST_BYTE,
    HEADERS,
    Action,
    Stop,
    is_callers_doing,
    judge,
    voids_early_leave,
)

UNSETTLED = {"settled": False, "bytes_due": True, "bytes_sent": False}
UNPAID = {"settled": False, "bytes_due": True, "bytes_sent": True}
SETTLED = {"settled": True, "bytes_due": True, "bytes_sent": False}
FLOWING = {"settled": True, "bytes_due": True, "bytes_sent": True}
EMPTY = {"settled": True, "bytes_due": False, "bytes_sent": False}


# Until they are settled, and from then on, `headers` and `first_byte` have the same rows.
WHEN_SETTLED = [
    (Stop.FINISHED, FLOWING, Action.KEEP, "ok"),
    (Stop.FINISHED, EMPTY, Action.KEEP, "ok"),
    (Stop.BROKE_OFF, SETTLED, Action.REVERSE, "broken"),
    (Stop.BROKE_OFF, FLOWING, Action.KEEP, "broken"),
    (Stop.BROKE_OFF, EMPTY, Action.KEEP, "broken"),
    (Stop.CUT, SETTLED, Action.REVERSE, "broken"),
    (Stop.CUT, FLOWING, Action.KEEP, "broken"),
    (Stop.FAULT, SETTLED, Action.REVERSE, "failed"),
    (Stop.FAULT, FLOWING, Action.KEEP, "broken"),
    (Stop.PAGE_LEFT, SETTLED, Action.KEEP, "aborted"),
    (Stop.PAGE_LEFT, FLOWING, Action.KEEP, "aborted"),
]
NEVER_SETTLED = [
    (Stop.NOT_ANSWERED, UNSETTLED, Action.VOID, "failed"),
    (Stop.UPLOAD_FAILED, UNSETTLED, Action.VOID, "failed"),
    (Stop.PROVIDER_REFUSED, UNSETTLED, Action.VOID, "failed"),
    (Stop.STORE_REFUSED, UNSETTLED, Action.VOID, "failed"),
    (Stop.FAULT, UNSETTLED, Action.VOID, "failed"),
    (Stop.PAGE_LEFT, UNSETTLED, Action.VOID_OR_SETTLE, "aborted"),
]
BEFORE_THE_FIRST_BYTE = [
    (Stop.BROKE_OFF, UNSETTLED, Action.VOID, "failed"),
    (Stop.CUT, UNSETTLED, Action.VOID, "failed"),
]
BEFORE_THE_END = [
    (Stop.BROKE_OFF, UNSETTLED, Action.VOID, "broken"),
    (Stop.BROKE_OFF, UNPAID, Action.VOID, "broken"),
    (Stop.CUT, UNSETTLED, Action.VOID, "broken"),
    (Stop.CUT, UNPAID, Action.VOID, "broken"),
    (Stop.FAULT, UNPAID, Action.VOID, "failed"),
    (Stop.STORE_REFUSED, UNPAID, Action.VOID, "failed"),
    (Stop.PAGE_LEFT, UNPAID, Action.SETTLE, "aborted"),
]
ROWS = [
    *((HEADERS, *row) for row in NEVER_SETTLED + BEFORE_THE_FIRST_BYTE + WHEN_SETTLED),
    *((FIRST_BYTE, *row) for row in NEVER_SETTLED + BEFORE_THE_FIRST_BYTE + WHEN_SETTLED),
    *((COMPLETE, *row) for row in NEVER_SETTLED + BEFORE_THE_END + WHEN_SETTLED),
]


@pytest.mark.parametrize(("charge_on", "stop", "progress", "action", "outcome"), ROWS)
def test_a_stopped_call_costs_what_the_table_says(charge_on, stop, progress, action, outcome):
    """Each row of the table has one verdict, for each way to charge."""
    assert judge(stop, charge_on=charge_on, **progress) == (action, outcome)


@pytest.mark.parametrize("stop", Stop)
@pytest.mark.parametrize("status", [None, *range(400, 430), 500, 503])
def test_only_the_callers_own_doing_is_held_against_them(stop, status):
    """A refusal of what they asked for, an upload that failed, and leaving; not rate limits."""
    wrong = {400, 404, 405, 409, 413, 415, 422}
    refused = stop is Stop.PROVIDER_REFUSED and status in wrong
    left = stop in (Stop.PAGE_LEFT, Stop.UPLOAD_FAILED)
    assert is_callers_doing(stop, status) is (refused or left)


@pytest.mark.parametrize(
    ("left_before", "limit", "given_back"),
    [(0, 5, True), (4, 5, True), (5, 5, False), (1000, None, True)],
)
def test_the_first_early_leaves_are_given_back(left_before, limit, given_back):
    """Five in ten minutes by default; with the limit off, every one."""
    assert voids_early_leave(left_before, limit) is given_back
