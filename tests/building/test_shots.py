"""What `build.py shots` photographs, and on what."""

import itertools
import os
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import async_playwright

from building import shots
from building.chromium import FLAGS, find_chromium
from building.prepare import TEST_POSTGRES
from building.states import STATES, Scene


@pytest.mark.browser
async def test_a_state_is_photographed_in_every_size_and_scheme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """360 and 1280 px, light and dark; each name of the list is a state."""

    async def words(scene: Scene) -> None:
        await scene.page.set_content("<p>something to see</p>")

    monkeypatch.setitem(STATES, "words", words)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(), args=list(FLAGS)
        )
        await shots.photograph(
            browser, shots.Gateway("http://localhost", tmp_path), "words", tmp_path
        )
        await browser.close()
    wanted = itertools.product(("360", "1280"), ("light", "dark"))
    assert set(os.listdir(tmp_path)) == {f"words-{size}-{scheme}.png" for size, scheme in wanted}


async def test_the_gateway_of_the_pictures_has_a_store_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the person's own gateway is told: nobody's database gets a demo."""
    monkeypatch.setenv("TOLLBRIDGE_DATABASE_URL", "postgresql://localhost:1/nobodys")
    monkeypatch.setenv(TEST_POSTGRES, "postgresql://localhost:1/postgres")
    (tmp_path / "index.html").write_text("<!doctype html>", "utf-8")
    async with shots.gateway(tmp_path) as running:
        async with aiohttp.request("GET", f"{running.url}/healthz") as answer:
            assert answer.status == 200
        listed = await running.command("provider", "list")
        assert {one["paywall_id"] for one in listed["providers"]} == {"pw_demo"}
