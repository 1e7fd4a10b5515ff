"""Calls and attempts find each other one to one, as many as there can be."""

from tollbridge.gateway.torture.matching import match


def test_somebody_makes_room():
    """Who can take another partner does, so that both have one."""
    assert match([[0, 1], [0]], 2) == [1, 0]


def test_a_long_way_round():
    """Room is made over several others."""
    assert match([[0, 1], [1, 2], [2, 3], [0]], 4) == [1, 2, 3, 0]


def test_who_is_served_first_is_not_left_without():
    """Where there is not enough for all, the others go without."""
    assert match([[0], [0], [0]], 1, first=[1]) == [None, 0, None]


def test_nobody_fits():
    """There is nothing to give."""
    assert match([[], []], 3) == [None, None]
