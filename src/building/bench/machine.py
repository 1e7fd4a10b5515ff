"""The machine under the benchmark: its two cores, what ran on them, what it is."""

import contextlib
import datetime
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from building.bench.figures import CannotMeasure

TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True, slots=True)
class Cores:
    """The core of the server under test, and the one of the mock and the load generator."""

    server: int
    load: int


def pick_cores() -> Cores:
    """The first two cores that this process may use.

    Raises:
        CannotMeasure: There are fewer, or this system cannot bind a process to a core.
    """
    if not hasattr(os, "sched_getaffinity"):
        raise CannotMeasure(
            "the benchmarks need Linux: they bind processes to cores and read /proc"
        )
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise CannotMeasure(
            "the benchmarks need two cores, one for the server under test and one for the load; "
            f"this process may use {len(allowed)}"
        )
    return Cores(allowed[0], allowed[1])


def read_cpu_ticks(stat: str) -> int:
    """User and system time in ticks, from the text of `/proc/PID/stat`, ended children included.

    The program's name stands in brackets and may hold anything, a bracket included.
    """
    fields = stat.rpartition(")")[2].split()
    return sum(int(fields[place]) for place in (11, 12, 13, 14))


def read_parent(stat: str) -> int:
    """The parent's id, from the text of `/proc/PID/stat`."""
    return int(stat.rpartition(")")[2].split()[1])


def family(pid: int) -> list[int]:
    """A process and everything that descends from it, as they are now."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = read_parent(path.read_text())
        except OSError:  # it ended between the listing and the reading
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    found = [pid]
    for member in found:
        found += children.get(member, [])
    return found


def cpu_s(pid: int) -> float:
    """CPU-seconds that a process and its descendants have used so far."""
    return sum(read_cpu_ticks(stat) for stat in _told_of_family(pid, "stat")) / TICKS_PER_S


def rss_bytes(pid: int) -> int:
    """Resident memory of a process and its descendants; pages that they share count for each."""
    return sum(read_rss_bytes(rollup) for rollup in _told_of_family(pid, "smaps_rollup"))


def _told_of_family(pid: int, name: str) -> list[str]:
    texts = []
    for member in family(pid):
        # One that has just ended is gone; its CPU-time is its parent's now.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            texts.append(Path(f"/proc/{member}/{name}").read_text())
    return texts


def read_rss_bytes(rollup: str) -> int:
    """Resident memory from the text of `/proc/PID/smaps_rollup`, which counts in KiB.

    The quicker `statm` may be off by some hundred pages on machines with many cores.
    """
    for line in rollup.splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    raise CannotMeasure("/proc does not say how much memory a process has")


def read_idle_ticks(stat: str, core: int) -> int:
    """How long a core was idle since boot in ticks, from the text of `/proc/stat`."""
    for line in stat.splitlines():
        name, *fields = line.split()
        if name == f"cpu{core}":
            return int(fields[3]) + int(fields[4])
    raise CannotMeasure(f"/proc/stat knows nothing of core {core}")


def idle_s(core: int) -> float:
    """How long a core was idle since boot, in seconds."""
    return read_idle_ticks(Path("/proc/stat").read_text(), core) / TICKS_PER_S


def describe(cores: Cores | None, versions: dict[str, str]) -> dict[str, Any]:
    """What somebody who reads the figures must know of where they were taken.

    Args:
        cores: Which were used for what; None where the system decided.
        versions: Program → version.
    """
    load_1, _, _ = os.getloadavg()
    bound = {} if cores is None else {"server_core": cores.server, "load_core": cores.load}
    return {
        "taken_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        **bound,
        "load_average_1_min": round(load_1, 2),
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": versions,
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
