"""How hard and how long: what an operator may choose."""

from dataclasses import dataclass

from tollbridge.gateway.errors import StartError
from tollbridge.gateway.secret import Secret

MODES = ("headers", "first_byte", "complete")

# Every call leaves some hundred bytes of history in memory until the end.
SECONDS_MAX = 3600
# Each caller has a connection to the gateway and that one to the provider: 4,000 files in all.
CALLERS_MAX = 1000
# A kill costs a start, which takes about a second.
SECONDS_PER_KILL_MIN = 3
# Each is a process with a pool of connections to the database.
GATEWAYS_MAX = 16


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
        gateways: How many run at once; more than one need PostgreSQL.
        database_url: An empty PostgreSQL database; None is SQLite in a temporary folder.
    """

    seconds: int = 20
    callers: int = 200
    credits: int = 10_000
    kills: int = 3
    seed: int = 0
    modes: tuple[str, ...] = MODES
    gateways: int = 1
    database_url: Secret | None = None


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
        ("--gateways", options.gateways, 1, GATEWAYS_MAX),
    ):
        if not low <= value <= high:
            raise StartError(f"{name} is {value}; it must be from {low} to {high}")
    if options.gateways > 1 and options.database_url is None:
        raise StartError(
            f"--gateways is {options.gateways}; more than one need PostgreSQL, with --database-url"
        )
