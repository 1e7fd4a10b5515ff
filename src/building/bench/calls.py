"""The figures of whole answers under load: plain calls, streams, and one call at a time."""

from building.bench.arguments import LITELLM, PORTKEY
from building.bench.figures import CannotMeasure, Figure, median, ratio
from building.bench.goals import figure
from building.bench.payloads import EVENTS
from building.bench.scene import Scene
from building.bench.turns import Contender, Turns, take_turns

CONNECTIONS = 64
# A stream keeps a server busy for long, so fewer are enough to keep it busy all the time.
STREAM_CONNECTIONS = 16
USERS = 64


async def measure_json(scene: Scene) -> list[Figure]:
    """Plain calls: 1 KB of JSON, 64 connections."""
    user = await scene.gateway.sign_in()
    users = [await scene.gateway.sign_in() for _ in range(USERS)]
    contenders = [
        Contender("direct", scene.direct("json")),
        Contender("nginx", scene.through_nginx("json"), scene.proxy[0]),
        Contender("gateway", scene.gateway.target("json", user), scene.gateway.process),
        Contender(
            f"gateway_{USERS}_users",
            scene.gateway.target("json", *users),
            scene.gateway.process,
        ),
        *_peers(scene),
    ]
    before = await scene.gateway.credits(user)
    taken = await _take(scene, contenders, CONNECTIONS)
    check_metered(taken["gateway"], before - await scene.gateway.credits(user), CONNECTIONS)
    gateway, direct = taken["gateway"], taken["direct"]
    figures = [figure("json.direct_per_s", direct.per_s(), "calls/s")]
    figures += [
        figure(f"json.{name}_per_cpu_s", turns.per_cpu_s(), "calls/CPU-s")
        for name, turns in taken.items()
        if name != "direct"
    ]
    figures += [
        _compared("json", gateway, taken[name])
        for name in ("nginx", PORTKEY, LITELLM)
        if name in taken
    ]
    return [*figures, *_headroom("json", direct, gateway)]


async def measure_streams(scene: Scene) -> list[Figure]:
    """Unpaced streams of 200 events; a peer's answer counts as many, however it cuts them."""
    scene.mock.pace_s = 0
    figures = await _measure_streams(scene, "streams", with_peers=True)
    # Shows what of a stream is the call and what its events, which cost next to nothing here.
    scene.mock.is_whole = True
    try:
        return figures + await _measure_streams(scene, "streams_whole", with_peers=False)
    finally:
        scene.mock.is_whole = False


async def _measure_streams(scene: Scene, group: str, *, with_peers: bool) -> list[Figure]:
    user = await scene.gateway.sign_in()
    contenders = [
        Contender("direct", scene.direct("stream")),
        Contender("nginx", scene.through_nginx("stream"), scene.proxy[0]),
        Contender("gateway", scene.gateway.target("stream", user), scene.gateway.process),
        *(_peers(scene, streams=True) if with_peers else ()),
    ]
    taken = await _take(scene, contenders, STREAM_CONNECTIONS)
    gateway, direct = taken["gateway"], taken["direct"]
    figures = [figure(f"{group}.direct_per_s", direct.per_s() * EVENTS, "events/s")]
    figures += [
        figure(f"{group}.{name}_per_cpu_s", turns.per_cpu_s() * EVENTS, "events/CPU-s")
        for name, turns in taken.items()
        if name != "direct"
    ]
    figures.append(_compared(group, gateway, taken["nginx"]))
    return [*figures, *_headroom(group, direct, gateway)]


async def measure_latency(scene: Scene) -> list[Figure]:
    """One connection, one call after the other: what each server adds to the mock's own time."""
    user = await scene.gateway.sign_in()
    contenders = [
        Contender("direct", scene.direct("json")),
        Contender("nginx", scene.through_nginx("json"), scene.proxy[0]),
        Contender("gateway", scene.gateway.target("json", user), scene.gateway.process),
        *_peers(scene, never_slow=True),  # no call waits for another, so nothing is left over
    ]
    taken = await _take(scene, contenders, 1)
    direct = taken.pop("direct")
    figures = [figure("latency.direct_p50_ms", direct.p50_ms(), "ms")]
    figures += [
        figure(f"latency.{name}_added_ms", added_ms(turns, direct), "ms")
        for name, turns in taken.items()
    ]
    return [*figures, figure("latency.gateway_p99_ms", taken["gateway"].p99_ms(), "ms")]


def added_ms(turns: Turns, direct: Turns) -> float:
    """Median over the rounds of what a server's median exceeds the mock's of the same round by."""
    pairs = zip(turns.turns, direct.turns, strict=True)
    return median([turn.load.p50_ms - base.load.p50_ms for turn, base in pairs])


def check_metered(turns: Turns, charged: int, connections: int) -> None:
    """Make sure that what was measured was metered: a credit for each answer.

    When `wrk` ends it leaves as many calls as it has connections, and these may be charged, too.

    Raises:
        CannotMeasure: Fewer or more credits were charged.
    """
    answered = sum(turn.load.requests + turn.warm_requests for turn in turns.turns)
    left = 2 * connections * len(turns.turns)
    if not answered <= charged <= answered + left:
        raise CannotMeasure(
            f"the gateway answered {answered} calls, at most {left} were left, "
            f"and it charged {charged} credits"
        )


def _compared(group: str, gateway: Turns, other: Turns) -> Figure:
    value = ratio(gateway.per_cpu_s(), other.per_cpu_s())
    return figure(f"{group}.gateway_to_{other.name}", value, "x")


def _headroom(group: str, direct: Turns, gateway: Turns) -> list[Figure]:
    """What shows that the server was the bottleneck, and not the load."""
    headroom = ratio(direct.per_s(), gateway.per_s())
    return [
        figure(f"{group}.direct_to_gateway", headroom, "x"),
        figure(f"{group}.gateway_core_share", gateway.server_share() * 100, "%"),
        figure(f"{group}.others_core_share", gateway.others_share() * 100, "%"),
        figure(f"{group}.load_core_idle", gateway.load_core_idle() * 100, "%"),
    ]


def _peers(scene: Scene, *, streams: bool = False, never_slow: bool = False) -> list[Contender]:
    found = []
    for name, peer in scene.peers.items():
        target = peer.stream_target if streams else peer.target
        if target is not None:
            slow = name == LITELLM and not never_slow
            found.append(Contender(name, target, peer.process, is_slow=slow, is_restless=True))
    return found


async def _take(scene: Scene, contenders: list[Contender], connections: int) -> dict[str, Turns]:
    return await take_turns(
        contenders,
        connections=connections,
        plan=scene.plan,
        cores=scene.cores,
        folder=scene.folder,
    )
