"""The figures that are about moments: a first chunk, a leave. Taken with the client of our own."""

import asyncio
from collections.abc import Sequence

from building.bench.client import Exchange, Target, connect
from building.bench.figures import CannotMeasure, Figure, median
from building.bench.goals import figure
from building.bench.payloads import STREAM_QUESTION
from building.bench.scene import Scene

STREAMS = 50
# Between two events while leaving is measured: the pace of a quick model.
PACE_S = 0.02
# A leave that has not reached the provider by then counts as this late, which misses every goal.
NEVER_S = 5.0
# A stream of opened-at-once ones is short, so it has more rounds than the loads have.
ROUNDS_FACTOR = 3


async def measure_first_chunk(scene: Scene) -> list[Figure]:
    """How long after asking the first event comes, of streams that are opened at once."""
    scene.mock.pace_s = PACE_S
    targets = await _targets(scene)
    medians: dict[str, list[float]] = {name: [] for name in targets}
    for _ in range(scene.plan.rounds * ROUNDS_FACTOR):
        for name, target in targets.items():
            medians[name].append(median(await _first_chunks_ms(scene, target)))
    behind = [
        ours - theirs for ours, theirs in zip(medians["gateway"], medians["nginx"], strict=True)
    ]
    return [
        *(figure(f"first_chunk.{name}_ms", median(taken), "ms") for name, taken in medians.items()),
        figure("first_chunk.gateway_behind_nginx_ms", median(behind), "ms"),
    ]


async def measure_abort(scene: Scene) -> list[Figure]:
    """How long after the client has closed its connection the provider's is closed."""
    scene.mock.pace_s = PACE_S
    targets = await _targets(scene)
    del targets["direct"]
    delays = {name: await _leaves_ms(scene, target) for name, target in targets.items()}
    scene.mock.is_silent = True
    try:
        waiting = await _leaves_ms(scene, targets["gateway"])
    finally:
        scene.mock.is_silent = False
    gateway = delays["gateway"]
    return [
        figure("abort.nginx_median_ms", median(delays["nginx"]), "ms"),
        figure("abort.gateway_median_ms", median(gateway), "ms"),
        figure("abort.gateway_worst_ms", max(gateway), "ms"),
        figure("abort.gateway_before_answer_median_ms", median(waiting), "ms"),
        figure("abort.gateway_before_answer_worst_ms", max(waiting), "ms"),
    ]


async def _targets(scene: Scene) -> dict[str, Target]:
    user = await scene.gateway.sign_in()
    return {
        "direct": scene.direct("stream"),
        "nginx": scene.through_nginx("stream"),
        "gateway": scene.gateway.target("stream", user, body=STREAM_QUESTION),
    }


async def open_streams(target: Target, count: int) -> list[Exchange]:
    """Open connections, so that afterwards only the asking takes time."""
    return list(await asyncio.gather(*(connect(target.port) for _ in range(count))))


async def _first_chunks_ms(scene: Scene, target: Target) -> list[float]:
    exchanges = await open_streams(target, STREAMS)
    begun = [exchange.ask(target) for exchange in exchanges]
    came = await asyncio.gather(*(exchange.first_event_s() for exchange in exchanges))
    await leave_all(scene, exchanges)
    return [(at - asked) * 1000 for at, asked in zip(came, begun, strict=True)]


async def leave_all(scene: Scene, exchanges: Sequence[Exchange]) -> None:
    """Leave streams that run, and wait until the mock is quiet for whatever comes next.

    Raises:
        CannotMeasure: The provider's connections stay open.
    """
    scene.mock.forget_closes()
    for exchange in exchanges:
        exchange.leave()
    try:
        async with asyncio.timeout(NEVER_S):
            for _ in exchanges:
                await scene.mock.next_close_s()
    except TimeoutError:
        raise CannotMeasure("streams that were left go on at the provider") from None


async def _leaves_ms(scene: Scene, target: Target) -> list[float]:
    delays = []
    for _ in range(scene.plan.aborts):
        (exchange,) = await open_streams(target, 1)
        scene.mock.forget_closes()
        asked = scene.mock.next_question()
        exchange.ask(target)
        if scene.mock.is_silent:
            await asked
        else:
            await exchange.first_event_s()
        left_s = exchange.leave()
        try:
            async with asyncio.timeout(NEVER_S):
                closed_s = await scene.mock.next_close_s()
        except TimeoutError:
            closed_s = left_s + NEVER_S
        delays.append((closed_s - left_s) * 1000)
    return delays
