"""What a benchmark ends with: figures, their goals, and how both are shown. No I/O here."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class CannotMeasure(Exception):
    """A figure could not be had, or would be wrong; the text says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure must reach: at least, or at most, a value; meeting it exactly is enough."""

    comparison: str
    value: float

    def __post_init__(self) -> None:
        if self.comparison not in (">=", "<="):
            raise ValueError(f"a goal is >= or <=, not {self.comparison!r}")

    def is_met_by(self, value: float) -> bool:
        """Whether a value reaches it."""
        return value >= self.value if self.comparison == ">=" else value <= self.value

    def __str__(self) -> str:
        return f"{self.comparison} {self.value:g}"


def at_least(value: float) -> Goal:
    """A goal that more fulfils."""
    return Goal(">=", value)


def at_most(value: float) -> Goal:
    """A goal that less fulfils."""
    return Goal("<=", value)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    Attributes:
        name: `group.what`, such as `json.gateway_to_nginx`; scripts may rely on it.
        value: The median over the rounds, unless the name says otherwise.
        unit: What the value counts; `x` is a ratio.
        goal: What it must reach, or None where it only informs.
    """

    name: str
    value: float
    unit: str
    goal: Goal | None = None

    @property
    def ok(self) -> bool | None:
        """Whether the goal is met; None without one."""
        return None if self.goal is None else self.goal.is_met_by(self.value)


def median(values: Sequence[float]) -> float:
    """The median.

    Raises:
        CannotMeasure: There are no values.
    """
    if not values:
        raise CannotMeasure("a figure has no measurements behind it")
    return statistics.median(values)


def ratio(value: float, base: float) -> float:
    """How many times `base` goes into `value`.

    Raises:
        CannotMeasure: `base` is nothing, so that any answer would be an invention.
    """
    if base <= 0:
        raise CannotMeasure("a ratio has nothing to compare with: its base was measured as 0")
    return value / base


def shown(value: float) -> str:
    """A value with about four digits, as a person compares it."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def table(figures: Sequence[Figure]) -> list[str]:
    """The lines of a table for people; a missed goal is written in capitals."""
    rows = [("figure", "value", "unit", "goal", "ok")]
    rows += [
        (
            *(figure.name, shown(figure.value), figure.unit),
            "" if figure.goal is None else str(figure.goal),
            {None: "", True: "yes", False: "MISSED"}[figure.ok],
        )
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(_aligned(row, widths)).rstrip() for row in rows]


def _aligned(row: tuple[str, ...], widths: list[int]) -> list[str]:
    # Numbers stand under each other; everything else begins at the left.
    return [
        text.rjust(width) if column == 1 else text.ljust(width)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    ]


def as_json(figures: Sequence[Figure], machine: dict[str, Any], left_out: Sequence[str]) -> str:
    """The document that scripts read: `figures`, `machine`, and which peers were `left_out`."""
    document = {
        "figures": [
            {
                "name": figure.name,
                "value": figure.value,
                "unit": figure.unit,
                "goal": None if figure.goal is None else str(figure.goal),
                "ok": figure.ok,
            }
            for figure in figures
        ],
        "machine": machine,
        "left_out": list(left_out),
    }
    return json.dumps(document, indent=2) + "\n"
