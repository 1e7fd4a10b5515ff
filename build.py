#!/usr/bin/env python3
"""The one door to this repository: run, test, build the static page, take shots, measure.

Needs Python 3.11 or newer and Node.js 18 or newer; everything else it fetches by itself, pinned and
hashed, into `.venv` and `node_modules`. A second run contacts nothing.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

# Up to here, and in its syntax as a whole, this file keeps to what Python 3.6 can read.
if sys.version_info < (3, 11):
    print(
        "Tollbridge needs Python 3.11 or newer; this is " + sys.version.split()[0], file=sys.stderr
    )
    sys.exit(2)

ROOT = Path(__file__).resolve().parent
SITE = ROOT / "build" / "site"
sys.path.insert(0, str(ROOT / "src"))

from building import prepare, steps  # noqa: E402  (only from Python 3.11 on is it readable)
from building.bench.arguments import add_benchmarks  # noqa: E402


def parser_of_commands() -> argparse.ArgumentParser:
    """Every command and option that there is."""
    parser = argparse.ArgumentParser(prog="build.py", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="serve the demo on http://localhost:8642; needs no key")
    run.add_argument("--host", help="address to listen on (default: localhost)")
    run.add_argument("--port", help="port to listen on (default: 8642)")
    run.add_argument("--data-dir", help="where the database lives (default: var/)")
    run.add_argument("--real-providers", action="store_true", help="use the environment's keys")
    run.add_argument("--anonymous", action="store_true", help="for visitors without sign-in too")

    test = commands.add_parser(
        "test",
        help="every check and test",
        usage="build.py test [--long] [-k EXPR] [PYTEST ARGUMENTS ...]",
        allow_abbrev=False,
    )
    test.add_argument("--long", action="store_true", help="also the tests that take minutes")
    test.add_argument("-k", metavar="EXPR", help="only tests whose names match, as pytest has it")

    dist = commands.add_parser("dist", help="the static site for any host; the Chrome extension")
    dist.add_argument("--gateway", default="", metavar="URL", help="the gateway's address")
    dist.add_argument("--paywall", default="", metavar="ID", help="the app's id, not the demo's")
    dist.add_argument(
        "--host", choices=["pyscript", "strict"], default="pyscript", help="strict: no unsafe-eval"
    )
    dist.add_argument("--out", type=Path, default=ROOT / "dist", metavar="DIR", help="else dist/")
    dist.add_argument("--mock-telegram", action="store_true", help="with ?mock=telegram")

    for command in (run, dist):
        command.add_argument("--page", type=Path, metavar="FILE", help="a page of your own")

    shots = commands.add_parser("shots", help="photograph the page's states, into build/shots/")
    shots.add_argument("states", nargs="*", metavar="STATE", help="only these; else all")
    add_benchmarks(commands)
    return parser


def run_gateway(options: argparse.Namespace) -> int:
    """Build the page and become the gateway, so that Ctrl-C reaches it and nothing else."""
    prepare.prepare_for_page(ROOT, options.page)
    failed = build_site(SITE, options.page, "--mock-telegram")
    if failed:
        return failed
    command = [str(prepare.venv_program(ROOT, "tollbridge")), "serve", "--demo"]
    for name in ("host", "port", "data_dir"):
        if getattr(options, name):
            command += ["--" + name.replace("_", "-"), getattr(options, name)]
    command += ["--real-providers"] * options.real_providers + ["--anonymous"] * options.anonymous
    env = os.environ | {"TOLLBRIDGE_SITE_DIR": str(SITE)}
    env.pop(prepare.TEST_POSTGRES, None)  # the tests' own; a gateway refuses what it does not know
    sys.stdout.flush()
    if os.name == "nt":  # there is no exec that keeps the console
        return subprocess.call(command, env=env)
    os.execve(command[0], command, env)


def run_tests(options: argparse.Namespace, pytest_arguments: list) -> int:
    """Every check, then every test, on the page as it is shipped."""
    prepare.prepare_for_tests(ROOT)
    chosen = ["-k", options.k] if options.k else []
    return hand_over("building.checks", *["--long"] * options.long, *chosen, *pytest_arguments)


def build_dist(options: argparse.Namespace) -> int:
    """Write the static site where the person wants it, and the extension into it."""
    prepare.prepare_for_page(ROOT, options.page)
    out, app = options.out.resolve(), ["--gateway", options.gateway, "--paywall", options.paywall]
    chosen = ["--host", options.host, "--smallest", *["--mock-telegram"] * options.mock_telegram]
    failed = build_site(out, options.page, *app, *chosen)
    return failed or hand_over("building.extension", *app, "--into", str(out))


def take_shots(states: list) -> int:
    """Photograph the page's states on a gateway of its own."""
    prepare.prepare_for_browser(ROOT)
    return build_site(SITE, None) or hand_over("building.shots", *states)


def build_site(out: Path, page: Path, *arguments: str) -> int:
    """Build the site into a folder, around our page or another."""
    chosen = ["--page", str(page.resolve())] if page else []
    return hand_over("building.site", "--out", str(out), *chosen, *arguments)


def hand_over(module: str, *arguments: str) -> int:
    """Run a module of `src/building` with the Python of `.venv`."""
    # `-P`: in the person's own folder, and yet nothing that lies there is imported.
    python = str(prepare.venv_program(ROOT, "python"))
    return subprocess.call([python, "-P", "-m", module, *arguments])


def main() -> int:
    """Do what the command line says; an error that a person can mend is a sentence, not a trace."""
    parser = parser_of_commands()
    options, rest = parser.parse_known_args()
    if rest and options.command != "test":
        parser.error("unknown: " + " ".join(rest))
    try:
        if options.command == "run":
            return run_gateway(options)
        if options.command == "test":
            return run_tests(options, rest)
        if options.command == "bench":
            if options.name == "page":
                prepare.prepare_for_browser(ROOT)
            else:
                prepare.prepare_python(ROOT, for_tests=False)
            return hand_over("building.bench", *sys.argv[2:])
        return build_dist(options) if options.command == "dist" else take_shots(options.states)
    except steps.CannotPrepare as reason:
        print(reason, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
