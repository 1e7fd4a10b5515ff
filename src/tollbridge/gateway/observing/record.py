"""What is noted of one request while it runs: for the log, the figures and `Server-Timing`. No I/O.

The outermost middleware makes it; whoever learns something fills it in. It holds no prompt, no
secret, no address and no text that a page chose.
"""

from dataclasses import dataclass, field
from time import perf_counter

# Where a request's scope holds its record.
RECORD = "tollbridge.record"


@dataclass(slots=True)
class RequestRecord:
    """One request, from its head to the end of its answer.

    Attributes:
        began: By `time.perf_counter`, in seconds.
        began_at: Milliseconds since 1970.
        route: The path's shape, such as `/api/v1/api-gateway/{provider_id}`; empty while it is not
            known, and for what is not counted at all.
        status: The answer's; 0 where the page had left before there was one.
        error: The listed code of a refusal.
        reason: What kind of failure of the provider it was, as `details.reason` says.
        provider_id: Of a provider or a template that exists; never what a page merely asked for.
        outcome: What became of a call, as its receipt says.
        credits: Charged in the end; None where it is no call.
        bytes_in: Of the request's body, as far as it was read.
        bytes_out: Of the answer's body, as far as it was sent.
        laps: Each phase with its seconds, in the order in which they ended.
    """

    request_id: str
    method: str
    began_at: int
    began: float = field(default_factory=perf_counter)
    route: str = ""
    status: int = 0
    error: str = ""
    reason: str = ""
    paywall_id: str = ""
    user_id: str = ""
    provider_id: str = ""
    call_id: str = ""
    outcome: str = ""
    credits: int | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    laps: list[tuple[str, float]] = field(default_factory=list)
    lap_began: float = 0.0

    def lap(self, name: str) -> None:
        """Note that the phase `name` ends now; it began where the one before ended."""
        now = perf_counter()
        self.laps.append((name, now - (self.lap_began or self.began)))
        self.lap_began = now

    def server_timing(self) -> bytes:
        """Return the value of `Server-Timing`: milliseconds of each phase, else of everything."""
        laps = self.laps or [("total", perf_counter() - self.began)]
        return ", ".join([f"{name};dur={seconds * 1000:.1f}" for name, seconds in laps]).encode()
