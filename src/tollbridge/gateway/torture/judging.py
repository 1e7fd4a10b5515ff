"""All checks, one after the other. Pure."""

from tollbridge.gateway.torture import checks, checks_of_credits
from tollbridge.gateway.torture.checks import Check, Found, Matter
from tollbridge.gateway.torture.history import History, Stored
from tollbridge.gateway.torture.linking import link


def examine(history: History, stored: Stored) -> list[Check]:
    """Make every check, in the order of the table."""
    matter = Matter(history, stored, link(history, stored))
    made = []
    for name, check in {**checks.CHECKS, **checks_of_credits.CHECKS}.items():
        found = Found()
        check(matter, found)
        made.append(Check(name, found.looked_at, found.differences))
    return made
