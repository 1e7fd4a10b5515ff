"""The record of a request tells what each phase took."""

import re

from tollbridge.gateway.observing.record import RequestRecord


def make_record():
    """Make the record of a request that begins now."""
    return RequestRecord("req_1", "POST", 1_800_000_000_000)


def test_each_lap_begins_where_the_one_before_ended():
    """So that together they are the whole."""
    record = make_record()
    record.lap("admit")
    record.lap("hold")
    (first, admit), (second, hold) = record.laps
    assert (first, second) == ("admit", "hold")
    assert min(admit, hold) >= 0
    assert abs(record.began + admit + hold - record.lap_began) < 1e-6


def test_server_timing_has_a_figure_for_each_lap():
    """Milliseconds with one decimal, in the order in which the phases ended."""
    record = make_record()
    record.laps += [("admit", 0.00034), ("hold", 0.0012), ("provider", 1.5)]
    assert record.server_timing() == b"admit;dur=0.3, hold;dur=1.2, provider;dur=1500.0"


def test_without_laps_there_is_the_total():
    """What is no call has one figure."""
    assert re.fullmatch(rb"total;dur=\d+\.\d", make_record().server_timing())
