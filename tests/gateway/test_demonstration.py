"""What `serve --demo` and `--real-providers` add, and what they never do."""

import shlex
from pathlib import Path

import pytest

from tests.support.telegram import TOKEN, launch
from tests.support.world import World, open_world
from tollbridge.gateway.demo import (
    DEMO_PAYWALL,
    DEMO_PROVIDER,
    DEMO_TEMPLATE,
    demo_hint,
    read_real_providers,
    set_up_demo,
    set_up_mock_telegram,
    set_up_real_providers,
)
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.identity.telegram import bot_of_token
from tollbridge.gateway.identity.telegram_bots import MOCK_TOKEN, store_bot
from tollbridge.gateway.identity.telegram_queries import delete_bot, find_bot
from tollbridge.gateway.providers.queries import find_provider
from tollbridge.gateway.secret import Secret
from tollbridge.gateway.settings import Settings
from tollbridge.gateway.templates import find_template

KEYS = {"OPENAI_API_KEY": "sk-openai", "TOLLBRIDGE_OPENAI_MODELS": "gpt-a, gpt-b"}


def test_the_hint_is_a_command_that_a_shell_takes() -> None:
    """It names the visitor and the query type, and the data folder only where it must."""
    plain = demo_hint(Settings())(DEMO_PAYWALL, "user_1", "standard")
    assert plain == (
        ".venv/bin/tollbridge user grant --paywall pw_demo --user user_1 --type standard --amount 5"
    )
    elsewhere = demo_hint(Settings(data_dir=Path("/data of mine")))
    words = shlex.split(elsewhere(DEMO_PAYWALL, "user_1", "standard"))
    assert words[-2:] == ["--data-dir", "/data of mine"]


def test_only_the_demo_paywall_gives_hints() -> None:
    """A visitor of an owner's paywall learns nothing of the server."""
    assert demo_hint(Settings())("pw_app", "user_1", "standard") == ""


async def test_the_demo_can_be_set_up_again_and_keeps_what_its_owner_changed(
    tmp_path: Path,
) -> None:
    """A second start finds the paywall and moves the provider to its new port."""
    async with open_world(tmp_path) as world:
        for _ in range(2):
            async with set_up_demo(world.gateway):
                stored = await world.gateway.database.read(find_provider(DEMO_PROVIDER))
                assert stored is not None
                assert stored.provider.base_url.startswith("http://127.0.0.1:")
        visitor = await world.sign_in(DEMO_PAYWALL)
        assert await world.balance(visitor) == 20


async def test_what_the_demo_can_do_costs_nothing_to_read(tmp_path: Path) -> None:
    """A page lists the models, and what each shows, at an empty balance too."""
    async with open_world(tmp_path) as world, set_up_demo(world.gateway):
        visitor = await world.sign_in(DEMO_PAYWALL)
        await world.drain(visitor, 0)
        call = world.call(visitor, "v1/models", provider_id=DEMO_PROVIDER, method="GET")
        async with call as answer:
            assert answer.status == 200
            assert "X-Query-Type" not in answer.headers
            models = [model["id"] for model in (await answer.json())["data"]]
        assert {"demo", "demo-slow", "demo-429"} <= set(models)
        assert await world.verify() == []


async def test_the_demo_has_a_template_for_a_widget(tmp_path: Path) -> None:
    """It streams; what an owner has made of it since stays."""
    async with open_world(tmp_path) as world, set_up_demo(world.gateway):
        visitor = await world.sign_in(DEMO_PAYWALL)
        asked = {"template": DEMO_TEMPLATE, "variables": {"question": "What is this?"}}
        url = f"{world.url}/api/v1/api-gateway/{DEMO_TEMPLATE}"
        async with world.client.post(url, headers=visitor.headers, json=asked) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            assert (await answer.text()).endswith("data: [DONE]\n\n")
        assert await world.balance(visitor) == 19


async def test_a_template_that_its_owner_changed_stays(tmp_path: Path) -> None:
    """A second start makes a missing one only."""
    async with open_world(tmp_path) as world, set_up_demo(world.gateway):
        body = {"model": "demo", "messages": []}
        given = {"paywall_id": DEMO_PAYWALL, "provider_id": DEMO_PROVIDER, "body": body}
        await world.add_template(DEMO_TEMPLATE, **given, path="v1/chat/completions")
        async with set_up_demo(world.gateway):
            stored = await world.gateway.database.read(find_template(DEMO_TEMPLATE))
        assert stored is not None
        assert stored.template.body == body


