"""What the benchmarks read: of wrk, of /proc, of programs and locks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from building.bench import machine, nginx, tools, versions, wrk
from building.bench.arguments import GROUPS, PEERS, read_arguments
from building.bench.client import Target
from building.bench.figures import CannotMeasure
from building.bench.payloads import ANSWER_BYTES, EVENT_BYTES, EVENTS, answer, events
from building.bench.peers import litellm_config
from tests.tidy.tree import ROOT

LINE = {
    **{"requests": 2400, "duration_us": 2_000_000, "p50_us": 1500, "p99_us": 9000},
    **{"status": 0, "connect": 0, "read": 0, "write": 0, "timeout": 0},
}


def test_wrk_is_read_from_its_line_of_figures() -> None:
    """What wrk prints for people around it does not matter."""
    output = f"Running 2s test\n{json.dumps(LINE)}\nRequests/sec: 1.2k\n"
    assert wrk.read_output(output) == wrk.Load(2400, 2.0, 1.5, 9.0)


@pytest.mark.parametrize("kind", ["status", "connect", "read", "write", "timeout"])
def test_a_failed_call_ends_the_measurement(kind: str) -> None:
    """A server that refuses is quick; its figures must not count."""
    with pytest.raises(CannotMeasure, match=f"'{kind}': 3"):
        wrk.read_output(json.dumps({**LINE, kind: 3}))


def test_wrk_without_figures_says_what_it_said() -> None:
    """A script that wrk cannot read, or no connection at all, is told in wrk's own words."""
    with pytest.raises(CannotMeasure, match="unable to connect"):
        wrk.read_output("unable to connect to 127.0.0.1:1 Connection refused\n")


def test_the_script_cannot_be_broken_by_what_it_sends() -> None:
    """Quotes, braces and backslashes of a body are numbers in Lua."""
    target = Target(
        "any", 1, "/v1", b'{"say": "\\"[["}', variants=({"X-User": "a"}, {"X-User": "b"})
    )
    script = wrk.script(target)
    assert r"\123\034\115\097\121\034" in script
    assert '{"say"' not in script
    assert script.count(r"\088\045\085\115\101\114") == 2  # X-User, once for each variant


def test_cpu_time_is_read_behind_the_name_of_the_program() -> None:
    """A name may hold spaces and brackets; own time and that of ended children is added up."""
    stat = "42 (a) b (c) S 7 42 42 0 -1 4194560 100 200 0 0 11 12 13 14 20 0 1 0 99 1000 50"
    assert machine.read_cpu_ticks(stat) == 11 + 12 + 13 + 14
    assert machine.read_parent(stat) == 7


def test_idle_time_is_that_of_one_core() -> None:
    """Waiting for a disk is idle, too; core 1 is not core 10."""
    stat = "cpu 9 9 9 9 9\ncpu10 1 1 1 700 7\ncpu1 1 1 1 500 5 1 1 0\nintr 1\n"
    assert machine.read_idle_ticks(stat, 1) == 505
    with pytest.raises(CannotMeasure, match="core 2"):
        machine.read_idle_ticks(stat, 2)


def test_memory_is_read_in_bytes() -> None:
    """The system counts in KiB."""
    assert machine.read_rss_bytes("5581-7fff ---p 00 00:00 0 [rollup]\nRss:    64 kB\n") == 65_536
    with pytest.raises(CannotMeasure):
        machine.read_rss_bytes("")


