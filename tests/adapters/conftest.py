"""A page of a new visitor on CPython, joined to a real gateway with a scripted provider."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.adapters.sdks import SDKS
from tests.support.sdk_page import SdkPage
from tests.support.world import World


@pytest.fixture
async def page(world: World) -> AsyncIterator[SdkPage]:
    """Give a page of a new visitor, who has 20 of 20 credits."""
    made = SdkPage(world)
    await made.auth.sign_in_anonymously()
    await made.billing.get_balances()
    yield made
    await made.aclose()


@pytest.fixture(params=SDKS, ids=lambda sdk: type(sdk).__name__)
def sdk(request: pytest.FixtureRequest) -> Any:
    """Give each of the two official SDKs."""
    return request.param


@pytest.fixture
async def client(sdk: Any, page: SdkPage) -> AsyncIterator[Any]:
    """Give a client of that SDK over the page's gateway client."""
    made = sdk.client(page.gateway)
    yield made
    await made.close()
