"""What an owner does with a paywall's Telegram bot, as whole steps."""

from tollbridge.gateway.database import Script
from tollbridge.gateway.identity.telegram import Bot
from tollbridge.gateway.identity.telegram_bots import store_bot
from tollbridge.gateway.identity.telegram_queries import StoredBot, delete_bot, find_bot
from tollbridge.gateway.paywalls import need_paywall
from tollbridge.gateway.sealing import Sealer


def set_bot(paywall_id: str, bot: Bot, sealer: Sealer | None, now: int) -> Script[bool]:
    """Write a paywall's bot; returns whether it took another's place.

    `sealer` may be None where the bot has no token.

    Raises:
        Refusal: `paywall_not_found`.
        ValueError: It is the bot that everybody knows, for people who are somebody.
    """
    yield from need_paywall(paywall_id)
    before = yield from find_bot(paywall_id)
    yield from store_bot(paywall_id, bot, sealer, now)
    return before is not None


def show_bot(paywall_id: str) -> Script[StoredBot | None]:
    """Read a paywall's bot, its token sealed; None where it has none.

    Raises:
        Refusal: `paywall_not_found`.
    """
    yield from need_paywall(paywall_id)
    return (yield from find_bot(paywall_id))


def remove_bot(paywall_id: str) -> Script[bool]:
    """Delete a paywall's bot; returns False where it had none. Accounts and sessions stay.

    Raises:
        Refusal: `paywall_not_found`.
    """
    yield from need_paywall(paywall_id)
    return (yield from delete_bot(paywall_id))
