"""The bots of paywalls: stored sealed, opened, remembered for a moment."""

from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database, Script
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.identity import telegram_queries as queries
from tollbridge.gateway.identity.telegram import Bot
from tollbridge.gateway.identity.telegram_queries import StoredBot
from tollbridge.gateway.recent import Recent
from tollbridge.gateway.sealing import Sealer
from tollbridge.gateway.secret import Secret

# What `static/telegram_mock.mjs` signs with: anybody can read it there, so whoever it signs for is
# nobody known. No bot of Telegram's has this id.
MOCK_TOKEN = "1:tollbridge-mock-token-which-everybody-knows"


class TelegramBots:
    """Finds the bot of a paywall, each read at most once in two seconds."""

    def __init__(self, database: Database, sealer: Sealer, clock: Clock) -> None:
        """Look in `database`; nothing is read yet."""
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._recent: Recent[str, Bot] = Recent()

    async def need(self, paywall_id: str) -> Bot:
        """Return the paywall's bot with its token.

        Raises:
            Refusal: `telegram_disabled`: it has none.
            StoreUnavailable: The store could not be read.
            SealBroken: The token cannot be opened with this master key.
        """
        now_ms = self._clock.now_ms()
        known = self._recent.get(paywall_id, now_ms=now_ms)
        if known is not None:
            return known
        stored = await self._database.read(queries.find_bot(paywall_id))
        if stored is None:
            raise Refusal("telegram_disabled", "This paywall has no sign-in from Telegram.")
        bot = _open(paywall_id, stored, self._sealer)
        self._recent.put(paywall_id, bot, read_at_ms=now_ms)
        return bot


def store_bot(paywall_id: str, bot: Bot, sealer: Sealer | None, now: int) -> Script[None]:
    """Write the paywall's bot, its token sealed, in place of the one it had.

    Args:
        paywall_id: Whose; it must exist.
        bot: The bot.
        sealer: May be None where there is no token.
        now: Milliseconds since 1970.

    Raises:
        ValueError: The token is the one that everybody knows, and the bot is not one of the test
            environment, where that is no secret.
    """
    sealed = None
    if bot.token is not None:
        if bot.token.matches(MOCK_TOKEN) and not bot.test_environment:
            raise ValueError(
                "this is the token of the mock Telegram, which everybody knows: whoever reads it "
                "could sign in as anybody; for development give --test-environment too"
            )
        assert sealer is not None, "a token is sealed"
        sealed = sealer.seal(bot.token.reveal(), _context(paywall_id))
    yield from queries.put_bot(paywall_id, StoredBot(bot.bot_id, sealed, bot.test_environment), now)


def _open(paywall_id: str, stored: StoredBot, sealer: Sealer) -> Bot:
    token = None
    if stored.token_sealed is not None:
        token = Secret(sealer.open(stored.token_sealed, _context(paywall_id)))
    return Bot(stored.bot_id, token, stored.test_environment)


def _context(paywall_id: str) -> str:
    # A token that is copied into another paywall's row does not open there.
    return f"telegram_bots:{paywall_id}"
