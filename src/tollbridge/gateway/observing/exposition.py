"""The figures as Prometheus reads them. Imported only where somebody scrapes."""

from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

import tollbridge
from tollbridge.gateway.database import StoreLoad
from tollbridge.gateway.observing.figures import BUCKETS_S, Figures

PREFIX = "tollbridge"


def expose(figures: Figures, load: StoreLoad, repairs_due: int) -> bytes:
    """Return everything in Prometheus's text format; reads the process's own figures from `/proc`.

    `figures` are a copy that nobody changes meanwhile; `repairs_due` are calls whose credit a
    failing store has not taken back yet.
    """
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Families(figures, load, repairs_due))
    return generate_latest(registry)


class _Families(Collector):
    def __init__(self, figures: Figures, load: StoreLoad, repairs_due: int) -> None:
        self._figures = figures
        self._load = load
        self._repairs_due = repairs_due

    def collect(self) -> Iterable[Metric]:
        """See prometheus_client."""
        figures, load = self._figures, self._load
        yield InfoMetricFamily(
            f"{PREFIX}_build", "This program.", value={"version": tollbridge.__version__}
        )
        yield _counter(
            "requests",
            "Requests that ended; a status of 0 is a page that left.",
            ("route", "status", "code"),
            {
                (route, str(status), code): n
                for (route, status, code), n in figures.requests.items()
            },
        )
        yield _counter("calls", "Metered calls that ended.", ("provider", "outcome"), figures.calls)
        yield _counter(
            "credits_charged",
            "Credits that calls cost in the end.",
            ("provider",),
            {(provider,): n for provider, n in figures.credits.items()},
        )
        yield _counter(
            "upstream_errors",
            "Calls that failed on the provider's side.",
            ("provider", "reason"),
            figures.upstream_errors,
        )
        yield _phases(figures)
        yield _gauge("running_calls", "Metered calls that have not ended.", figures.running_calls)
        yield _gauge("repairs_due", "Calls whose credit is still to come back.", self._repairs_due)
        yield _gauge(
            "store_waiting_scripts",
            "Writes, holds among them, that are not committed yet.",
            load.waiting,
        )
        yield _plain("store_commits", "Commits of the store.", load.commits)
        yield _plain("store_commit_scripts", "Writes in these commits.", load.scripts)
        yield _plain("store_commit_seconds", "What these commits took.", load.seconds)
        yield _plain(
            "request_log_rows_left_out",
            "Requests that the request log did not write, since too many were alike.",
            figures.rows_left_out,
        )


def _counter(
    name: str,
    text: str,
    labels: tuple[str, ...],
    values: Mapping[Any, int],
) -> Metric:
    family = CounterMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _plain(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"{PREFIX}_{name}", text, value=value)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, value=value)


def _phases(figures: Figures) -> Metric:
    family = HistogramMetricFamily(
        f"{PREFIX}_call_phase_seconds", "What each phase of a call took.", labels=("phase",)
    )
    for phase, histogram in sorted(figures.phases.items()):
        below, buckets = 0, []
        for end, count in zip((*map(str, BUCKETS_S), "+Inf"), histogram.counts, strict=True):
            below += count
            buckets.append((end, below))
        family.add_metric((phase,), buckets, histogram.seconds)
    return family
