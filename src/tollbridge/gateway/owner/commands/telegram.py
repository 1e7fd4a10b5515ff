"""`tollbridge telegram`: the bot whose Mini App signs a paywall's users in."""

from pathlib import Path
from typing import Any

import click

from tollbridge.gateway.identity.telegram import Bot, bot_of_token
from tollbridge.gateway.identity.telegram_queries import StoredBot
from tollbridge.gateway.owner.commands.printing import columns, show
from tollbridge.gateway.owner.commands.provider_options import read_key
from tollbridge.gateway.owner.commands.running import (
    Open,
    data_dir_option,
    json_option,
    open_sealer,
    run,
)
from tollbridge.gateway.owner.telegram import remove_bot, set_bot, show_bot

BOT_ID_MAX = 2**52 - 1

paywall_option = click.option("--paywall", "paywall_id", required=True, metavar="ID")


@click.group()
def telegram() -> None:
    """Telegram: the bot whose Mini App signs a paywall's users in."""


@telegram.command("set")
@paywall_option
@click.option(
    "--bot-token-env",
    metavar="VAR",
    help="The environment variable that holds the bot's token; read once, now, and stored sealed.",
)
@click.option(
    "--bot-id",
    type=click.IntRange(1, BOT_ID_MAX),
    metavar="N",
    help="Instead of the token: the digits before its colon. Apps older than 2024 cannot sign in.",
)
@click.option(
    "--test-environment",
    is_flag=True,
    help="The bot is one of Telegram's test environment; its users are known to nobody.",
)
@data_dir_option
@json_option
def set_(
    paywall_id: str,
    bot_token_env: str | None,
    bot_id: int | None,
    test_environment: bool,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Let a bot's Mini App sign users in, in place of the bot that did; within 2 s."""
    if bot_token_env is not None and bot_id is None:
        bot = bot_of_token(read_key(bot_token_env), test_environment=test_environment)
    elif bot_id is not None and bot_token_env is None:
        bot = Bot(bot_id, test_environment=test_environment)
    else:
        raise click.UsageError("give --bot-token-env VAR or --bot-id N, one of them")

    async def work(store: Open) -> tuple[StoredBot, bool]:
        await store.database.read(show_bot(paywall_id))  # before a master key is asked for
        sealer = None if bot.token is None else await open_sealer(store)
        replaced = await store.database.write(set_bot(paywall_id, bot, sealer, store.now))
        stored = await store.database.read(show_bot(paywall_id))
        assert stored is not None, "it was written"
        return stored, replaced

    stored, replaced = run(data_dir, work)
    done = "has another bot" if replaced else "signs users in from Telegram"
    show(
        described(paywall_id, stored),
        [f"Paywall {paywall_id} {done}.", *_lines(stored)],
        as_json=as_json,
    )


@telegram.command("show")
@paywall_option
@data_dir_option
@json_option
def show_(paywall_id: str, data_dir: Path | None, as_json: bool) -> None:
    """Show a paywall's bot; its token is not shown to anybody."""

    async def work(store: Open) -> StoredBot | None:
        return await store.database.read(show_bot(paywall_id))

    stored = run(data_dir, work)
    if stored is None:
        raise click.ClickException(f"Paywall {paywall_id} has no sign-in from Telegram.")
    said = [f"Paywall {paywall_id} signs users in from Telegram.", *_lines(stored)]
    show(described(paywall_id, stored), said, as_json=as_json)


@telegram.command()
@paywall_option
@data_dir_option
@json_option
def off(paywall_id: str, data_dir: Path | None, as_json: bool) -> None:
    """End sign-in from Telegram within 2 s; accounts, their credits and sessions stay."""

    async def work(store: Open) -> bool:
        return await store.database.write(remove_bot(paywall_id))

    if not run(data_dir, work):
        raise click.ClickException(f"Paywall {paywall_id} has no sign-in from Telegram.")
    show(
        {"paywall_id": paywall_id, "off": True},
        [f"Paywall {paywall_id} has no sign-in from Telegram any more."],
        as_json=as_json,
    )


def described(paywall_id: str, stored: StoredBot) -> dict[str, Any]:
    """Return a bot as JSON shows it; of its token only that there is one."""
    return {
        "paywall_id": paywall_id,
        "bot_id": stored.bot_id,
        "token": "***" if stored.token_sealed else None,
        "test_environment": stored.test_environment,
    }


def _lines(stored: StoredBot) -> list[str]:
    checked = "***" if stored.token_sealed else "none; Telegram's own signature is checked"
    environment = "test: its users are known to nobody" if stored.test_environment else "production"
    return columns(
        ("", ""),
        [("  bot", stored.bot_id), ("  token", checked), ("  environment", environment)],
    )[1:]
