"""Ids say what they are, sort by time, and are never the same."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

import pytest

from tollbridge.gateway.ids import new_id


def test_an_id_says_what_it_is():
    """A word, then 26 characters that nobody confuses with each other."""
    assert re.fullmatch(r"call_[0-9a-hjkmnp-tv-z]{26}", new_id("call"))


def test_ids_are_never_the_same():
    """Ten thousand of the same moment differ."""
    assert len({new_id("call") for _ in range(10_000)}) == 10_000


def test_ids_sort_by_time():
    """A later millisecond gives a larger id, so that neighbours in time are neighbours on disk."""
    ids = [new_id("call")]
    while ids[-1][:15] == ids[0][:15]:  # the ten characters of time
        ids.append(new_id("call"))
    assert all(earlier < ids[-1] for earlier in ids[:-1])


def test_ids_sort_in_the_order_in_which_they_were_made():
    """Whoever lists the newest first meets no two that changed places."""
    ids = [new_id("call") for _ in range(10_000)]
    assert ids == sorted(ids)


@pytest.mark.parametrize("back_ms", [0, 1, 3_600_000])
def test_ids_go_on_while_the_clock_stands_or_goes_back(monkeypatch, back_ms):
    """A machine's clock may be set back between two calls."""
    now_ns = time.time_ns()
    earlier = new_id("call")
    monkeypatch.setattr(time, "time_ns", lambda: now_ns - back_ms * 1_000_000)
    later = [new_id("call") for _ in range(40_000)]  # more than one millisecond counts
    assert [earlier, *later] == sorted([earlier, *later])


def test_threads_get_different_ids_in_order():
    """Each thread's own ids rise, and no two are the same."""
    with ThreadPoolExecutor(4) as threads:
        made = list(
            threads.map(lambda count: [new_id("call") for _ in range(count)], repeat(2_000, 8))
        )
    assert all(ids == sorted(ids) for ids in made)
    assert len({one for ids in made for one in ids}) == 16_000
