"""The world that these tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.accounts import Accounts, open_accounts
from tests.support.stores import Store


@pytest.fixture
async def accounts(store: Store, tmp_path: Path) -> AsyncIterator[Accounts]:
    """A world of accounts of one's own."""
    async with open_accounts(tmp_path) as opened:
        yield opened
