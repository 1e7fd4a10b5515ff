"""What `serve --demo` adds: the demo paywall, its mock of Telegram, providers for real keys."""

import json
import os
import shlex
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from tollbridge.gateway.app import Gateway
from tollbridge.gateway.calls.quota import Hint
from tollbridge.gateway.database import Script, Statement
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.identity.telegram import bot_of_token
from tollbridge.gateway.identity.telegram_bots import MOCK_TOKEN, store_bot
from tollbridge.gateway.identity.telegram_queries import delete_bot, find_bot
from tollbridge.gateway.paywalls import Paywall, create_paywall, find_paywall
from tollbridge.gateway.providers.demo import DemoProvider
from tollbridge.gateway.providers.presets import make_provider
from tollbridge.gateway.providers.provider import Provider
from tollbridge.gateway.providers.queries import find_provider, set_enabled
from tollbridge.gateway.providers.registry import store_provider
from tollbridge.gateway.secret import Secret
from tollbridge.gateway.settings import DEFAULT_DATA_DIR, PREFIX, Settings
from tollbridge.gateway.templates import make_template
from tollbridge.gateway.templates.queries import find_template, put_template

DEMO_PAYWALL = "pw_demo"
DEMO_PROVIDER = "prov_demo_chat"
DEMO_TEMPLATE = "tpl_demo_ask"
DEMO_TYPE = "standard"
DEMO_TRIAL_CREDITS = 20
DEMO_TOP_UP = 5

# What the demo's widget asks: a visitor writes the question and nothing else.
DEMO_QUESTION_CHARS_MAX = 2000
_DEMO_BODY = {
    "model": "demo",
    "stream": True,
    "messages": [
        {"role": "system", "content": "Answer visitors of a website, in a few sentences."},
        {"role": "user", "content": "{{question}}"},
    ],
}

# Notes in `meta` which providers were made for a key of the environment.
_MARK = "provider from the environment: "


class RealProvider(NamedTuple):
    """A provider whose key may be in the environment."""

    provider_id: str
    preset: str
    base_url: str
    key_name: str
    models_name: str


REAL_PROVIDERS = (
    RealProvider(
        "prov_openai_chat",
        "openai-chat",
        "https://api.openai.com",
        "OPENAI_API_KEY",
        f"{PREFIX}OPENAI_MODELS",
    ),
    RealProvider(
        "prov_anthropic_messages",
        "anthropic-messages",
        "https://api.anthropic.com",
        "ANTHROPIC_API_KEY",
        f"{PREFIX}ANTHROPIC_MODELS",
    ),
)


def demo_hint(settings: Settings) -> Hint:
    """Return what makes the command line that gives a visitor of the demo more credits."""

    def hint(paywall_id: str, user_id: str, query_type: str) -> str:
        if paywall_id != DEMO_PAYWALL:
            return ""
        words = [".venv/bin/tollbridge", "user", "grant", "--paywall", paywall_id]
        words += ["--user", user_id, "--type", query_type, "--amount", str(DEMO_TOP_UP)]
        if settings.data_dir != DEFAULT_DATA_DIR:
            words += ["--data-dir", str(settings.data_dir)]
        return shlex.join(words)

    return hint


@asynccontextmanager
async def set_up_demo(gateway: Gateway) -> AsyncIterator[DemoProvider]:
    """Run the demo provider on a port of its own, and make the paywall that calls it."""
    demo = DemoProvider()
    base_url = await demo.start()
    try:
        provider = make_provider(
            provider_id=DEMO_PROVIDER,
            paywall_id=DEMO_PAYWALL,
            preset="http",
            base_url=base_url,
            query_type=DEMO_TYPE,
            allow=("POST v1/chat/completions", "POST v1/messages", "GET v1/models"),
            cost_for=("GET v1/models=0",),  # what there is to choose from
            allow_private=True,
        )
        await gateway.database.write(_store_demo(gateway, provider))
        yield demo
    finally:
        await demo.stop()


def _store_demo(gateway: Gateway, provider: Provider) -> Script[None]:
    yield from _ensure_paywall(gateway.clock.now_ms())
    yield from store_provider(provider, gateway.sealer, gateway.clock.now_ms())
    yield from _ensure_template(provider, gateway.clock.now_ms())


