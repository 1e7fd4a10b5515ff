"""Figures, goals and how they are told; none of it depends on a machine."""

import json

import pytest

from building.bench import __main__ as bench
from building.bench.calls import added_ms, check_metered
from building.bench.figures import (
    CannotMeasure,
    Figure,
    Goal,
    as_json,
    at_least,
    at_most,
    median,
    ratio,
    table,
)
from building.bench.turns import Turn, Turns
from building.bench.wrk import Load


def _turns(name: str, *turns: tuple[int, float, float]) -> Turns:
    """Turns of 4 s with so many answers, CPU-seconds and median milliseconds."""
    loads = [(Load(requests, 4.0, p50_ms, p50_ms), cpu_s) for requests, cpu_s, p50_ms in turns]
    return Turns(name, tuple(Turn(load, 100, cpu_s, 4.0, 0.5, 0.25) for load, cpu_s in loads))


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        (at_least(0.08), 0.08, True),
        (at_least(0.08), 0.0799, False),
        (at_most(2), 2.0, True),
        (at_most(2), 2.001, False),
    ],
)
def test_a_goal_is_met_exactly_at_its_value(goal: Goal, value: float, met: bool) -> None:
    """Both kinds of goals include their own value and nothing beyond."""
    assert Figure("json.any", value, "x", goal).ok is met


def test_a_goal_has_a_known_comparison() -> None:
    """A goal that would compare in some third way is a mistake of the program."""
    with pytest.raises(ValueError, match="not '>'"):
        Goal(">", 1)


def test_the_exit_code_tells_a_missed_goal() -> None:
    """One missed goal is enough for 1; figures without a goal never are."""
    met, missed = Figure("a", 1, "x", at_least(1)), Figure("b", 1, "x", at_least(2))
    assert bench.exit_code([met, Figure("c", 0, "x")]) == 0
    assert bench.exit_code([met, missed]) == 1


def test_a_disturbed_measurement_is_told() -> None:
    """Up to a tenth of the core for others is the system's own work; beyond, a reader must know."""
    assert not bench.is_disturbed(Figure("json.others_core_share", 10, "%"))
    assert bench.is_disturbed(Figure("json.others_core_share", 10.1, "%"))
    assert not bench.is_disturbed(Figure("json.gateway_core_share", 99, "%"))


def test_a_median_of_nothing_is_no_figure() -> None:
    """An empty list of measurements ends the run instead of passing for zero."""
    assert median([3, 1, 2]) == 2
    with pytest.raises(CannotMeasure):
        median([])


def test_a_ratio_needs_something_to_compare_with() -> None:
    """A server that was measured as doing nothing gives no ratio, neither 0 nor infinity."""
    assert ratio(3, 2) == 1.5
    with pytest.raises(CannotMeasure):
        ratio(3, 0)


def test_the_table_shouts_what_is_missed() -> None:
    """One line for each figure: value, unit, goal, and whether it is met."""
    lines = table(
        [
            Figure("json.direct_per_s", 45_661.4, "calls/s"),
            Figure("json.gateway_to_nginx", 0.0383, "x", at_least(0.08)),
            Figure("start.gateway_s", 0.684, "s", at_most(2)),
        ]
    )
    assert [line.split() for line in lines] == [
        ["figure", "value", "unit", "goal", "ok"],
        ["json.direct_per_s", "45,661", "calls/s"],
        ["json.gateway_to_nginx", "0.0383", "x", ">=", "0.08", "MISSED"],
        ["start.gateway_s", "0.684", "s", "<=", "2", "yes"],
    ]


def test_the_document_has_the_promised_fields() -> None:
    """Scripts find name, value, unit, goal and ok; a figure without a goal says so with null."""
    figures = [Figure("a.b", 1.5, "ms", at_most(2)), Figure("a.c", 7, "x")]
    document = json.loads(as_json(figures, {"cores": 2}, ["litellm"]))
    assert document == {
        "figures": [
            {"name": "a.b", "value": 1.5, "unit": "ms", "goal": "<= 2", "ok": True},
            {"name": "a.c", "value": 7, "unit": "x", "goal": None, "ok": None},
        ],
        "machine": {"cores": 2},
        "left_out": ["litellm"],
    }


def test_answers_are_counted_by_the_cpu_time_of_the_server() -> None:
    """The median turn counts; a turn in which the server got less of the core is no worse."""
    turns = _turns("gateway", (4_000, 2.0, 1), (2_000, 1.0, 1), (9_000, 3.0, 1))
    assert turns.per_cpu_s() == 2_000
    assert turns.per_s() == 1_000
    assert turns.server_share() == 0.5


def test_what_else_ran_on_the_core_of_the_server_is_told() -> None:
    """Not idle and not the server is somebody else."""
    assert _turns("gateway", (1, 2.0, 1)).others_share() == 0.25
    assert _turns("gateway", (1, 3.2, 1)).others_share() == 0


def test_what_a_server_adds_is_compared_within_a_round() -> None:
    """A slow round of the machine is slow for the mock, too, and so adds nothing."""
    gateway = _turns("gateway", (1, 1, 1.5), (1, 1, 9.0), (1, 1, 1.75))
    direct = _turns("direct", (1, 1, 0.5), (1, 1, 8.0), (1, 1, 0.25))
    assert added_ms(gateway, direct) == 1.0


@pytest.mark.parametrize(("charged", "refused"), [(999, True), (1000, False), (1016, False)])
def test_a_call_that_is_not_charged_is_no_measurement(charged: int, refused: bool) -> None:
    """900 counted answers and 100 of the warm-up cost 1,000; up to 16 were left and may cost."""
    turns = _turns("gateway", (900, 1, 1))
    if refused:
        with pytest.raises(CannotMeasure, match="charged 999"):
            check_metered(turns, charged, connections=8)
    else:
        check_metered(turns, charged, connections=8)
    with pytest.raises(CannotMeasure, match="charged 1017"):
        check_metered(turns, 1017, connections=8)
