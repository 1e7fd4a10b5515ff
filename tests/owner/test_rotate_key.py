"""`tollbridge provider rotate-key`: a new key in place of a provider's, and nothing else."""

import asyncio
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.command_line import CommandLine
from tests.support.scripted_provider import Answer
from tests.support.stored import everything_stored
from tests.support.world import open_world
from tollbridge.gateway.secret import Secret

OLD, NEW = "sk-old-0123456789", "sk-new-0123456789"
CHAT = ("--preset", "openai-chat", "--model", "gpt-x", "--query-type", "standard")
ROTATE = ("provider", "rotate-key", "prov_one", "--key-env", "K")


def add(owner: CommandLine, *words: str) -> None:
    """Add the provider `prov_one`."""
    words = ("provider", "add", "prov_one", "--paywall", "pw_one", *CHAT, *words)
    owner.make(*words, environment={"K": OLD})


def test_a_key_is_replaced_and_shown_nowhere(owner: CommandLine) -> None:
    """In JSON and in words; everything else of the provider stays."""
    add(owner, "--key-env", "K", "--cost", "3", "--cost-for", "POST v1/chat/completions=4")
    owner.make("provider", "disable", "prov_one")
    (before,) = owner.make("provider", "list")["providers"]
    answer = owner.make(*ROTATE, environment={"K": NEW})
    assert answer == {"id": "prov_one", "rotated": True}
    result = owner.run(*ROTATE, environment={"K": NEW})
    assert result.output == "Provider prov_one has a new key.\n"
    assert owner.make("provider", "list")["providers"] == [before]
    assert before["key"] == "***"
    assert NEW.encode() not in everything_stored(owner.folder)


def test_what_cannot_be_replaced_is_said(owner: CommandLine) -> None:
    """No provider, no key of it, no new key: a sentence each, and nothing changes."""
    assert owner.refuse(*ROTATE, environment={"K": NEW}) == "There is no provider prov_one."
    assert not (owner.folder / "master.key").exists()
    add(owner)
    assert owner.refuse(*ROTATE, environment={"K": NEW}) == (
        "the provider prov_one has no key to replace; add it again with --key-env"
    )
    add(owner, "--key-env", "K")
    for environment in ({}, {"K": ""}):
        sentence = owner.refuse(*ROTATE, environment=environment)
        assert sentence == "the environment variable K is not set"
    sentence = owner.refuse(*ROTATE, environment={"K": "sk new"})
    assert "the key" in sentence
    assert "new" not in sentence
    other = {"TOLLBRIDGE_MASTER_KEY": "A" * 43 + "=", "K": NEW}
    assert "master key is not the one" in owner.refuse(*ROTATE, environment=other)
    assert owner.run("provider", "rotate-key", "prov_one").exit_code == 2


@pytest.mark.parametrize("preset", ["http", "anthropic-messages"])
async def test_a_running_gateway_sends_the_new_key_within_two_seconds(
    tmp_path: Path, command_line: CommandLine, preset: str
) -> None:
    """Until then the old one, and never both."""
    clock = FakeClock()
    path, header = ("v1/x", "authorization") if preset == "http" else ("v1/messages", "x-api-key")
    bearer = "Bearer " if preset == "http" else ""
    models = () if preset == "http" else ("m",)
    async with open_world(tmp_path / "var", clock=clock) as world:
        world.provider.always(Answer.json({}))
        await world.add_provider("prov_one", preset=preset, models=models, key=Secret(OLD))
        visitor = await world.sign_in()

        async def key_sent() -> str | None:
            body = {"model": "m"}
            async with world.call(visitor, path, provider_id="prov_one", json=body) as answer:
                assert answer.status == 200, await answer.text()
            return (await world.provider.next_request()).header(header)

        assert await key_sent() == bearer + OLD
        result = await asyncio.to_thread(command_line.run, *ROTATE, environment={"K": NEW})
        assert result.exit_code == 0, result.output
        clock.move(ms=2_000)
        assert await key_sent() == bearer + NEW
