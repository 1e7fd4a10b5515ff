"""Whole steps of signing in and out, each one unit when it is written.

Scripts (see `database/script.py`); times are milliseconds since 1970.
"""

from dataclasses import dataclass

from tollbridge.gateway.database import Script
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.identity import queries, sessions
from tollbridge.gateway.identity.limits import SignInLimits, Source
from tollbridge.gateway.identity.queries import User
from tollbridge.gateway.identity.sessions import Decision
from tollbridge.gateway.identity.values import Identity, Trial
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.ledger import GrantOrder, grant
from tollbridge.gateway.paywalls import Paywall


@dataclass(frozen=True, slots=True)
class Session:
    """A session that was begun or renewed, and what its tokens must say."""

    identity: Identity
    expires_at: int


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh led to; `session_id` is empty where the token is unknown."""

    decision: Decision
    session_id: str = ""
    session: Session | None = None


def sign_in_anonymously(
    paywall: Paywall,
    first_token_hash: bytes,
    now: int,
    *,
    limits: SignInLimits,
    source: Source,
) -> Script[tuple[Session, Trial]]:
    """Make a user without a name, a session, its refresh token, and the trial credits.

    All of it or nothing, what is counted included: nobody is signed in without the credits they
    were promised, and no credits are given to anybody who never got a session. Where the trials
    of the day are given away, the user has no credits, and the answer says why.

    Args:
        paywall: Whose user it will be.
        first_token_hash: What is stored of the session's first refresh token.
        now: Milliseconds since 1970.
        limits: Of sign-ins and trials.
        source: Where it comes from, for what is counted.

    Raises:
        Refusal: `rate_limited`: too many sign-ins of the address. Nothing changed.
    """
    yield from limits.check_sign_in(source, now)
    trial = yield from limits.find_trial(paywall, source, now)
    yield from limits.count_sign_in(source, now)
    user = User(new_id("user"), paywall.paywall_id, None, anonymous=True)
    yield from queries.insert_user(user, now)
    if trial is Trial.GRANTED:
        yield from limits.count_trial(paywall, source, now)
        yield from grant_trial(paywall, user, now)
    return (yield from begin_session(user, first_token_hash, now)), trial


def grant_trial(paywall: Paywall, user: User, now: int) -> Script[None]:
    """Give a user the trial credits of the paywall; a second time nothing happens."""
    for query_type, trial_credits in paywall.query_types.items():
        if trial_credits:
            order = GrantOrder(
                user_id=user.user_id,
                query_type=query_type,
                amount=trial_credits,
                source_key=f"trial:{user.user_id}:{query_type}",
                category="promotional",
            )
            yield from grant(order, now)


def begin_session(
    user: User, first_token_hash: bytes, now: int, *, lifetime_ms: int = sessions.LIFETIME_MS
) -> Script[Session]:
    """Begin a session of a user; its first refresh token is the caller's, stored as a hash."""
    session_id = new_id("sess")
    expires_at = now + lifetime_ms
    yield from queries.insert_session(session_id, user.user_id, now, expires_at)
    yield from queries.insert_refresh_token(session_id, 0, first_token_hash)
    return Session(_identity(user, session_id), expires_at)


def refresh(
    paywall_id: str, token_hash: bytes, successor_hash: bytes, now: int
) -> Script[Refreshed]:
    """Exchange a refresh token for its successor, or find out why not.

    One unit, so that refreshes that come together agree: the first makes the successor, the others
    find it. A token that comes back too late ends its session, and that stands: it is an outcome,
    not an error, because an error would take the ending back. An unknown token changes nothing.

    Raises:
        Refusal: `paywall_mismatch`: the token is another paywall's. Nothing changed.
    """
    yield queries.lock_session_of(token_hash)
    found = yield from queries.find_refresh_token(token_hash)
    if found is None:
        return Refreshed(Decision.ENDED)
    if found.user.paywall_id != paywall_id:
        raise Refusal("paywall_mismatch", "The refresh token and the URL name different paywalls.")
    presented, session_id = found.presented, found.session_id
    decision = sessions.decide_refresh(presented, now)
    if decision is Decision.ROTATE:
        yield from queries.advance_session(session_id, presented.generation, successor_hash, now)
    elif decision is Decision.REUSED:
        yield from queries.revoke_session(session_id, now)
    if decision in (Decision.REUSED, Decision.ENDED):
        return Refreshed(decision, session_id)
    session = Session(_identity(found.user, session_id), presented.expires_at)
    return Refreshed(decision, session_id, session)


def _identity(user: User, session_id: str) -> Identity:
    return Identity(user.user_id, user.paywall_id, session_id, user.anonymous)
