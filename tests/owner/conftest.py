"""The world that these tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.accounts import Accounts, open_accounts
from tests.support.command_line import CommandLine
from tests.support.stores import Store


@pytest.fixture
async def accounts(store: Store, tmp_path: Path) -> AsyncIterator[Accounts]:
    """A world of accounts of one's own."""
    async with open_accounts(tmp_path) as opened:
        yield opened


@pytest.fixture
def command_line(store: Store, tmp_path: Path) -> CommandLine:
    """The command line on an empty folder."""
    return CommandLine(tmp_path / "var")


@pytest.fixture
def owner(command_line: CommandLine) -> CommandLine:
    """The command line on a folder with the paywall `pw_one`."""
    command_line.make("paywall", "create", "pw_one", "--query-type", "standard=20")
    return command_line
