"""The benchmark of the stores, as far as it depends on no machine."""

import asyncio
import os
from pathlib import Path

import pytest

from building.bench.arguments import STORES_GROUPS, read_arguments
from building.bench.client import Target
from building.bench.figures import CannotMeasure
from building.bench.goals import GOALS
from building.bench.stores import gates
from building.bench.stores.debits import Debits, figures_of, joined
from building.bench.stores.fill import POSTGRES, SQLITE, Past, calls, people, users_of
from building.bench.stores.gateways import grown
from building.bench.stores.history import growth, past_of
from building.bench.stores.plan import QUICK, StoresPlan
from building.bench.stores.run import MEASURES
from building.bench.stores.sizes import Sizes
from building.bench.stores.spread import Spread, percentile, spread_of
from building.bench.stores.work import Driven
from building.bench.wrk import script


def test_every_group_is_measured_and_can_be_chosen() -> None:
    """What the command line offers is what there is, in the same order."""
    assert tuple(MEASURES) == STORES_GROUPS
    assert read_arguments(["stores", "--only", "history"]).only == ["history"]
    with pytest.raises(SystemExit):
        read_arguments(["stores", "--only", "streams"])


def test_a_past_comes_out_even() -> None:
    """All users have the same past, so that what each has left is a matter of counting."""
    past = Past(users=10, calls=1_000)
    assert past.spent == 90
    assert Past(users=7, calls=0).spent == 0
    assert len(set(users_of(past))) == 10
    with pytest.raises(ValueError, match="do not come out even among 10 users"):
        Past(users=10, calls=1_050)
    for plan in (StoresPlan(), QUICK):
        for count in (plan.few_calls, plan.many_calls, plan.upkeep_calls):
            assert past_of(count).calls == count


def test_a_past_without_calls_makes_none() -> None:
    """Only users and their grants are made for work that brings its own calls."""
    assert calls(Past(5, 0), SQLITE) == calls(Past(5, 0), POSTGRES) == []
    assert [text.split()[2] for text in people(Past(5, 0), SQLITE)] == [
        *("paywalls", "users", "grants", "balances", "journal"),
    ]