def _ensure_template(provider: Provider, now: int) -> Script[None]:
    if (yield from find_template(DEMO_TEMPLATE)) is None:
        template = make_template(
            DEMO_TEMPLATE,
            provider,
            body=json.dumps(_DEMO_BODY).encode(),
            variables={"question": DEMO_QUESTION_CHARS_MAX},
            path="v1/chat/completions",
        )
        yield from put_template(template, now)


def _ensure_paywall(now: int) -> Script[None]:
    # An owner may have changed it since: only a missing one is made.
    if (yield from find_paywall(DEMO_PAYWALL)) is None:
        paywall = Paywall(DEMO_PAYWALL, name="Demo", query_types={DEMO_TYPE: DEMO_TRIAL_CREDITS})
        yield from create_paywall(paywall, now)


async def set_up_mock_telegram(gateway: Gateway, *, wanted: bool) -> None:
    """Let the mock of Telegram sign visitors of the demo paywall in, or take it away again.

    Anybody can sign as it does, so whoever it signs in is anonymous. A bot that the owner has given
    the paywall is left alone.
    """
    await gateway.database.write(_put_mock(gateway) if wanted else _take_mock())


def _put_mock(gateway: Gateway) -> Script[None]:
    if (yield from find_bot(DEMO_PAYWALL)) is None:
        bot = bot_of_token(Secret(MOCK_TOKEN), test_environment=True)
        yield from store_bot(DEMO_PAYWALL, bot, gateway.sealer, gateway.clock.now_ms())


def _take_mock() -> Script[None]:
    mock, stored = bot_of_token(Secret(MOCK_TOKEN)), (yield from find_bot(DEMO_PAYWALL))
    if stored is not None and stored.bot_id == mock.bot_id:
        yield from delete_bot(DEMO_PAYWALL)


async def set_up_real_providers(gateway: Gateway, *, wanted: bool, anonymous: bool) -> None:
    """Add a provider for each key in the environment, or switch off those of an earlier start.

    A provider of the same id that the owner has added by hand since is left alone.

    Raises:
        StartError: They are wanted and there is no key, or a key without named models.
    """
    if wanted:
        providers = read_real_providers(os.environ, anonymous=anonymous)
        await gateway.database.write(_store_real(gateway, providers))
    else:
        await gateway.database.write(_switch_off_real())


def _store_real(gateway: Gateway, providers: list[Provider]) -> Script[None]:
    now = gateway.clock.now_ms()
    yield from _ensure_paywall(now)
    for provider in providers:
        yield from store_provider(provider, gateway.sealer, now)
        yield Statement(
            "insert into meta (name, value) values ($1, $2)"
            " on conflict (name) do update set value = excluded.value",
            (_MARK + provider.provider_id, (yield from _sealed_key(provider.provider_id))),
        )


def _switch_off_real() -> Script[None]:
    for real in REAL_PROVIDERS:
        name = _MARK + real.provider_id
        rows = yield Statement("select value from meta where name = $1", (name,))
        if rows and rows[0][0] == (yield from _sealed_key(real.provider_id)):
            yield from set_enabled(real.provider_id, enabled=False)


def _sealed_key(provider_id: str) -> Script[str]:
    # Sealing is never twice the same, so this tells our row from one that replaced it.
    stored = yield from find_provider(provider_id)
    return stored.key_sealed.hex() if stored and stored.key_sealed else ""


def read_real_providers(environment: Mapping[str, str], *, anonymous: bool) -> list[Provider]:
    """Return a provider of the demo paywall for each key that the environment holds.

    Raises:
        StartError: There is no key, or one without the models that it may be used for.
    """
    found = []
    for real in REAL_PROVIDERS:
        key = environment.get(real.key_name)
        if not key:
            continue
        models = [name.strip() for name in environment.get(real.models_name, "").split(",")]
        models = [name for name in models if name]
        if not models:
            raise StartError(
                f"{real.key_name} is set; name the models that visitors may spend it on, with "
                f"{real.models_name}=MODEL,MODEL"
            )
        found.append(
            make_provider(
                provider_id=real.provider_id,
                paywall_id=DEMO_PAYWALL,
                preset=real.preset,
                base_url=real.base_url,
                query_type=DEMO_TYPE,
                key=Secret(key),
                models=tuple(models),
                anonymous_allowed=anonymous,
            )
        )
    if not found:
        names = " or ".join(real.key_name for real in REAL_PROVIDERS)
        raise StartError(f"--real-providers needs {names} in the environment")
    return found
