"""Ids say what they are, sort by time, and are never the same."""

import re

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