def test_one_core_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The load would take its time from the server under test."""
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {3})
    with pytest.raises(CannotMeasure, match="need two cores"):
        machine.pick_cores()
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {5, 2, 3})
    assert machine.pick_cores() == machine.Cores(server=2, load=3)


def test_the_payloads_have_their_size() -> None:
    """1 KB of JSON; 200 events of 229 bytes, no two alike, and the mark of the end."""
    assert len(answer()) == ANSWER_BYTES
    *parts, end = events()
    assert {len(part) for part in parts} == {EVENT_BYTES}
    assert len(set(parts)) == EVENTS
    assert end == b"data: [DONE]\n\n"
    assert all(json.loads(part.removeprefix(b"data: ")) for part in parts)


def test_the_proxy_keeps_its_connections_and_gathers_nothing(tmp_path: Path) -> None:
    """Otherwise the comparison would be with an nginx that is slower than it can be."""
    config = nginx.proxy_config(tmp_path, 4000, {"json": 4001, "stream": 4002})
    assert "upstream stream { server 127.0.0.1:4002; keepalive 512;" in config
    assert config.count("proxy_buffering off;") == config.count("location /") == 2


def test_litellm_knows_each_upstream_as_a_model() -> None:
    """The model that a call names decides which mock answers."""
    config = litellm_config({"json": 4001, "stream": 4002}, "sk-any")
    bases = {row["model_name"]: row["litellm_params"]["api_base"] for row in config["model_list"]}
    assert bases == {
        "bench-json": "http://127.0.0.1:4001/v1",
        "bench-stream": "http://127.0.0.1:4002/v1",
    }


@pytest.mark.parametrize(
    ("missing", "is_root", "apt_get", "fits"),
    [
        ([], False, None, None),
        (["wrk"], True, "/usr/bin/apt-get", None),
        (["wrk"], False, "/usr/bin/apt-get", "install it (as root: apt-get install wrk)"),
        (["nginx", "wrk"], True, None, "nginx and wrk: install them (the packages nginx wrk)"),
    ],
)
def test_what_cannot_be_installed_is_asked_for(
    missing: list[str], is_root: bool, apt_get: str | None, fits: str | None
) -> None:
    """One sentence names the packages and how to get them."""
    said = tools.programs_complaint(missing, is_root=is_root, apt_get=apt_get)
    assert said is None if fits is None else fits in (said or "")


def test_a_machine_without_wrk_hears_one_sentence(tmp_path: Path) -> None:
    """Exit code 2 tells what is missing from a goal that is missed, and nothing is begun."""
    done = subprocess.run(
        [sys.executable, "-m", "building.bench", "calls", "--only", "ledger"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("The benchmarks need ")
    assert sentence.endswith("and run this again.")


def test_versions_are_found_in_what_programs_say() -> None:
    """Programs say them in the middle of other words, or not at all."""
    assert versions.version_in("nginx version: nginx/1.22.1\n") == "1.22.1"
    assert versions.version_in("wrk debian/4.1.0-3+b2 [epoll] Copyright") == "4.1.0"
    assert versions.version_in("") == "unknown"


def test_the_locks_of_the_peers_pin_what_was_decided() -> None:
    """Hashes and exact versions, no registry's address, and not the LiteLLM of an attacker."""
    python = (ROOT / "requirements" / "litellm.txt").read_text("utf-8")
    assert versions.locked_version(python, "litellm") == "1.106.2"
    assert python.count("--hash=sha256:") > python.count("==") > 50
    assert "://" not in python
    folder = ROOT / "src" / "building" / "bench" / "portkey"
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))
    packages = {name: row for name, row in lock["packages"].items() if name}
    assert packages["node_modules/@portkey-ai/gateway"]["version"] == "1.15.2"
    assert all(row["integrity"].startswith("sha512-") for row in packages.values())
    assert not any("resolved" in row for row in packages.values())


def test_a_lock_without_the_package_is_a_mistake() -> None:
    """A version is read and never guessed."""
    with pytest.raises(ValueError, match="pins no litellm"):
        versions.locked_version("litellm-proxy-extras==1.0 \\\n", "litellm")


def test_groups_and_peers_are_named() -> None:
    """Several of each can be given; one that does not exist is refused."""
    options = read_arguments(["calls", "--only", "json", "--only", "abort", "--without", "litellm"])
    assert (options.only, options.without) == (["json", "abort"], ["litellm"])
    assert read_arguments([]).only is None
    assert set(options.only) < set(GROUPS)
    assert set(options.without) < set(PEERS)
    with pytest.raises(SystemExit):
        read_arguments(["--only", "jason"])
