"""`build.py bench`: measure, show a table, exit with whether the goals are met."""

import argparse
import asyncio
import os
import resource
import shutil
import sys
import tempfile
from pathlib import Path

import uvloop

from building.bench.arguments import PEERS, groups_of, read_arguments
from building.bench.calls import measure_json, measure_latency, measure_streams
from building.bench.commits import measure_ledger
from building.bench.figures import CannotMeasure, Figure, as_json, table
from building.bench.footprint import measure_memory, measure_start
from building.bench.machine import Cores, describe, pick_cores
from building.bench.moments import measure_abort, measure_first_chunk
from building.bench.page.run import measure_page
from building.bench.plan import QUICK, Plan
from building.bench.scene import open_scene
from building.bench.stores.run import measure_stores
from building.bench.tools import prepare_tools
from building.bench.versions import page_versions, stores_versions, versions
from building.prepare import prepare_programs
from building.programs import POSTGRES
from building.site import ROOT, CannotBuild
from building.steps import CannotPrepare

# Exit codes: a script can tell a missed goal from a run that measured nothing.
MET, MISSED, NOT_MEASURED = 0, 1, 2
# More of the server's core than this for others, in percent, and a reader has to know.
OTHERS_SHARE_MAX = 10

MEASURES = {
    "start": measure_start,
    "json": measure_json,
    "streams": measure_streams,
    "latency": measure_latency,
    "first_chunk": measure_first_chunk,
    "abort": measure_abort,
    "memory": measure_memory,
    "ledger": measure_ledger,
}
# In the others the peers would only cost the time of their start.
WITH_PEERS = {"start", "json", "streams", "latency", "memory"}


async def measure(
    groups: list[str], folder: Path, plan: Plan, cores: Cores, installed: dict[str, Path]
) -> list[Figure]:
    """Measure some groups in a scene of their own; the figures of each are shown at once."""
    figures = []
    async with open_scene(ROOT, folder, plan, cores, installed) as scene:
        for group in groups:
            print(f"measuring: {group} …", flush=True)
            found = await MEASURES[group](scene)
            if len(groups) > 1:  # otherwise the report says the same in a moment
                print("\n".join(f"  {line}" for line in table(found)), flush=True)
            figures += found
    return figures


def main(words: list[str]) -> int:
    """Prepare, measure, report."""
    options = read_arguments(words)
    if options.json is not None and not options.json.parent.is_dir():
        print(f"there is no folder {options.json.parent} to write figures into", file=sys.stderr)
        return NOT_MEASURED
    groups = [g for g in groups_of(options.name) if options.only is None or g in options.only]
    try:
        if options.name == "page":
            figures = asyncio.run(measure_page(groups, quick=options.quick))
            machine = describe(None, page_versions(ROOT))
        elif options.name == "stores":
            figures, machine = measure_both_stores(groups, quick=options.quick)
        else:
            figures, machine = measure_calls(groups, options)
    except (CannotPrepare, CannotMeasure, CannotBuild) as reason:
        print(reason, file=sys.stderr)
        return NOT_MEASURED
    except KeyboardInterrupt:
        return 130
    report(figures, machine, options)
    return exit_code(figures)


def measure_calls(
    groups: list[str], options: argparse.Namespace
) -> tuple[list[Figure], dict[str, object]]:
    """Measure the gateway beside its peers; gives the figures and the machine."""
    wanted = PEERS if WITH_PEERS.intersection(groups) else ()
    peers = [peer for peer in wanted if peer not in options.without]
    cores = pick_cores()
    installed = prepare_tools(ROOT, peers)
    _make_ready(cores)
    folder = _make_folder(ROOT / "build" / "bench")
    machine = describe(cores, versions(ROOT, peers))
    plan = QUICK if options.quick else Plan()
    figures = uvloop.run(measure(groups, folder, plan, cores, installed))
    shutil.rmtree(folder)  # only a run that broke off leaves its logs
    return figures, machine


def measure_both_stores(
    groups: list[str], *, quick: bool
) -> tuple[list[Figure], dict[str, object]]:
    """Measure SQLite beside PostgreSQL; gives the figures and the machine."""
    cores = pick_cores()
    prepare_programs([POSTGRES])
    prepare_tools(ROOT, ())
    _make_ready(cores)
    folder = _make_folder(ROOT / "build" / "bench")
    machine = describe(cores, stores_versions(ROOT))
    figures = uvloop.run(measure_stores(ROOT, folder, groups, cores, quick=quick))
    shutil.rmtree(folder)  # only a run that broke off leaves its logs
    return figures, machine


def exit_code(figures: list[Figure]) -> int:
    """Whether every goal is met; a figure without one cannot miss it."""
    return MISSED if any(figure.ok is False for figure in figures) else MET


def is_disturbed(figure: Figure) -> bool:
    """Whether it says that the server under test was not alone on its core."""
    return figure.name.endswith(".others_core_share") and figure.value > OTHERS_SHARE_MAX


def report(figures: list[Figure], machine: dict[str, object], options: argparse.Namespace) -> None:
    """Show all figures together, and write them where they were asked for."""
    print()
    print("\n".join(table(figures)))
    print("\n".join(f"{name}: {value}" for name, value in machine.items()))
    if busy := [figure for figure in figures if is_disturbed(figure)]:
        print(f"the machine was not quiet: {busy[0].name} is {busy[0].value:.0f} %")
    for peer in options.without:
        print(f"left out, as asked: {peer}")
    if options.json is not None:
        options.json.write_text(as_json(figures, machine, options.without), "utf-8")


def _make_folder(parent: Path) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="run-", dir=parent))


def _make_ready(cores: Cores) -> None:
    # What this process starts inherits both; servers under test are moved to their own core.
    os.sched_setaffinity(0, {cores.load})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