def test_a_key_is_used_only_for_named_models() -> None:
    """Without models there is a sentence and no provider."""
    with pytest.raises(StartError, match="TOLLBRIDGE_OPENAI_MODELS"):
        read_real_providers({"OPENAI_API_KEY": "sk-openai"}, anonymous=False)
    with pytest.raises(StartError, match="OPENAI_API_KEY or ANTHROPIC_API_KEY"):
        read_real_providers({}, anonymous=False)
    (provider,) = read_real_providers(KEYS, anonymous=False)
    assert provider.models == ("gpt-a", "gpt-b")
    assert "sk-openai" not in repr(provider)


@pytest.mark.parametrize("anonymous", [False, True])
async def test_real_providers_serve_anonymous_visitors_only_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, anonymous: bool
) -> None:
    """Without `--anonymous` a visitor is refused with `sign_in_required`."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    async with open_world(tmp_path) as world:
        await set_up_real_providers(world.gateway, wanted=True, anonymous=anonymous)
        visitor = await world.sign_in(DEMO_PAYWALL)
        # The model is not allowed, so that nothing is sent to anybody.
        call = world.call(
            visitor,
            "v1/chat/completions",
            provider_id="prov_openai_chat",
            json={"model": "gpt-c", "messages": []},
        )
        async with call as answer:
            refused = (await answer.json())["error"]
        assert refused == ("model_not_allowed" if anonymous else "sign_in_required")


async def test_a_start_without_the_flag_switches_real_providers_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys found in the environment are used with `--real-providers` and never again without."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    async with open_world(tmp_path) as world:
        await set_up_real_providers(world.gateway, wanted=True, anonymous=True)
        await set_up_real_providers(world.gateway, wanted=False, anonymous=False)
        stored = await world.gateway.database.read(find_provider("prov_openai_chat"))
        assert stored is not None
        assert not stored.provider.enabled


async def test_a_provider_that_its_owner_added_by_hand_stays_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what the flag made is switched off, not what has taken its id since."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    async with open_world(tmp_path) as world:
        await set_up_real_providers(world.gateway, wanted=True, anonymous=True)
        by_hand = {"preset": "openai-chat", "models": ("gpt-a",), "key": Secret("sk-own")}
        await world.add_provider("prov_openai_chat", paywall_id=DEMO_PAYWALL, **by_hand)
        await set_up_real_providers(world.gateway, wanted=False, anonymous=False)
        stored = await world.gateway.database.read(find_provider("prov_openai_chat"))
        assert stored is not None
        assert stored.provider.enabled


async def from_telegram(world: World, token: str) -> tuple[int, str]:
    """Open the demo's Mini App under a bot's token; return the status, and the access token."""
    path = f"{world.url}/api/v1/paywall/{DEMO_PAYWALL}/auth/telegram/signin"
    raw = launch(world.gateway.clock.now_ms() // 1000, token=token)
    async with world.client.post(path, json={"init_data": raw}) as answer:
        return answer.status, (await answer.json()).get("access_token", "")


async def test_the_mock_of_telegram_signs_in_nobody_who_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TG-M11: its token is no secret, so that who comes by it may not spend an owner's real key."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    async with open_world(tmp_path) as world, set_up_demo(world.gateway):
        await set_up_mock_telegram(world.gateway, wanted=True)
        await set_up_real_providers(world.gateway, wanted=True, anonymous=False)
        status, access_token = await from_telegram(world, MOCK_TOKEN)
        assert status == 200
        call = world.client.post(
            f"{world.url}/api/v1/api-gateway/prov_openai_chat/v1/chat/completions",
            headers={"Authorization": f"Bearer {access_token}", "X-Paywall-Id": DEMO_PAYWALL},
            json={"model": "gpt-a", "messages": []},
        )
        async with call as answer:
            assert (await answer.json())["error"] == "sign_in_required"


async def test_a_start_without_the_demo_takes_the_mock_away(tmp_path: Path) -> None:
    """TG-M11: what it signs is then worth nothing; a bot of the owner's stays, either way."""
    async with open_world(tmp_path) as world, set_up_demo(world.gateway):
        await set_up_mock_telegram(world.gateway, wanted=True)
        await set_up_mock_telegram(world.gateway, wanted=False)
        assert await world.gateway.database.read(find_bot(DEMO_PAYWALL)) is None
        await set_up_mock_telegram(world.gateway, wanted=False)
        own = store_bot(DEMO_PAYWALL, bot_of_token(Secret(TOKEN)), world.gateway.sealer, 0)
        await world.write(own)
        for wanted in (True, False):
            await set_up_mock_telegram(world.gateway, wanted=wanted)
            assert (await from_telegram(world, TOKEN))[0] == (200 if wanted else 401)
            assert (await from_telegram(world, MOCK_TOKEN))[0] == 401
        assert await world.write(delete_bot(DEMO_PAYWALL))
