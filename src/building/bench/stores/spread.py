"""How long something took, over many times: the middle, and where the slowest twentieth begins."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from building.bench.figures import CannotMeasure


class Spread(NamedTuple):
    """Seconds.

    Attributes:
        median_s: The 50th percentile.
        tail_s: The 95th percentile.
    """

    median_s: float
    tail_s: float


def spread_of(seconds: Sequence[float]) -> Spread:
    """What is told of many times.

    Raises:
        CannotMeasure: There are none.
    """
    return Spread(percentile(seconds, 0.5), percentile(seconds, 0.95))


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that at least that part of the values does not exceed.

    Raises:
        CannotMeasure: There are no values.
    """
    if not values:
        raise CannotMeasure("a figure has no measurements behind it")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * part) - 1)]
