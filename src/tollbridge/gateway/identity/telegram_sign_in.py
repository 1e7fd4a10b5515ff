"""Signing in from Telegram: one account for each Telegram user of a paywall, for ever.

A script (see `database/script.py`); times are milliseconds since 1970.

A launch is good for an hour, and a Mini App that is reloaded brings the same one again. So it is
exchanged again for who knows the reload key that came with it the first time; the session of
before the reload then ends. Whoever brings it without that key is a second party that holds it:
they get nothing, the session that was begun with it ends too, and nobody gets another for it.
"""

import hashlib
from dataclasses import dataclass

from tollbridge.gateway.database import Script, lock
from tollbridge.gateway.identity import queries
from tollbridge.gateway.identity import telegram_queries as telegram
from tollbridge.gateway.identity.limits import SignInLimits, Source
from tollbridge.gateway.identity.queries import User
from tollbridge.gateway.identity.scripts import Session, begin_session, grant_trial
from tollbridge.gateway.identity.telegram import AHEAD_S, FRESH_S, Launch
from tollbridge.gateway.identity.telegram_queries import Account, Exchanged
from tollbridge.gateway.identity.values import Trial
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.paywalls import Paywall

# Who keeps a Mini App open for longer opens it anew; its tokens are renewed until then.
SESSION_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who opened a Mini App.

    Attributes:
        launch: What Telegram says of them.
        test_environment: Whether it is Telegram's test environment that says so.
        reload_key: Random text of the page's, which it brings again after a reload; "" has none.
        source: Where it comes from, for what is counted.
    """

    launch: Launch
    test_environment: bool
    reload_key: str
    source: Source

    @property
    def reload_hash(self) -> bytes | None:
        """What is stored of the reload key; it is random and needs no slow hash."""
        return hashlib.sha256(self.reload_key.encode()).digest() if self.reload_key else None


@dataclass(frozen=True, slots=True)
class Reused:
    """Two parties hold the launch; the session that was begun with it is over.

    An outcome, not an error: an error would take the ending back.
    """

    session_id: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A session was begun; `replaced` is the one of before a reload, which is over, or ""."""

    session: Session
    trial: Trial
    replaced: str = ""


def sign_in_with_telegram(
    paywall: Paywall,
    arrival: Arrival,
    first_token_hash: bytes,
    now: int,
    *,
    limits: SignInLimits,
) -> Script[Begun | Reused]:
    """Begin a session of a Telegram user, making the account where there is none.

    All of it or nothing, what is counted included. An account gets its trial credits once; where
    the paywall had none left on the day it was made, at a later sign-in.

    Raises:
        Refusal: `rate_limited`: too many new accounts from the address, or sign-ins of this user.
            Nothing changed.
    """
    account, trial = yield from _account(paywall, arrival, now, limits=limits)
    user = account.user
    yield from limits.check_user(user.user_id, now)
    yield from limits.count_user(user.user_id, now)
    paywall_id, fingerprint = paywall.paywall_id, arrival.launch.fingerprint
    exchanged = yield from telegram.find_exchanged(paywall_id, fingerprint)
    if exchanged is not None:
        yield from queries.revoke_session(exchanged.session_id, now)
        if exchanged.reload_hash is None or exchanged.reload_hash != arrival.reload_hash:
            yield from telegram.burn_launch(paywall_id, fingerprint)
            return Reused(exchanged.session_id)
    session = yield from begin_session(user, first_token_hash, now, lifetime_ms=SESSION_MS)
    yield from telegram.put_exchanged(
        paywall_id,
        fingerprint,
        Exchanged(session.identity.session_id, arrival.reload_hash),
        1000 * (arrival.launch.auth_date + FRESH_S + AHEAD_S),
    )
    yield from telegram.forget_exchanged(now)
    return Begun(session, trial, exchanged.session_id if exchanged else "")


def _account(
    paywall: Paywall, arrival: Arrival, now: int, *, limits: SignInLimits
) -> Script[tuple[Account, Trial]]:
    """Find or make the account, with what became of its trial credits.

    The limits of the address and of the paywall are looked at before others are kept from the
    user, in the order that all of us keep; so the account is looked for twice.
    """
    found = yield from _find(paywall, arrival)
    # A Telegram account costs a telephone number, and a carrier has thousands of people behind
    # one address: only the paywall's day bounds their trials. A test account costs nothing.
    trials_of = (
        arrival.source if arrival.test_environment else arrival.source._replace(address=None)
    )
    if found is None:
        yield from limits.check_sign_in(arrival.source, now)
    trial = Trial.GRANTED
    if found is None or not found.trial_given:
        trial = yield from limits.find_trial(paywall, trials_of, now)
    number = f"{arrival.test_environment:d}:{arrival.launch.telegram_id}"
    yield lock("telegram user", paywall.paywall_id, number)
    account = yield from _find(paywall, arrival)
    if account is None:
        account = yield from _make(paywall, arrival, now)
        yield from limits.count_sign_in(arrival.source, now)
    if account.trial_given:
        return account, Trial.GRANTED
    if trial is Trial.GRANTED:
        yield from limits.count_trial(paywall, trials_of, now)
        yield from grant_trial(paywall, account.user, now)
        yield from telegram.mark_trial_given(account.user.user_id)
    return account, trial


def _find(paywall: Paywall, arrival: Arrival) -> Script[Account | None]:
    return (
        yield from telegram.find_account(
            paywall.paywall_id,
            arrival.launch.telegram_id,
            test_environment=arrival.test_environment,
        )
    )


def _make(paywall: Paywall, arrival: Arrival, now: int) -> Script[Account]:
    # Whoever comes from the test environment may be anybody, so nobody knows them.
    anonymous = arrival.test_environment
    user = User(new_id("user"), paywall.paywall_id, None, anonymous=anonymous)
    yield from queries.insert_user(user, now)
    yield from telegram.insert_account(
        user,
        arrival.launch.telegram_id,
        test_environment=arrival.test_environment,
        trial_given=False,
    )
    return Account(user, trial_given=False)
