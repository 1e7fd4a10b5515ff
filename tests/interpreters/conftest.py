"""Chromium and the interpreters, for tests that share one event loop for the session."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from building.chromium import FLAGS, find_headless_shell
from tests.support.interpreters import interpreter_host


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Give the browser; each test takes a context of its own."""
    program = find_headless_shell()
    if program is None:
        pytest.fail("Chromium is not installed; `python3 build.py test` installs it")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def host() -> AsyncIterator[str]:
    """Serve the interpreters."""
    async with interpreter_host() as origin:
        yield origin
