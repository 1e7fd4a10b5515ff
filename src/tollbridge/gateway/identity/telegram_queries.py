"""The statements about Telegram: bots, whose account is whose, launches that were exchanged."""

from typing import NamedTuple

from tollbridge.gateway.database import Script, Statement
from tollbridge.gateway.identity.queries import User
from tollbridge.gateway.ids import may_be_id

# Each sign-in adds one row; taking away more than that keeps the table small.
_FORGOTTEN_AT_ONCE = 8


class StoredBot(NamedTuple):
    """A paywall's bot as it is stored; its token sealed, or None where there is none."""

    bot_id: int
    token_sealed: bytes | None
    test_environment: bool


class Account(NamedTuple):
    """A Telegram user's account on a paywall."""

    user: User
    trial_given: bool


class Exchanged(NamedTuple):
    """A launch that was exchanged before: for which session, and what a reload must know."""

    session_id: str
    reload_hash: bytes | None


def put_bot(paywall_id: str, bot: StoredBot, now: int) -> Script[None]:
    """Write the paywall's bot, in place of the one it had."""
    yield Statement(
        "insert into telegram_bots (paywall_id, bot_id, token_sealed, test_environment, created_at)"
        " values ($1, $2, $3, $4, $5) on conflict (paywall_id) do update set"
        " bot_id = excluded.bot_id, token_sealed = excluded.token_sealed,"
        " test_environment = excluded.test_environment, created_at = excluded.created_at",
        (paywall_id, bot.bot_id, bot.token_sealed, int(bot.test_environment), now),
    )


def find_bot(paywall_id: str) -> Script[StoredBot | None]:
    """Read the paywall's bot, or None."""
    if not may_be_id(paywall_id):
        return None
    rows = yield Statement(
        "select bot_id, token_sealed, test_environment from telegram_bots where paywall_id = $1",
        (paywall_id,),
    )
    return StoredBot(rows[0][0], rows[0][1], bool(rows[0][2])) if rows else None


def delete_bot(paywall_id: str) -> Script[bool]:
    """Delete the paywall's bot; returns False where it has none. Accounts stay."""
    rows = yield Statement(
        "delete from telegram_bots where paywall_id = $1 returning paywall_id", (paywall_id,)
    )
    return bool(rows)


def insert_account(
    user: User, telegram_id: int, *, test_environment: bool, trial_given: bool
) -> Script[None]:
    """Write whose account a new user's is."""
    yield Statement(
        "insert into telegram_users"
        " (paywall_id, test_environment, telegram_id, user_id, trial_given)"
        " values ($1, $2, $3, $4, $5)",
        (user.paywall_id, int(test_environment), telegram_id, user.user_id, int(trial_given)),
    )


def find_account(
    paywall_id: str, telegram_id: int, *, test_environment: bool
) -> Script[Account | None]:
    """Read a Telegram user's account, or None."""
    rows = yield Statement(
        "select u.user_id, u.paywall_id, u.email, u.anonymous, t.trial_given"
        " from telegram_users t join users u on u.user_id = t.user_id"
        " where t.paywall_id = $1 and t.test_environment = $2 and t.telegram_id = $3",
        (paywall_id, int(test_environment), telegram_id),
    )
    if not rows:
        return None
    user_id, paywall_id, email, anonymous, trial_given = rows[0]
    return Account(User(user_id, paywall_id, email, bool(anonymous)), bool(trial_given))


def mark_trial_given(user_id: str) -> Script[None]:
    """Note that the account has had its trial credits."""
    yield Statement("update telegram_users set trial_given = 1 where user_id = $1", (user_id,))


def find_exchanged(paywall_id: str, fingerprint: bytes) -> Script[Exchanged | None]:
    """Read what a launch was exchanged for, or None."""
    rows = yield Statement(
        "select session_id, reload_hash from telegram_launches"
        " where paywall_id = $1 and fingerprint = $2",
        (paywall_id, fingerprint),
    )
    return Exchanged(*rows[0]) if rows else None


def put_exchanged(
    paywall_id: str, fingerprint: bytes, exchanged: Exchanged, expires_at: int
) -> Script[None]:
    """Write what a launch was exchanged for, now; a reload's session takes the place of the last.

    What a reload must know stays what it was.
    """
    yield Statement(
        "insert into telegram_launches"
        " (paywall_id, fingerprint, session_id, reload_hash, expires_at)"
        " values ($1, $2, $3, $4, $5)"
        " on conflict (paywall_id, fingerprint) do update set session_id = excluded.session_id",
        (paywall_id, fingerprint, exchanged.session_id, exchanged.reload_hash, expires_at),
    )


def burn_launch(paywall_id: str, fingerprint: bytes) -> Script[None]:
    """Have nobody know what a reload must know."""
    yield Statement(
        "update telegram_launches set reload_hash = null"
        " where paywall_id = $1 and fingerprint = $2",
        (paywall_id, fingerprint),
    )


def forget_exchanged(now: int) -> Script[None]:
    """Delete some of the launches that are not fresh any more, oldest first."""
    yield Statement(
        "delete from telegram_launches where expires_at <= (select max(expires_at) from"
        " (select expires_at from telegram_launches where expires_at < $1"
        " order by expires_at limit $2) as oldest)",
        (now, _FORGOTTEN_AT_ONCE),
    )
