"""What is counted, plainly, for whoever scrapes it. No I/O.

Plain numbers in dictionaries, since every call passes here; they become Prometheus's families only
where somebody asks (`exposition.py`). The keys are the program's own words and the ids of providers
that exist, never anything that a page chose.
"""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field

from tollbridge.gateway.observing.record import RequestRecord

# Upper ends in seconds: holds and settles take a millisecond, models think for minutes.
BUCKETS_S = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1, 2.5, 5, 10, 30, 60, 300),
)
_PROVIDER_ERRORS = "provider_"


@dataclass(slots=True)
class Histogram:
    """How long something took: counts by bucket (the last one is beyond all), and the sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    seconds: float = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(BUCKETS_S, seconds)] += 1
        self.seconds += seconds

    def copy(self) -> "Histogram":
        """Return another with the same counts."""
        return Histogram(list(self.counts), self.seconds)


@dataclass(slots=True)
class Figures:
    """Counts since the process began; for the event loop's thread only.

    Attributes:
        requests: By route, status and code.
        calls: By provider and outcome.
        credits: Charged, by provider.
        upstream_errors: By provider and reason.
        phases: Of calls, by name.
        running_calls: Metered calls that have not ended.
        rows_left_out: Requests that the request log did not write, since there were too many.
    """

    requests: dict[tuple[str, int, str], int] = field(default_factory=lambda: defaultdict(int))
    calls: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    credits: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    upstream_errors: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    phases: dict[str, Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    running_calls: int = 0
    rows_left_out: int = 0

    def count(self, record: RequestRecord) -> None:
        """Count a request that has ended."""
        self.requests[record.route, record.status, record.error] += 1
        for name, seconds in record.laps:
            self.phases[name].observe(seconds)
        provider = record.provider_id
        if not provider:
            return
        if record.outcome:
            self.calls[provider, record.outcome] += 1
        if record.credits:
            self.credits[provider] += record.credits
        if record.error.startswith(_PROVIDER_ERRORS):
            self.upstream_errors[provider, record.reason or record.error] += 1
        elif record.outcome == "broken":
            self.upstream_errors[provider, "broke_off"] += 1

    def copy(self) -> "Figures":
        """Return the counts as they are now, for another thread."""
        return Figures(
            dict(self.requests),
            dict(self.calls),
            dict(self.credits),
            dict(self.upstream_errors),
            {name: histogram.copy() for name, histogram in self.phases.items()},
            self.running_calls,
            self.rows_left_out,
        )
