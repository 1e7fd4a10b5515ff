"""The published table, row by row, as the pure function that decides it."""

import pytest

from tollbridge.gateway.calls.charge import Action, Stop, judge, voids_early_leave

UNSETTLED = {"settled": False, "bytes_due": True, "bytes_sent": False}
SETTLED = {"settled": True, "bytes_due": True, "bytes_sent": False}
FLOWING = {"settled": True, "bytes_due": True, "bytes_sent": True}
EMPTY = {"settled": True, "bytes_due": False, "bytes_sent": False}


@pytest.mark.parametrize(
    ("stop", "progress", "action", "outcome"),
    [
        (Stop.NOT_ANSWERED, UNSETTLED, Action.VOID, "failed"),
        (Stop.PROVIDER_REFUSED, UNSETTLED, Action.VOID, "failed"),
        (Stop.STORE_REFUSED, UNSETTLED, Action.VOID, "failed"),
        (Stop.FINISHED, FLOWING, Action.KEEP, "ok"),
        (Stop.FINISHED, EMPTY, Action.KEEP, "ok"),
        (Stop.BROKE_OFF, SETTLED, Action.REVERSE, "broken"),
        (Stop.BROKE_OFF, FLOWING, Action.KEEP, "broken"),
        (Stop.BROKE_OFF, EMPTY, Action.KEEP, "broken"),
        (Stop.CUT, UNSETTLED, Action.VOID, "failed"),
        (Stop.CUT, SETTLED, Action.REVERSE, "broken"),
        (Stop.CUT, FLOWING, Action.KEEP, "broken"),
        (Stop.FAULT, UNSETTLED, Action.VOID, "failed"),
        (Stop.FAULT, SETTLED, Action.REVERSE, "failed"),
        (Stop.FAULT, FLOWING, Action.KEEP, "broken"),
        (Stop.PAGE_LEFT, UNSETTLED, Action.VOID_OR_SETTLE, "aborted"),
        (Stop.PAGE_LEFT, SETTLED, Action.KEEP, "aborted"),
        (Stop.PAGE_LEFT, FLOWING, Action.KEEP, "aborted"),
    ],
)
def test_a_stopped_call_costs_what_the_table_says(stop, progress, action, outcome):
    """Each row of the table has one verdict."""
    assert judge(stop, **progress) == (action, outcome)


@pytest.mark.parametrize(
    ("left_before", "limit", "given_back"),
    [(0, 5, True), (4, 5, True), (5, 5, False), (1000, None, True)],
)
def test_the_first_early_leaves_are_given_back(left_before, limit, given_back):
    """Five in ten minutes by default; with the limit off, every one."""
    assert voids_early_leave(left_before, limit) is given_back
