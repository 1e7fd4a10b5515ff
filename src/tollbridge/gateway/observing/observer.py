"""Takes in each request's record when the request ends: figures, request log, a line if refused."""

import logging
from time import perf_counter
from typing import Any

from tollbridge.gateway.clock import Clock
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.observing.figures import Figures
from tollbridge.gateway.observing.logs import request_of_task
from tollbridge.gateway.observing.metrics import PATH as METRICS
from tollbridge.gateway.observing.record import RequestRecord
from tollbridge.gateway.observing.request_log import RequestLog
from tollbridge.gateway.observing.sampling import Sampler
from tollbridge.wire import paths

log = logging.getLogger(__name__)

CALL_ROUTE = f"{paths.GATEWAY}/{{provider_id}}"
PREFLIGHT = "(preflight)"
# The site's files, and whatever is not there.
OTHER = "(other)"
# What was refused before it could be read: no method, no path.
UNREADABLE = "(unreadable)"
# Rows of one route, status and code in a minute, where no call stands behind them: requests cost
# their caller nothing, rows cost us disk. Calls are always written.
ROWS_PER_MINUTE = 300

# Asked all day by whoever watches the process, or by browsers.
_NOT_LOGGED = frozenset((paths.HEALTH, paths.READY, METRICS, PREFLIGHT, OTHER))


class Observer:
    """Counts, writes and tells of the requests of one gateway."""

    def __init__(self, clock: Clock, figures: Figures, request_log: RequestLog | None) -> None:
        """Observe; `request_log` is None where none is kept."""
        self._clock = clock
        self._figures = figures
        self._request_log = request_log
        self._rows: Sampler[tuple[str, int, str]] = Sampler(ROWS_PER_MINUTE)

    def begin(self, method: str) -> RequestRecord:
        """Make the record of a request whose head is here, in the task that serves it."""
        request_id = new_id("req")
        request_of_task.set(request_id)
        return RequestRecord(request_id, method, self._clock.now_ms())

    def call_begins(self, record: RequestRecord) -> None:
        """Note that the request is a metered call."""
        record.route = CALL_ROUTE
        self._figures.running_calls += 1

    def end(self, record: RequestRecord, scope: Any) -> None:
        """Take in a request that has ended, however it did; `scope` is its ASGI scope."""
        if record.route == CALL_ROUTE:
            self._figures.running_calls -= 1
        elif not record.route:
            route = scope.get("route")  # the router's, with the path's shape
            record.route = OTHER if route is None else route.path
            if 200 <= record.status < 300:  # it exists, and is not just what a page filled in
                record.paywall_id = scope.get("path_params", {}).get("paywall_id", "")
        self._figures.count(record)
        if record.error and record.error != "internal_error":  # that one has told of itself
            _tell_refusal(record)
        if self._request_log is not None and record.route not in _NOT_LOGGED:
            self._write_row(self._request_log, record)

    def unreadable(self, code: str, status: int) -> str:
        """Take in a request that its connection refused by itself; return the id it gets."""
        record = RequestRecord(new_id("req"), "", self._clock.now_ms(), route=UNREADABLE)
        record.error, record.status = code, status
        self._figures.count(record)
        outside = request_of_task.set(record.request_id)
        _tell_refusal(record)
        request_of_task.reset(outside)  # the connection is no task of this request
        if self._request_log is not None:
            self._write_row(self._request_log, record)
        return record.request_id

    def _write_row(self, request_log: RequestLog, record: RequestRecord) -> None:
        if not record.call_id:
            left_out = sum(self._rows.close_minute().values())
            if left_out:
                self._figures.rows_left_out += left_out
                log.warning("the request log left out %d requests of the last minute", left_out)
            if not self._rows.take((record.route, record.status, record.error)):
                return
        request_log.write(record)


def _tell_refusal(record: RequestRecord) -> None:
    level = logging.WARNING if record.status >= 500 else logging.INFO
    log.log(
        level,
        "refused",
        extra={
            "code": record.error,
            "status": record.status,
            "method": record.method,
            "route": record.route,
            "duration_ms": round((perf_counter() - record.began) * 1000),
        },
    )
