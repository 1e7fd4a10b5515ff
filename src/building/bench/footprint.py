"""The figures of a gateway of its own: how soon it answers, how much memory it takes."""

import time

from building.bench.client import wait_for_200
from building.bench.figures import Figure, median
from building.bench.gateway import START_S, running
from building.bench.goals import figure
from building.bench.moments import leave_all, open_streams
from building.bench.payloads import STREAM_QUESTION
from building.bench.scene import Scene

# While memory is measured, streams are open and do little else.
PACE_S = 1.0


async def measure_start(scene: Scene) -> list[Figure]:
    """From the start of the process to its first metered answer, on a data folder that exists."""
    with scene.fresh_gateway("start") as (gateway, folder):
        target = gateway.target("json", await gateway.sign_in())
        await wait_for_200(target, within_s=START_S)
        headers = target.all_headers
    taken_s = []
    for _ in range(scene.plan.starts):
        with running(folder, core=scene.cores.server) as gateway:
            await wait_for_200(gateway.target("json", headers), within_s=START_S)
            taken_s.append(time.monotonic() - gateway.begun_s)
    return [
        figure("start.gateway_s", median(taken_s), "s"),
        *(
            figure(f"start.{name}_s", took_s, "s")
            for name, (took_s, _) in scene.peer_starts.items()
        ),
    ]


async def measure_memory(scene: Scene) -> list[Figure]:
    """What an idle gateway takes after one call, and what each open stream adds."""
    with scene.fresh_gateway("memory") as (gateway, _):
        user = await gateway.sign_in()
        await wait_for_200(gateway.target("json", user), within_s=START_S)
        idle_bytes = gateway.process.rss_bytes()
        scene.mock.pace_s = PACE_S
        target = gateway.target("stream", user, body=STREAM_QUESTION)
        exchanges = await open_streams(target, scene.plan.open_streams)
        for exchange in exchanges:
            exchange.ask(target)
        for exchange in exchanges:
            await exchange.first_event_s()
        busy_bytes = gateway.process.rss_bytes()
        await leave_all(scene, exchanges)
    return [
        figure("memory.gateway_idle_mb", idle_bytes / 1e6, "MB"),
        figure(
            "memory.gateway_per_stream_kb",
            (busy_bytes - idle_bytes) / len(exchanges) / 1e3,
            "KB",
        ),
        *(
            figure(f"memory.{name}_idle_mb", rss_bytes / 1e6, "MB")
            for name, (_, rss_bytes) in scene.peer_starts.items()
        ),
    ]
