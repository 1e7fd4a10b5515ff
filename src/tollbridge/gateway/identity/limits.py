"""What signing in is limited by: an address's sign-ins and trials, credits of origins and paywalls.

Addresses are counted as HMACs: what is stored tells nobody who was here.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import NamedTuple

from tollbridge.gateway import limits as counting
from tollbridge.gateway.database import Script
from tollbridge.gateway.identity.values import Trial
from tollbridge.gateway.limits import DAY_MS, MINUTE_MS, Limit, rate_limited
from tollbridge.gateway.paywalls import Paywall
from tollbridge.gateway.settings import Limits


class Source(NamedTuple):
    """Where a sign-in comes from, as it is counted.

    Attributes:
        address: The hidden address; None counts for none.
        origin: As the browser said it; "" where nobody did, which counts as one more origin.
    """

    address: str | None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class SignInLimits:
    """The limits of signing in."""

    sign_ins: Limit
    of_user: Limit
    trials: Limit
    origin_credits: Limit
    paywall_credits: Limit

    @classmethod
    def of(cls, limits: Limits) -> "SignInLimits":
        """Take them from the settings."""
        return cls(
            Limit("ADDRESS_SIGN_INS", limits.address_sign_ins, 10 * MINUTE_MS),
            Limit("USER_SIGN_INS", limits.user_sign_ins, 10 * MINUTE_MS),
            Limit("ADDRESS_TRIALS", limits.address_trials, DAY_MS),
            Limit("ORIGIN_TRIAL_CREDITS", limits.origin_trial_credits, DAY_MS),
            Limit("PAYWALL_TRIAL_CREDITS", limits.paywall_trial_credits, DAY_MS),
        )

    def check_sign_in(self, source: Source, now: int) -> Script[None]:
        """Look whether an address may sign in once more; None always may.

        Raises:
            Refusal: `rate_limited`: there were too many.
        """
        if source.address is None:
            return
        wait_ms = yield from counting.wait_ms(self.sign_ins, source.address, now)
        if wait_ms:
            raise rate_limited(
                self.sign_ins.name,
                "Too many sign-ins came from your address; the limit is "
                f"{self.sign_ins.most} within ten minutes.",
                wait_s=wait_ms / 1000,
            )

    def check_user(self, user_id: str, now: int) -> Script[None]:
        """Look whether a user who is known may sign in once more.

        Raises:
            Refusal: `rate_limited`: they did so too often.
        """
        wait_ms = yield from counting.wait_ms(self.of_user, user_id, now)
        if wait_ms:
            raise rate_limited(
                self.of_user.name,
                f"You signed in too often; the limit is {self.of_user.most} within ten minutes.",
                wait_s=wait_ms / 1000,
            )

    def find_trial(self, paywall: Paywall, source: Source, now: int) -> Script[Trial]:
        """Say whether a user gets the trial credits, or why not.

        All of the paywall's query types or none: half a trial helps nobody.
        """
        credits = sum(paywall.query_types.values())
        if not credits:
            return Trial.GRANTED  # all there is
        address = source.address
        if address is not None and (yield from counting.wait_ms(self.trials, address, now)):
            return Trial.ADDRESS_HAD_SOME
        limit, origin = self._of_origins(paywall), _origin_of(paywall, source)
        of_origin = yield from counting.left(limit, origin, now)
        of_paywall = yield from counting.left(self.paywall_credits, paywall.paywall_id, now)
        if of_paywall is not None and credits > of_paywall:
            return Trial.PAYWALL_HAS_NONE_LEFT
        if of_origin is not None and credits > of_origin:
            return Trial.ORIGIN_HAS_NONE_LEFT
        return Trial.GRANTED

    def count_sign_in(self, source: Source, now: int) -> Script[None]:
        """Count a sign-in that made a user; it was looked at before."""
        if source.address is not None:
            yield from counting.count(self.sign_ins, source.address, now)

    def count_user(self, user_id: str, now: int) -> Script[None]:
        """Count a sign-in of a user who is known; it was looked at before."""
        yield from counting.count(self.of_user, user_id, now)

    def count_trial(self, paywall: Paywall, source: Source, now: int) -> Script[None]:
        """Count the trial credits that a user gets; it was looked at before."""
        credits, address = sum(paywall.query_types.values()), source.address
        if not credits:
            return
        if address is not None:
            yield from counting.count(self.trials, address, now)
        limit, origin = self._of_origins(paywall), _origin_of(paywall, source)
        yield from counting.count(limit, origin, now, amount=credits)
        yield from counting.count(self.paywall_credits, paywall.paywall_id, now, amount=credits)

    def _of_origins(self, paywall: Paywall) -> Limit:
        """Return the limit of each origin: the paywall's own where it has one."""
        if paywall.origin_trial_credits is None:
            return self.origin_credits
        return replace(self.origin_credits, most=paywall.origin_trial_credits)


def _origin_of(paywall: Paywall, source: Source) -> str:
    """Return what an origin is counted as, on a paywall: of one length, whatever was sent."""
    origin = source.origin.lower().encode("latin-1", "replace")
    return f"{paywall.paywall_id} {hashlib.sha256(origin).hexdigest()}"


def hide_address(key: bytes, address: str | None) -> str | None:
    """Return what is stored of an address: always the same for one, and no way back."""
    return None if address is None else hmac.digest(key, address.encode(), "sha256").hex()
