"""What callers do next: choices of a seeded generator, repeatable. No I/O."""

from random import Random
from typing import NamedTuple

from tollbridge.gateway.torture.options import MODES

# How often, out of the sum of all, the provider does what; the slow ones hold a caller for seconds.
_DEEDS = {
    "fine": 20,
    "fine-chunked": 8,
    "fine-until-close": 4,
    "events": 16,
    "slow-events": 6,
    "slow-head": 4,
    "slow-body": 4,
    "large": 2,
    "large-events": 2,
    "empty": 3,
    "no-content": 3,
    "bad-request": 2,
    "too-many": 2,
    "fault": 4,
    "unavailable": 3,
    "rejected": 2,
    "redirect": 2,
    "reset": 4,
    "silent": 1,
    "cut-first": 2,
    "cut-first-chunked": 2,
    "cut-first-events": 2,
    "cut-later": 3,
    "cut-later-chunked": 3,
    "cut-later-events": 3,
    "stall-first": 1,
    "stall-later": 1,
}
# What may help a second request that a first did not get.
_MENDED = ("fine", "fine-chunked", "events", "slow-head", "empty")

_MANNERS = {
    "read": 52,
    "leave-before-head": 10,
    "leave-after-byte": 10,
    "leave-after-head": 6,
    "read-slowly": 4,
    "duplicate": 10,
    "leave-and-repeat": 8,
}
# These need a key to mean anything.
_KEYED_ONLY = ("duplicate", "leave-and-repeat")

# One user for whom half of the calls are made, and some who share the rest.
USERS = 8
_HOT = 0.5
COSTS = (1, 3)
# Nobody repeats for ever; with their growing pauses so many outlast a restart.
_TRIES = 8


class Errand(NamedTuple):
    """One call to make.

    Attributes:
        user: Whose, by number; 0 is the hot one.
        mode: The provider's `charge_on`.
        cost: The provider's, in credits.
        as_page: With the user's own token, where it is fresh; else with the owner's key.
        keyed: Sent with an `Idempotency-Key`, and again until its fate is known.
        deeds: What the provider is asked to do with the first request, the second, ….
        manner: What the caller does, see `callers.py`.
        tries: How often it is sent at most.
        copies: How many are sent at once.
        after_s: When a caller who leaves does.
        rudely: Leaves with a reset.
        rest_s: How long the caller rests afterwards.
    """

    user: int
    mode: str
    cost: int
    as_page: bool
    keyed: bool
    deeds: tuple[str, ...]
    manner: str
    tries: int
    copies: int
    after_s: float
    rudely: bool
    rest_s: float


def errands_of(seed: int, caller: int) -> Random:
    """Return the generator of one caller's choices."""
    return Random(f"{seed}/{caller}")


def choose(chance: Random, modes: tuple[str, ...] = MODES) -> Errand:
    """Choose the next call; takes the same number of choices whatever they are."""
    user = 0 if chance.random() < _HOT else chance.randrange(1, USERS)
    manner = _pick(chance, _MANNERS)
    keyed = chance.random() < 0.6 or manner in _KEYED_ONLY
    first, second = _pick(chance, _DEEDS), _pick(chance, _DEEDS)
    deeds = (first, second, chance.choice(_MENDED))
    return Errand(
        user=user,
        mode=chance.choice(modes),
        cost=chance.choice(COSTS),
        as_page=chance.random() < 0.7,
        keyed=keyed,
        deeds=deeds,
        manner=manner,
        tries=_TRIES if keyed else 1,
        copies=chance.randrange(2, 5) if manner == "duplicate" else 1,
        after_s=chance.random() ** 3 * 0.5,
        rudely=chance.random() < 0.3,
        rest_s=chance.random() * 0.05,
    )


def _pick(chance: Random, weights: dict[str, int]) -> str:
    return chance.choices(list(weights), weights=list(weights.values()))[0]
