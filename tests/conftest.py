"""Options and fixtures that every test may use."""

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.support.stores import Store
    from tests.support.world import World

# Helpers that assert say as much as tests do when something is not as it should be.
pytest.register_assert_rewrite(
    *(f"tests.{folder.name}" for folder in Path(__file__).parent.iterdir() if folder.is_dir())
)

# Seconds for one async test. pytest-timeout's alarm never reaches a test that waits inside uvloop,
# the loop's own timer does; a test that needs longer says so with `pytest.mark.timeout`. Just below
# pytest's own limit: what takes seconds alone takes far longer beside three other runs.
ASYNC_TEST_S = 110

settings.register_profile("short", max_examples=60, deadline=None)
settings.register_profile("long", max_examples=800, deadline=None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--long`, which `build.py test --long` passes on."""
    parser.addoption("--long", action="store_true", help="also run the tests marked `long`")


def pytest_configure(config: pytest.Config) -> None:
    """Have Hypothesis look longer where time allows."""
    settings.load_profile("long" if config.getoption("--long") else "short")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Limit the async tests, and leave out what takes minutes unless it was asked for."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            marker = item.get_closest_marker("timeout")
            item.obj = _limited(item.obj, float(marker.args[0]) if marker else ASYNC_TEST_S)
    if config.getoption("--long"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if not item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=long)


def _limited(
    test: Callable[..., Awaitable[None]], limit_s: float
) -> Callable[..., Awaitable[None]]:
    """The test, ended with a `TimeoutError` when it takes too long."""

    @functools.wraps(test)
    async def within_limit(*args: object, **kwargs: object) -> None:
        async with asyncio.timeout(limit_s):
            await test(*args, **kwargs)

    return within_limit


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what takes the fixture `store` on both, or on the one that a marker names."""
    if "store" in metafunc.fixturenames:
        from tests.support.stores import STORES

        marker = metafunc.definition.get_closest_marker("only_on")
        metafunc.parametrize("store", marker.args if marker else STORES, indirect=True)


@pytest.fixture
def store(request: pytest.FixtureRequest) -> "Iterator[Store]":
    """What a data folder stands for in this test: SQLite in it, or a database in PostgreSQL."""
    from tests.support.stores import using

    with using(request.param) as chosen:
        yield chosen


@pytest.fixture
async def world(tmp_path: Path) -> "AsyncIterator[World]":
    """A running gateway with its scripted provider; its ledger is exact when the test ends."""
    from tests.support.world import open_world  # the gateway is imported where it is used

    async with open_world(tmp_path) as opened:
        yield opened
        assert await opened.verify() == []
