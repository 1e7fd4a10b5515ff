"""The command line of the benchmarks. Standard library only: `build.py --help` needs it, too."""

import argparse
from pathlib import Path
from typing import Any

# Peers that can be left out, and groups that can be chosen, in the order of a run.
PORTKEY, LITELLM = "portkey", "litellm"
PEERS = (PORTKEY, LITELLM)
GROUPS = ("start", "json", "streams", "latency", "first_chunk", "abort", "memory", "ledger")
PAGE_GROUPS = ("size", "start", "slow", "frame", "events", "store")
STORES_GROUPS = ("debits", "batches", "calls", "workers", "history", "cost", "scaling", "upkeep")
# Benchmark → its groups.
_GROUPS_OF = {"calls": GROUPS, "page": PAGE_GROUPS, "stores": STORES_GROUPS}


def add_benchmarks(commands: Any) -> argparse.ArgumentParser:
    """Add the command `bench` to a set of commands (argparse's type of these is private)."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "bench",
        help="the gateway, its stores, or the page, measured beside others",
        description="Measure the gateway (calls), its two stores, or the page, beside others, and "
        "say whether the goals are met.",
        epilog="Exit code: 0 all goals met, 1 one is missed, 2 it could not be measured.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "name", nargs="?", choices=list(_GROUPS_OF), default="calls", help="else calls"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument("--quick", action="store_true", help="one short round, for development")
    groups = "; ".join(f"{name}: {', '.join(groups_of(name))}" for name in _GROUPS_OF)
    only = f"only this group, repeat for more; {groups}"
    parser.add_argument("--only", action="append", metavar="GROUP", help=only)
    without = f"leave out {' or '.join(PEERS)}; repeat for both"
    parser.add_argument(
        "--without", action="append", choices=PEERS, default=[], metavar="PEER", help=without
    )
    return parser


def read_arguments(words: list[str]) -> argparse.Namespace:
    """Read what follows `build.py bench`; a group of another benchmark ends the program."""
    commands = argparse.ArgumentParser(prog="build.py").add_subparsers()
    parser = add_benchmarks(commands)
    options = parser.parse_args(words)
    known = groups_of(options.name)
    if foreign := [group for group in options.only or () if group not in known]:
        parser.error(f"bench {options.name} has no group {', '.join(foreign)}, only {known}")
    return options


def groups_of(name: str) -> tuple[str, ...]:
    """The groups of a benchmark, in the order of a run."""
    return _GROUPS_OF[name]
