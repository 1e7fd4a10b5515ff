"""The choices: repeatable by seed, and none that cannot happen."""

import pytest

from tollbridge.gateway.errors import StartError
from tollbridge.gateway.torture import plan
from tollbridge.gateway.torture.deeds import DEEDS, body, origin_of
from tollbridge.gateway.torture.options import CALLERS_MAX, SECONDS_MAX, Options, check


def errands(seed, caller, count=3000):
    """Return the first errands of a caller."""
    chance = plan.errands_of(seed, caller)
    return [plan.choose(chance) for _ in range(count)]


def test_a_seed_repeats_the_choices():
    """The same for the same caller, others for another one or another seed."""
    assert errands(1, 1) == errands(1, 1)
    assert errands(1, 1) != errands(1, 2)
    assert errands(1, 1) != errands(2, 1)


def test_everything_is_chosen():
    """Each deed of the provider, each user, mode and cost comes up."""
    made = errands(1, 1)
    assert {deed for errand in made for deed in errand.deeds} == set(DEEDS)
    assert {errand.user for errand in made} == set(range(plan.USERS))
    assert len({(errand.mode, errand.cost, errand.keyed) for errand in made}) == 12
    assert {errand.copies for errand in made if errand.manner == "duplicate"} == {2, 3, 4}


def test_only_a_keyed_call_is_sent_again():
    """Without a key a second request would be a second call."""
    assert {errand.tries for errand in errands(1, 1) if not errand.keyed} == {1}
    assert all(e.keyed for e in errands(1, 1) if e.copies > 1 or e.manner == "leave-and-repeat")


@pytest.mark.parametrize("name", DEEDS)
def test_an_answer_tells_whose_it_is(name):
    """Nonce and number stand near its beginning, and its length is the announced one."""
    deed = DEEDS[name]
    whole = body("abc1", 4, deed)
    assert len(whole) == (0 if deed.framing == "none" else deed.parts * deed.part_bytes)
    assert origin_of(whole[:60]) == (("abc1", 4) if whole else None)


@pytest.mark.parametrize(
    "options",
    [
        Options(seconds=2),
        Options(seconds=SECONDS_MAX + 1),
        Options(callers=0),
        Options(callers=CALLERS_MAX + 1),
        Options(credits=99),
        Options(seconds=9, kills=4),
    ],
)
def test_what_cannot_be_is_refused(options):
    """With a sentence that names the option and its bounds."""
    with pytest.raises(StartError, match=r"^--\w+ is \d+; it must be from \d+ to \d+$"):
        check(options)


@pytest.mark.parametrize(
    "options",
    [
        Options(seconds=3, kills=1),
        Options(seconds=SECONDS_MAX, callers=CALLERS_MAX),
        Options(callers=1, credits=100),
        Options(seconds=9, kills=3),
    ],
)
def test_what_can_be_is_not(options):
    """The bounds themselves are within."""
    check(options)
