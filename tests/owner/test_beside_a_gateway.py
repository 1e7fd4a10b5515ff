"""Commands work while a gateway runs on the same folder."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine, run_process
from tests.support.stores import Store, environment
from tests.support.world import PAYWALL, World, open_world
from tollbridge.gateway.paywalls import Paywall, find_paywall


@pytest.fixture
async def world(store: Store, tmp_path: Path) -> AsyncIterator[World]:
    """A running gateway on the folder that `owner` works on."""
    async with open_world(tmp_path / "var") as opened:
        yield opened


async def make(command_line: CommandLine, *words: str) -> dict[str, object]:
    """Run a command that must succeed, on a thread, since it has a loop of its own."""
    answer: dict[str, object] = await asyncio.to_thread(command_line.make, *words)
    return answer


async def test_a_grant_reaches_a_visitor_who_waits(world: World, command_line: CommandLine) -> None:
    """The gateway caches no balance: the next look shows it."""
    visitor = await world.sign_in()
    named = ("--paywall", PAYWALL, "--user", visitor.user_id, "--type", "standard")
    answer = await make(command_line, "user", "grant", *named, "--amount", "5")
    assert answer["count"] == 25
    assert await world.balance(visitor) == 25
    assert await make(command_line, "ledger", "verify") == {"ok": True, "differences": []}


async def test_what_the_gateway_made_is_seen(world: World, command_line: CommandLine) -> None:
    """Both work on one database and under one master key."""
    assert await make(command_line, "paywall", "set", PAYWALL, "--name", "Changed")
    found = await world.gateway.database.read(find_paywall(PAYWALL))
    assert isinstance(found, Paywall)
    assert found.name == "Changed"
    words = ["provider", "add", "prov_two", "--paywall", PAYWALL, "--preset", "openai-chat"]
    words += ["--model", "m", "--query-type", "standard", "--key-env", "K"]
    result = await asyncio.to_thread(command_line.run, *words, environment={"K": "sk-1"})
    assert result.exit_code == 0, result.output
    provider = await world.gateway.registry.find("prov_two")
    assert provider is not None
    assert provider.key is not None
    assert provider.key.matches("sk-1")


async def test_both_may_write_at_once(world: World, command_line: CommandLine) -> None:
    """Neither loses anything: each waits for its turn."""
    visitor = await world.sign_in()
    named = ("--paywall", PAYWALL, "--user", visitor.user_id, "--type", "standard")
    words = ("user", "grant", *named, "--amount", "5", "--data-dir", str(command_line.folder))
    here = environment(command_line.folder)
    commands = [
        asyncio.create_task(asyncio.to_thread(run_process, *words, **here)) for _ in range(4)
    ]
    granted = 0
    while not all(command.done() for command in commands):
        await world.grant(visitor, 1)
        granted += 1
    assert [command.result().returncode for command in commands] == [0] * 4
    assert await world.balance(visitor) == 20 + 4 * 5 + granted
    assert await world.verify() == []
