"""What gateway, stores and page have to reach, by the name of the figure. Values only."""

from building.bench.arguments import LITELLM, PORTKEY
from building.bench.figures import Figure, at_least, at_most

# MB and KB are powers of ten. The ratios of `json` and `streams` are of answers and of events per
# CPU-second of the server, since figures by the clock drift with whatever else the machine does.
GOALS = {
    "start.gateway_s": at_most(2),
    "json.gateway_to_nginx": at_least(0.08),
    f"json.gateway_to_{PORTKEY}": at_least(5),
    f"json.gateway_to_{LITELLM}": at_least(40),
    "streams.gateway_to_nginx": at_least(0.3),
    "latency.gateway_added_ms": at_most(2),
    "first_chunk.gateway_behind_nginx_ms": at_most(25),
    "abort.gateway_median_ms": at_most(5),
    "abort.gateway_worst_ms": at_most(250),
    "abort.gateway_before_answer_median_ms": at_most(5),
    "abort.gateway_before_answer_worst_ms": at_most(250),
    "memory.gateway_idle_mb": at_most(85),
    "memory.gateway_per_stream_kb": at_most(40),
    # The mock with nothing between must be this much faster than the gateway by the clock, or the
    # load would be what is measured.
    "json.direct_to_gateway": at_least(1.2),
    "streams.direct_to_gateway": at_least(1.2),
    "streams_whole.direct_to_gateway": at_least(1.2),
    # The page: ratios are of times taken in turn on the same machine.
    "start.python_cold_to_stock": at_most(0.40),
    # The goal beyond this limit is 0.35.
    "start.strict_cold_to_pyodide": at_most(0.42),
    "slow.strict_to_pyodide": at_most(0.5),
    # From the click to the first byte, of what stock Pyodide takes from the navigation.
    "widget.to_pyodide": at_most(0.10),
    "slow.widget_to_pyodide": at_most(0.08),
    "widget.typing_ms": at_most(100),
    "widget.byte_ms": at_most(1000),
    "widget.task_before_ms": at_most(50),
    "widget.task_after_ms": at_most(200),
    "paint.behind_bare_ms": at_most(50),
    "events.python_to_javascript": at_most(3),
    "store.us_per_subscriber": at_most(2),
    "frame.counter_behind_words": at_most(0),
    "size.sdk_kb": at_most(30),
    # The stores: ratios of what was done in turn in one run. Growth is that of a hold's time on ten
    # million calls against ten thousand.
    "batches.together_to_single": at_least(8),
    "calls.postgres_to_sqlite": at_least(0.8),
    "workers.two_to_one": at_least(0.85),
    "history.sqlite_median_growth": at_most(1.3),
    "history.sqlite_tail_growth": at_most(1.3),
    "history.postgres_median_growth": at_most(1.3),
    "history.postgres_tail_growth": at_most(1.3),
}


def figure(name: str, value: float, unit: str) -> Figure:
    """A figure with the goal that its name has, if any."""
    return Figure(name, value, unit, GOALS.get(name))
