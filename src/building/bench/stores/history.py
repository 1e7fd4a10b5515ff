"""The groups about what grows: holds on a long past, and what looks at all of it."""

import asyncio
import time
from dataclasses import asdict

from building.bench.figures import Figure, ratio
from building.bench.gateway import Folder
from building.bench.goals import figure
from building.bench.stores.fill import GIVEN_BACK_EACH, Past
from building.bench.stores.sizes import sizes_of
from building.bench.stores.spread import Spread
from building.bench.stores.stage import POSTGRES_STORE, STORES, Stage

# Calls that each user has made: users grow with the calls, as they do.
CALLS_EACH = 10 * GIVEN_BACK_EACH


def past_of(calls: int) -> Past:
    """A past of so many calls, `CALLS_EACH` by each user."""
    return Past(calls // CALLS_EACH, calls)


async def measure_history(stage: Stage) -> list[Figure]:
    """How much longer a hold takes on many rows than on few."""
    few, many = past_of(stage.plan.few_calls), past_of(stage.plan.many_calls)
    figures = []
    async with (
        stage.place(STORES[0], "few") as few_sqlite,
        stage.place(STORES[0], "many") as many_sqlite,
        stage.place(STORES[1], "few") as few_postgres,
        stage.place(STORES[1], "many") as many_postgres,
    ):
        sides = {STORES[0]: (few_sqlite, many_sqlite), STORES[1]: (few_postgres, many_postgres)}

        async def fill(store: str) -> None:
            for place, past in zip(sides[store], (few, many), strict=True):
                await stage.run("fill", place=place, **asdict(past))

        begun_s = time.monotonic()
        # Side by side: one has the servers' core, the other works on PostgreSQL's.
        await asyncio.gather(*(fill(store) for store in STORES))
        figures.append(figure("history.filling_s", time.monotonic() - begun_s, "s"))
        for store, (few_place, many_place) in sides.items():
            taken = await stage.run(
                "holds",
                few=few_place,
                few_past=asdict(few),
                many=many_place,
                many_past=asdict(many),
                holds=stage.plan.holds,
            )
            figures += growth(store, Spread(*taken["few"]), Spread(*taken["many"]))
    return figures


async def measure_upkeep(stage: Stage) -> list[Figure]:
    """What verifying and saving everything takes."""
    past = past_of(stage.plan.upkeep_calls)
    figures = []
    for store in STORES:
        async with stage.filled(store, "tollbridge", past) as place:
            verify_s = await stage.run("verify", place=place)
            per_million_s = verify_s * 1e6 / past.calls
            figures.append(figure(f"upkeep.{store}_verify_s", per_million_s, "s/million calls"))
            figures += await _backup(stage, store, place, past)
    return figures


async def _backup(stage: Stage, store: str, place: str, past: Past) -> list[Figure]:
    environment = {"TOLLBRIDGE_DATABASE_URL": place} if store == POSTGRES_STORE else {}
    folder = Folder(stage.root, stage.folder, environment)
    saved = stage.folder / "saved"
    begun_s = time.monotonic()
    await asyncio.to_thread(folder.run, "backup", str(saved))
    took_s = time.monotonic() - begun_s
    saved_bytes = saved.stat().st_size
    saved.unlink()
    stored_bytes = sum((await sizes_of(store, place)).sizes.values())
    return [
        figure(f"upkeep.{store}_backup_mb_per_s", stored_bytes / 1e6 / took_s, "MB/s"),
        figure(f"upkeep.{store}_backup_bytes", saved_bytes / past.calls, "bytes/call"),
    ]


def growth(store: str, few: Spread, many: Spread) -> list[Figure]:
    """How the time of a hold differs between few rows and many."""
    figures = []
    for name, few_s, many_s in zip(("median", "tail"), few, many, strict=True):
        figures += [
            figure(f"history.{store}_few_{name}_ms", few_s * 1e3, "ms"),
            figure(f"history.{store}_many_{name}_ms", many_s * 1e3, "ms"),
            figure(f"history.{store}_{name}_growth", ratio(many_s, few_s), "x"),
        ]
    return figures
