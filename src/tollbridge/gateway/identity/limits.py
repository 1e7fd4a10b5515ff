"""What signing in is limited by: sign-ins and trials of an address, a paywall's trial credits.

Addresses are counted as HMACs: what is stored tells nobody who was here.
"""

import hmac
from dataclasses import dataclass

from tollbridge.gateway import limits as counting
from tollbridge.gateway.database import Script
from tollbridge.gateway.identity.values import Trial
from tollbridge.gateway.limits import DAY_MS, MINUTE_MS, Limit, rate_limited
from tollbridge.gateway.paywalls import Paywall
from tollbridge.gateway.settings import Limits


@dataclass(frozen=True, slots=True)
class SignInLimits:
    """The limits of signing in."""

    sign_ins: Limit
    trials: Limit
    trial_credits: Limit

    @classmethod
    def of(cls, limits: Limits) -> "SignInLimits":
        """Take them from the settings."""
        return cls(
            Limit("ADDRESS_SIGN_INS", limits.address_sign_ins, 10 * MINUTE_MS),
            Limit("ADDRESS_TRIALS", limits.address_trials, DAY_MS),
            Limit("PAYWALL_TRIAL_CREDITS", limits.paywall_trial_credits, DAY_MS),
        )

    def check_sign_in(self, address: str | None, now: int) -> Script[None]:
        """Look whether a hidden address may sign in once more; None always may.

        Raises:
            Refusal: `rate_limited`: there were too many.
        """
        if address is None:
            return
        wait_ms = yield from counting.wait_ms(self.sign_ins, address, now)
        if wait_ms:
            raise rate_limited(
                self.sign_ins.name,
                "Too many sign-ins came from your address; the limit is "
                f"{self.sign_ins.most} within ten minutes.",
                wait_s=wait_ms / 1000,
            )

    def find_trial(self, paywall: Paywall, address: str | None, now: int) -> Script[Trial]:
        """Say whether a new user of a hidden address gets the trial credits, or why not.

        All of the paywall's query types or none: half a trial helps nobody.
        """
        credits = sum(paywall.query_types.values())
        if not credits:
            return Trial.GRANTED  # all there is
        if address is not None and (yield from counting.wait_ms(self.trials, address, now)):
            return Trial.ADDRESS_HAD_SOME
        left = yield from counting.left(self.trial_credits, paywall.paywall_id, now)
        if left is not None and credits > left:
            return Trial.PAYWALL_HAS_NONE_LEFT
        return Trial.GRANTED

    def count(self, trial: Trial, paywall: Paywall, address: str | None, now: int) -> Script[None]:
        """Count a sign-in, and what was given to the new user; both were looked at before."""
        credits = sum(paywall.query_types.values())
        if address is not None:
            yield from counting.count(self.sign_ins, address, now)
        if trial is not Trial.GRANTED or not credits:
            return
        if address is not None:
            yield from counting.count(self.trials, address, now)
        yield from counting.count(self.trial_credits, paywall.paywall_id, now, amount=credits)


def hide_address(key: bytes, address: str | None) -> str | None:
    """Return what is stored of an address: always the same for one, and no way back."""
    return None if address is None else hmac.digest(key, address.encode(), "sha256").hex()
