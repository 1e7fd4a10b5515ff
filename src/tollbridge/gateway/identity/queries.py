"""The statements about users, sessions, refresh tokens and signing keys."""

from typing import NamedTuple

from tollbridge.gateway.database import Script, Statement, lock, locking
from tollbridge.gateway.identity.sessions import TOKENS_KEPT_MS, Life, Presented
from tollbridge.gateway.ids import may_be_id


class User(NamedTuple):
    """A user's row."""

    user_id: str
    paywall_id: str
    email: str | None
    anonymous: bool


class FoundToken(NamedTuple):
    """A refresh token's row with its session and user."""

    session_id: str
    user: User
    presented: Presented


def insert_user(user: User, now: int) -> Script[None]:
    """Write a new user; e-mail addresses are kept in lower case, as they are looked for."""
    email = None if user.email is None else user.email.lower()
    yield Statement(
        "insert into users (user_id, paywall_id, email, anonymous, created_at)"
        " values ($1, $2, $3, $4, $5)",
        (user.user_id, user.paywall_id, email, int(user.anonymous), now),
    )


def find_user(paywall_id: str, user_id: str) -> Script[User | None]:
    """Read a user of this paywall by id; a user of another paywall is not found."""
    if not may_be_id(paywall_id) or not may_be_id(user_id):
        return None
    rows = yield Statement(
        "select user_id, paywall_id, email, anonymous from users"
        " where user_id = $1 and paywall_id = $2",
        (user_id, paywall_id),
    )
    return _user(rows[0]) if rows else None


def find_user_by_email(paywall_id: str, email: str) -> Script[User | None]:
    """Read a user of this paywall by e-mail address, in whatever case it is written."""
    rows = yield Statement(
        "select user_id, paywall_id, email, anonymous from users"
        " where paywall_id = $1 and email = $2",
        (paywall_id, email.lower()),
    )
    return _user(rows[0]) if rows else None


def _user(row: tuple[str, str, str | None, int]) -> User:
    return User(row[0], row[1], row[2], bool(row[3]))


def insert_session(session_id: str, user_id: str, now: int, expires_at: int) -> Script[None]:
    """Write a new session, whose newest refresh token is number 0."""
    yield Statement(
        "insert into sessions (session_id, user_id, generation, created_at, used_at, expires_at)"
        " values ($1, $2, 0, $3, $3, $4)",
        (session_id, user_id, now, expires_at),
    )


def insert_refresh_token(session_id: str, generation: int, token_hash: bytes) -> Script[None]:
    """Write a session's new, unused refresh token."""
    yield Statement(
        "insert into refresh_tokens (token_hash, session_id, generation) values ($1, $2, $3)",
        (token_hash, session_id, generation),
    )


def lock_session_of(token_hash: bytes) -> Statement:
    """Keep others from the session of a refresh token; what is read afterwards does not change."""
    return locking(
        "select 1 from sessions where session_id ="
        " (select session_id from refresh_tokens where token_hash = $1) for update",
        (token_hash,),
    )


def find_refresh_token(token_hash: bytes) -> Script[FoundToken | None]:
    """Read a refresh token with its successor's first use, its session and its user."""
    rows = yield Statement(
        "select u.user_id, u.paywall_id, u.email, u.anonymous, s.session_id,"
        " t.generation, s.generation, n.used_at, s.used_at, s.expires_at, s.revoked_at"
        " from refresh_tokens t"
        " join sessions s on s.session_id = t.session_id"
        " join users u on u.user_id = s.user_id"
        " left join refresh_tokens n"
        " on n.session_id = t.session_id and n.generation = t.generation + 1"
        " where t.token_hash = $1",
        (token_hash,),
    )
    if not rows:
        return None
    return FoundToken(rows[0][4], _user(rows[0][:4]), Presented(*rows[0][5:]))


def advance_session(session_id: str, generation: int, token_hash: bytes, now: int) -> Script[None]:
    """Mark the token `generation` as used now and write its successor as the newest.

    The session's two oldest tokens are forgotten where they were used long ago: one is made, up to
    two go, so that a session that lives for a year keeps no more than its last month.
    """
    yield Statement(
        "update refresh_tokens set used_at = $3 where session_id = $1 and generation = $2",
        (session_id, generation, now),
    )
    yield from insert_refresh_token(session_id, generation + 1, token_hash)
    yield Statement(
        "update sessions set generation = $2, used_at = $3 where session_id = $1",
        (session_id, generation + 1, now),
    )
    yield Statement(
        "delete from refresh_tokens where session_id = $1 and used_at < $2 and generation in"
        " (select generation from refresh_tokens where session_id = $1"
        " order by generation limit 2)",
        (session_id, now - TOKENS_KEPT_MS),
    )


def list_sessions_with_tokens(after: str, most: int) -> Script[list[tuple[str, Life]]]:
    """Read up to `most` sessions that have refresh tokens, in the order of their ids."""
    rows = yield Statement(
        "select session_id, used_at, expires_at, revoked_at from sessions s"
        " where session_id > $1 and exists"
        " (select 1 from refresh_tokens t where t.session_id = s.session_id)"
        " order by session_id limit $2",
        (after, most),
    )
    return [(row[0], Life(*row[1:])) for row in rows]


def delete_refresh_tokens(session_id: str, most: int) -> Script[int]:
    """Delete up to `most` of a session's refresh tokens, oldest first; return how many.

    One process at a time: those that start together would wait for each other's rows, crosswise.
    """
    yield lock("old refresh tokens")
    rows = yield Statement(
        "delete from refresh_tokens where session_id = $1 and generation in"
        " (select generation from refresh_tokens where session_id = $1"
        " order by generation limit $2) returning 1",
        (session_id, most),
    )
    return len(rows)


def revoke_session(session_id: str, now: int) -> Script[None]:
    """End a session for good; one that has ended keeps its first end."""
    yield Statement(
        "update sessions set revoked_at = $2 where session_id = $1 and revoked_at is null",
        (session_id, now),
    )


def revoke_sessions_of(user_id: str, now: int) -> Script[list[str]]:
    """End all sessions of a user and return the ids of those that were not ended before."""
    rows = yield Statement(
        "update sessions set revoked_at = $2 where user_id = $1 and revoked_at is null"
        " returning session_id",
        (user_id, now),
    )
    return [session_id for (session_id,) in rows]


def session_is_alive(session_id: str, now: int) -> Script[bool]:
    """Read whether a session was neither revoked nor has reached its end."""
    rows = yield Statement(
        "select 1 from sessions where session_id = $1 and revoked_at is null and expires_at > $2",
        (session_id, now),
    )
    return bool(rows)


def list_signing_keys() -> Script[list[tuple[str, bytes]]]:
    """Read the signing keys as (id, sealed private half), oldest first."""
    rows = yield Statement(
        "select key_id, private_sealed from signing_keys order by created_at, key_id"
    )
    return [(key_id, sealed) for key_id, sealed in rows]


def keep_first_signing_key(
    key_id: str, private_sealed: bytes, public_jwk: str, now: int
) -> Script[list[tuple[str, bytes]]]:
    """Write a signing key if there is none; either way read what there is."""
    yield lock("signing keys")
    if not (yield from list_signing_keys()):
        yield Statement(
            "insert into signing_keys (key_id, private_sealed, public_jwk, created_at)"
            " values ($1, $2, $3, $4)",
            (key_id, private_sealed, public_jwk, now),
        )
    return (yield from list_signing_keys())
