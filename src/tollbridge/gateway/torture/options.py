"""How hard and how long: what an operator may choose."""

from dataclasses import dataclass

from tollbridge.gateway.errors import StartError

MODES = ("headers", "first_byte", "complete")

# Every call leaves some hundred bytes of history in memory until the end.
SECONDS_MAX = 3600
# Each caller has a connection to the gateway and that one to the provider: 4,000 files in all.
CALLERS_MAX = 1000
# A kill costs a start, which takes about a second.
SECONDS_PER_KILL_MIN = 3


@dataclass(frozen=True, slots=True)
class Options:
    """What to do.

    Attributes:
        seconds: How long calls are made.
        callers: How many at once.
        credits: Granted in all.
        kills: How often the gateway is killed.
        seed: Decides every choice, though not the moment at which each falls.
        modes: When the providers' calls are charged.
    """

    seconds: int = 20
    callers: int = 200
    credits: int = 10_000
    kills: int = 3
    seed: int = 0
    modes: tuple[str, ...] = MODES


def check(options: Options) -> None:
    """Refuse what cannot be.

    Raises:
        StartError: An option is out of its bounds; the message says which.
    """
    for name, value, low, high in (
        ("--seconds", options.seconds, 3, SECONDS_MAX),
        ("--callers", options.callers, 1, CALLERS_MAX),
        ("--credits", options.credits, 100, 1_000_000_000),
        ("--kills", options.kills, 0, options.seconds // SECONDS_PER_KILL_MIN),
    ):
        if not low <= value <= high:
            raise StartError(f"{name} is {value}; it must be from {low} to {high}")
