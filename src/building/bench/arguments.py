"""The command line of the benchmarks. Standard library only: `build.py --help` needs it, too."""

import argparse
from pathlib import Path
from typing import Any

# Peers that can be left out, and groups that can be chosen, in the order of a run.
PORTKEY, LITELLM = "portkey", "litellm"
PEERS = (PORTKEY, LITELLM)
GROUPS = ("start", "json", "streams", "latency", "first_chunk", "abort", "memory", "ledger")


def add_benchmarks(commands: Any) -> argparse.ArgumentParser:
    """Add the command `bench` to a set of commands (argparse's type of these is private)."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "bench",
        help="the gateway measured beside others",
        description="Measure the gateway beside others, and say whether its goals are met.",
        epilog="Exit code: 0 all goals met, 1 one is missed, 2 it could not be measured.",
        allow_abbrev=False,
    )
    parser.add_argument("name", nargs="?", choices=["calls"], default="calls", metavar="calls")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument("--quick", action="store_true", help="one short round, for development")
    only = f"only this group, of {', '.join(GROUPS)}; repeat for more"
    parser.add_argument("--only", action="append", choices=GROUPS, metavar="GROUP", help=only)
    without = f"leave out {' or '.join(PEERS)}; repeat for both"
    parser.add_argument(
        "--without", action="append", choices=PEERS, default=[], metavar="PEER", help=without
    )
    return parser


def read_arguments(words: list[str]) -> argparse.Namespace:
    """Read what follows `build.py bench`."""
    commands = argparse.ArgumentParser(prog="build.py").add_subparsers()
    return add_benchmarks(commands).parse_args(words)
