"""What comes often is counted instead of written."""

from tollbridge.gateway.observing.sampling import KINDS_MAX, WINDOW_S, Sampler


class Seconds:
    """A clock of seconds that a test moves."""

    def __init__(self):
        """Begin."""
        self.now = 0.0

    def __call__(self):
        """Return the seconds."""
        return self.now


def test_the_first_of_each_kind_pass():
    """Others of other kinds do not count against them."""
    sampler = Sampler(3, clock=Seconds())
    assert [sampler.take("a") for _ in range(5)] == [True, True, True, False, False]
    assert sampler.take("b")


def test_the_next_minute_begins_anew_and_tells_of_the_last():
    """A second before its end there is nothing to tell."""
    seconds = Seconds()
    sampler = Sampler(1, clock=seconds)
    for _ in range(4):
        sampler.take("a")
    sampler.take("b")
    seconds.now = WINDOW_S - 1
    assert sampler.close_minute() == {}
    assert not sampler.take("a")
    seconds.now = WINDOW_S
    assert sampler.close_minute() == {"a": 4}
    assert sampler.close_minute(now=True) == {}
    assert sampler.take("a")


def test_it_can_be_told_at_once():
    """As a process does that ends."""
    sampler = Sampler(0, clock=Seconds())
    sampler.take("a")
    assert sampler.close_minute(now=True) == {"a": 1}


def test_kinds_without_number_cost_bounded_memory():
    """Those beyond the bound are one kind."""
    sampler = Sampler(1, clock=Seconds())
    assert all(sampler.take(number) for number in range(KINDS_MAX))
    assert not any(sampler.take(KINDS_MAX + number) for number in range(10))
    assert sampler.close_minute(now=True) == {KINDS_MAX - 1: 10}
