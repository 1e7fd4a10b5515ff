"""`docs/performance.md` names the figures, goals and options that the benchmark has."""

import re

from building.bench.arguments import GROUPS, PAGE_GROUPS, PEERS, STORES_GROUPS
from building.bench.figures import Goal
from building.bench.goals import GOALS
from tests.tidy.tree import ROOT

TEXT = (ROOT / "docs" / "performance.md").read_text("utf-8")
_ROW = re.compile(
    r"\| `([a-z_]+\.[a-z_]+)` \| (-?[0-9.,]+) \| \S+ \| (<=|>=) ([0-9.]+) \| (yes|no) \|"
)


def test_every_goal_stands_in_the_table_with_its_verdict() -> None:
    """Each figure that has a goal is there, with that goal, and the verdict follows from both."""
    rows = {name: rest for name, *rest in _ROW.findall(TEXT)}
    assert rows.keys() == GOALS.keys()
    for name, (value, comparison, limit, verdict) in rows.items():
        assert Goal(comparison, float(limit)) == GOALS[name], name
        assert GOALS[name].is_met_by(float(value.replace(",", ""))) is (verdict == "yes"), name


def test_every_group_and_peer_is_explained() -> None:
    """What `--only` and `--without` take can be looked up."""
    for group in (*GROUPS, *PAGE_GROUPS, *STORES_GROUPS):
        assert f"\n| `{group}` | " in TEXT, group
    assert all(f"`{peer}`" in TEXT for peer in PEERS)
    assert re.search(r"\b20\d\d\b", TEXT), "figures without a date are worth nothing"
