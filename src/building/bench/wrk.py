"""The load generator `wrk`: many connections, each asking again as soon as it is answered."""

import asyncio
import contextlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from building.bench.client import Target
from building.bench.figures import CannotMeasure

# The slowest peer takes seconds for a stream under load; `wrk` would count it as a failure after 2.
TIMEOUT_S = 60

# What wrk runs. The requests are made once and take turns; only where each has a key of its own,
# it is made anew. A count of what was answered is printed as one line of JSON, since wrk's own
# summary is rounded for reading.
_SCRIPT = """\
local variants = {variants}
local requests = {{}}
local turn = 0
local key = {key}
local keys = 0

function init(args)
  for place, headers in ipairs(variants) do
    requests[place] = wrk.format("POST", {path}, headers, {body})
  end
end

function request()
  turn = turn % #requests + 1
  if key == "" then
    return requests[turn]
  end
  keys = keys + 1
  local headers = variants[turn]
  headers["Idempotency-Key"] = key .. keys
  return wrk.format("POST", {path}, headers, {body})
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{{"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, ' ..
    '"status": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What `wrk` saw.

    Attributes:
        requests: Whole answers.
        duration_s: From the first request to the last answer.
        p50_ms: Median time from asking to the end of the answer.
        p99_ms: The same of the slowest hundredth.
    """

    requests: int
    duration_s: float
    p50_ms: float
    p99_ms: float


def script(target: Target) -> str:
    """The Lua script that makes `wrk` ask a target."""
    variants = target.variants or ({},)
    tables = [
        ", ".join(
            f"[{_lua(name)}] = {_lua(value)}"
            for name, value in {**target.all_headers, **variant}.items()
        )
        for variant in variants
    ]
    return _SCRIPT.format(
        variants="{" + ", ".join(f"{{{table}}}" for table in tables) + "}",
        key=_lua(f"{secrets.token_hex(8)}-" if target.is_keyed else ""),
        path=_lua(target.path),
        body=_lua(target.body.decode()),
    )


def _lua(text: str) -> str:
    # In Lua a backslash and a decimal number stand for any byte.
    return '"' + "".join(f"\\{byte:03}" for byte in text.encode()) + '"'


def read_output(output: str) -> Load:
    """Read what the script printed.

    Raises:
        CannotMeasure: There is no such line, or anything failed: a server that refuses quickly
            would otherwise look fast.
    """
    line = next((line for line in output.splitlines() if line.startswith('{"requests"')), None)
    if line is None:
        raise CannotMeasure(f"wrk printed no figures but: {output.strip()[-300:]!r}")
    seen = json.loads(line)
    kinds = ("status", "connect", "read", "write", "timeout")
    failed = {kind: seen[kind] for kind in kinds if seen[kind]}
    if failed:
        raise CannotMeasure(f"of {seen['requests']} calls some failed, by kind: {failed}")
    return Load(
        seen["requests"], seen["duration_us"] / 1e6, seen["p50_us"] / 1e3, seen["p99_us"] / 1e3
    )


async def run_wrk(target: Target, *, connections: int, seconds: float, folder: Path) -> Load:
    """Load a target for some seconds, on the core that this process is bound to.

    Raises:
        CannotMeasure: See `read_output`.
    """
    path = folder / "ask.lua"
    path.write_text(script(target))
    process = await asyncio.create_subprocess_exec(
        *("wrk", "--threads", "1", "--connections", str(connections)),
        *("--duration", f"{seconds:g}s", "--timeout", f"{TIMEOUT_S}s", "--script", str(path)),
        f"http://127.0.0.1:{target.port}",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    try:
        return read_output(output.decode(errors="replace"))
    except CannotMeasure as reason:
        raise CannotMeasure(f"{target.server}: {reason}") from None