@pytest.mark.parametrize(
    ("values", "part", "expected"),
    [
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([4.0, 1.0, 2.0, 3.0], 0.5, 2.0),
        ([float(number) for number in range(1, 101)], 0.95, 95.0),
        ([float(number) for number in range(1, 21)], 0.95, 19.0),
        ([7.0], 0.95, 7.0),
        ([1.0, 2.0], 1.0, 2.0),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(
    values: list[float], part: float, expected: float
) -> None:
    """The smallest one that so many do not exceed; nothing between two of them."""
    assert percentile(values, part) == expected


def test_a_percentile_of_nothing_is_no_figure() -> None:
    """An empty list ends the run instead of passing for zero."""
    with pytest.raises(CannotMeasure):
        spread_of([])


def test_the_slow_ones_are_more_than_one_in_twenty() -> None:
    """One slow hold among twenty is not the tail yet; two are."""
    assert spread_of([0.001] * 19 + [0.002]) == Spread(0.001, 0.001)
    assert spread_of([0.001] * 18 + [0.002] * 2) == Spread(0.001, 0.002)


def test_growth_is_that_of_the_middle_and_of_the_slow_ones() -> None:
    """Both have a goal, and both stores."""
    told = {found.name: found for found in growth("sqlite", Spread(1, 2), Spread(1.2, 2.8))}
    assert told["history.sqlite_median_growth"].value == 1.2
    assert told["history.sqlite_median_growth"].ok is True
    assert told["history.sqlite_tail_growth"].value == 1.4
    assert told["history.sqlite_tail_growth"].ok is False
    assert told["history.sqlite_many_tail_ms"].value == 2_800


def test_processes_beside_each_other_are_one_worker() -> None:
    """What they did and used adds up; it took as long as the last of them took."""
    assert joined([Driven(100, 2.0, 0.5), Driven(50, 2.5, 0.25)]) == Driven(150, 2.5, 0.75)


def test_debits_are_told_by_the_clock_and_by_cpu_time() -> None:
    """The median round counts; a store inside the process has no CPU-time of its own."""
    rounds = [
        Debits(Driven(1_000, 2.0, 0.1), 0.2),
        Debits(Driven(3_000, 2.0, 0.1), 0.2),
        Debits(Driven(2_000, 2.0, 0.1), 0.2),
    ]
    told = {figure.name: figure.value for figure in figures_of("debits.postgres_hot", rounds)}
    assert told == {
        "debits.postgres_hot_per_s": 1_000,
        "debits.postgres_hot_cpu_us": pytest.approx(50),
        "debits.postgres_hot_server_cpu_us": pytest.approx(100),
    }
    names = {figure.name for figure in figures_of("debits.sqlite_hot", rounds)}
    assert names == {"debits.sqlite_hot_per_s", "debits.sqlite_hot_cpu_us"}


def test_what_calls_add_is_told_for_each_table_and_index() -> None:
    """Rows for a call, megabytes for a million; what hardly grows is only in the sum."""
    before = Sizes({"calls": 10, "users": 5}, {"calls": 1_000, "users": 500, "calls_by_key": 0})
    after = Sizes(
        {"calls": 110, "users": 5, "journal": 4},
        {"calls": 31_000, "users": 500, "calls_by_key": 10_000, "journal": 50},
    )
    told = {figure.name: figure.value for figure in grown("cost.x", before, after, 100)}
    assert told == {
        "cost.x_calls_rows": 1,
        "cost.x_journal_rows": 0.04,
        "cost.x_calls_mb": 300,
        "cost.x_calls_by_key_mb": 100,
        "cost.x_all_mb": 400.5,
    }


def test_only_calls_that_are_wanted_so_carry_keys() -> None:
    """Each script has keys of its own, so that two loads never repeat each other's calls."""
    target = Target("any", 1, "/v1", b"{}")
    assert 'local key = ""\n' in script(target)
    keyed = Target("any", 1, "/v1", b"{}", is_keyed=True)
    assert 'local key = ""\n' not in script(keyed)
    assert script(keyed) != script(keyed)


async def test_processes_begin_when_the_last_is_ready(tmp_path: Path) -> None:
    """The gate opens after all have come, and leaves nothing behind."""
    gate = tmp_path / "gate"
    opening = asyncio.create_task(asyncio.to_thread(gates.open_gate, gate, 2))
    first = asyncio.create_task(asyncio.to_thread(gates.stand_ready, gate, 0))
    done, _ = await asyncio.wait([opening, first], timeout=0.2)
    assert not done
    await asyncio.to_thread(gates.stand_ready, gate, 1)
    await asyncio.gather(opening, first)
    assert len(os.listdir(tmp_path)) == 3
    gates.take_away(gate)
    assert os.listdir(tmp_path) == []


def test_a_process_that_does_not_come_is_not_waited_for_forever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that failed before it was ready ends the run with a sentence."""
    monkeypatch.setattr(gates, "READY_S", 0.02)
    with pytest.raises(CannotMeasure, match="not ready in time"):
        gates.open_gate(tmp_path / "gate", 1)


def test_the_ratios_that_were_promised_are_goals() -> None:
    """Together beside alone, one store beside the other, two beside one, and a long past."""
    assert {name: str(GOALS[name]) for name in GOALS if name.split(".")[0] in MEASURES} == {
        "batches.together_to_single": ">= 8",
        "calls.postgres_to_sqlite": ">= 0.8",
        "workers.two_to_one": ">= 0.85",
        "history.sqlite_median_growth": "<= 1.3",
        "history.sqlite_tail_growth": "<= 1.3",
        "history.postgres_median_growth": "<= 1.3",
        "history.postgres_tail_growth": "<= 1.3",
    }
