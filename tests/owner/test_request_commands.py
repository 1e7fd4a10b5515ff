"""`tollbridge request list` looks into the request log, while the gateway runs and without it."""

import asyncio
from typing import Any

import pytest

from tests.support.command_line import CommandLine
from tests.support.world import PAYWALL, open_world
from tollbridge.wire import paths


async def make_requests(command_line: CommandLine) -> dict[str, Any]:
    """Have a gateway answer a visitor and a stranger, and end."""
    async with open_world(command_line.folder) as world:
        visitor = await world.sign_in()
        async with world.call(visitor, provider_id="prov_none") as answer:
            refused = answer.headers["X-Request-Id"]
        async with world.client.get(world.url + paths.JWKS) as answer:
            last = answer.headers["X-Request-Id"]
    return {"refused": refused, "last": last}


@pytest.fixture
def made(command_line: CommandLine) -> dict[str, Any]:
    """The ids of two requests; a sign-in came before them."""
    return asyncio.run(make_requests(command_line))


def listed(command_line: CommandLine, *words: str) -> list[dict[str, Any]]:
    """Return what the command lists."""
    found: list[dict[str, Any]] = command_line.make("request", "list", *words)["requests"]
    return found


def test_the_newest_come_first(command_line: CommandLine, made: dict[str, Any]) -> None:
    """As many as wanted, each with everything that is known of it."""
    rows = listed(command_line)
    assert len(rows) == 3
    assert [row["request_id"] for row in rows[:2]] == [made["last"], made["refused"]]
    assert rows == sorted(rows, key=lambda row: row["at"], reverse=True)
    assert (rows[1]["error"], rows[1]["status"]) == ("provider_not_found", 404)
    assert (rows[1]["route"], rows[1]["method"]) == ("/api/v1/api-gateway/{provider_id}", "POST")
    assert listed(command_line, "--limit", "1") == rows[:1]


def test_they_can_be_narrowed(command_line: CommandLine, made: dict[str, Any]) -> None:
    """By what an answer named, by time, status, paywall and user."""
    rows = listed(command_line)
    assert [row["request_id"] for row in listed(command_line, "--id", made["refused"])] == [
        made["refused"]
    ]
    assert listed(command_line, "--status", "404") == [rows[1]]
    assert listed(command_line, "--since", rows[0]["at"])[0] == rows[0]
    assert listed(command_line, "--since", "2999-01-01T00:00:00Z") == []
    assert rows[2] in listed(command_line, "--paywall", PAYWALL)
    assert listed(command_line, "--user", "user_none") == []


def test_it_can_be_read(command_line: CommandLine, made: dict[str, Any]) -> None:
    """A table for a person; a sentence where there is nothing."""
    head, *lines = command_line.run("request", "list").stdout.splitlines()
    assert head.split() == ["at", "request", "method", "route", "status", "error", "ms", "user"]
    assert made["last"] in lines[0]
    assert command_line.run("request", "list", "--user", "x").stdout == "No requests.\n"


def test_a_malformed_time_is_named(command_line: CommandLine, made: dict[str, Any]) -> None:
    """With what would be right."""
    assert "has no zone" in command_line.refuse("request", "list", "--since", "2027-01-31T00:00:00")
