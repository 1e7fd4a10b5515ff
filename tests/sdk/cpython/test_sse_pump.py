"""The pump reads ahead, but not for ever; it loses nothing, and stops when it is told to.

On CPython alone, which runs Node: the pump is JavaScript. What Python makes of it is tried on every
interpreter by `tests/sdk/test_events.py`.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

PUMP = Path(__file__).parents[3] / "static" / "sse_pump.mjs"
CHUNK_BYTES = 64 * 1024

# A source that counts what is taken from it, and how a test waits until nothing more happens.
PRELUDE = """
import { AHEAD_BYTES_MAX, readAhead } from %(pump)s;
const source = (chunks, { size = %(size)d, fail = false, open = false } = {}) => {
  const seen = { taken: 0, cancelled: false };
  seen.body = new ReadableStream({
    pull(controller) {
      if (seen.taken < chunks) return controller.enqueue(new Uint8Array(size).fill(seen.taken++));
      if (fail) return controller.error(new TypeError("cut"));
      if (!open) controller.close();
    },
    cancel() { seen.cancelled = true; },
  }, { highWaterMark: 0 });
  return seen;
};
const quiet = async () => { for (let n = 0; n < 50; n++) await new Promise(setImmediate); };
const rest = async (reader) => {
  const bytes = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes;
    bytes.push(...value);
  }
};
const tell = (told) => console.log(JSON.stringify(told));
"""


def run(program: str) -> Any:
    """Run a program in Node and return what it tells."""
    prelude = PRELUDE % {"pump": json.dumps(PUMP.as_uri()), "size": CHUNK_BYTES}
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", prelude + program],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_stops_reading_until_it_is_taken_from() -> None:
    """A slow reader slows the sender: what is held is bounded, and taking makes room."""
    most, first, taken, second = run("""
        const slow = source(1000);
        const reader = readAhead(slow.body);
        await quiet();
        const first = slow.taken;
        const { value } = await reader.read();
        await quiet();
        tell([AHEAD_BYTES_MAX, first, value.length, slow.taken]);
    """)
    assert most == 256 * 1024
    assert most < first * CHUNK_BYTES <= most + CHUNK_BYTES
    assert taken == first * CHUNK_BYTES
    assert second == 2 * first


def test_everything_arrives_in_order() -> None:
    """Many chunks come as few batches, and every byte is where it was."""
    got = run("""
        tell(await rest(readAhead(source(200, { size: 3 }).body)));
    """)
    assert got == [number for number in range(200) for _ in range(3)]


def test_a_burst_is_one_batch() -> None:
    """Python awaits once for what came at once."""
    lengths = run("""
        const reader = readAhead(source(200, { size: 3, open: true }).body);
        tell([(await reader.read()).value.length]);
    """)
    assert lengths == [600]


def test_what_came_before_a_failure_comes_first() -> None:
    """Then the failure, each time."""
    got = run("""
        const reader = readAhead(source(2, { size: 1, fail: true }).body);
        await quiet();
        const before = [...(await reader.read()).value];
        const errors = [];
        for (const _ of [1, 2]) await reader.read().catch((error) => errors.push(error.message));
        tell([before, errors]);
    """)
    assert got == [[0, 1], ["cut", "cut"]]


@pytest.mark.parametrize("chunks", [0, 1, 1000])
def test_cancelling_ends_a_reading_and_the_source(chunks: int) -> None:
    """One that waits ends; what nobody took is dropped; nothing more is read."""
    told = run(
        """
        const long = source(CHUNKS, { open: true });
        const reader = readAhead(long.body);
        await quiet();
        const waiting = CHUNKS ? null : reader.read();
        const taken = long.taken;
        await reader.cancel();
        const ends = [waiting ? await waiting : await reader.read(), await reader.read()];
        await quiet();
        tell([ends.map((end) => end.done), long.cancelled, long.taken - taken]);
        """.replace("CHUNKS", str(chunks))
    )
    assert told == [[True, True], True, 0]
