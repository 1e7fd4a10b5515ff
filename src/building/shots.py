"""Photographs the page in its named states: narrow and wide, light and dark.

For a person to look at; nothing compares them. Each state is reached once, in a browser of its
own, and then photographed in every size and scheme.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright

from building.chromium import FLAGS, find_chromium
from building.prepare import venv_program
from building.scene import Scene
from building.site import ROOT
from building.states import STATES

SITE = ROOT / "build" / "site"
OUT = ROOT / "build" / "shots"
# Narrow first: a page scrolled to its end stays there when it grows, not when it shrinks.
SIZES = {"360": (360, 800), "1280": (1280, 800)}
SCHEMES = ("light", "dark")
# The gateway makes its database and keys at its first start.
START_S = 60


class Gateway:
    """A gateway of our own, with a fresh database.

    Attributes:
        url: Where it answers.
        data_dir: Its database.
    """

    def __init__(self, url: str, data_dir: Path) -> None:
        """Take over a gateway that runs."""
        self.url = url
        self.data_dir = data_dir

    async def command(self, *words: str) -> Any:
        """Run `tollbridge *words --json` on its data; see `states.Owner`."""
        process = await asyncio.create_subprocess_exec(
            venv_program(ROOT, "tollbridge"),
            *words,
            "--json",
            "--data-dir",
            str(self.data_dir),
            env=_without_settings(),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        if process.returncode:
            raise SystemExit(f"tollbridge {words[0]} {words[1]} failed")
        return json.loads(out)


@asynccontextmanager
async def gateway(site: Path = ROOT / "build" / "site") -> AsyncIterator[Gateway]:
    """Run a gateway that serves a built page, until it is left."""
    with tempfile.TemporaryDirectory() as data_dir:
        command = [str(venv_program(ROOT, "tollbridge")), "serve", "--demo"]
        command += ["--port", "0", "--data-dir", data_dir]
        env = _without_settings() | {"TOLLBRIDGE_SITE_DIR": str(site)}
        process = await asyncio.create_subprocess_exec(
            *command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START_S):
                said = (await process.stdout.readline()).decode().split()
            if not said:
                raise SystemExit("the gateway did not start")
            yield Gateway(said[-1], Path(data_dir))
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def _without_settings() -> dict[str, str]:
    # Whatever database somebody has named there is not for pictures.
    return {name: text for name, text in os.environ.items() if not name.startswith("TOLLBRIDGE_")}


async def photograph(browser: Browser, running: Gateway, name: str, out: Path) -> None:
    """Reach one state and save it in every size and scheme."""
    context = await browser.new_context(base_url=running.url, service_workers="block")
    page = await context.new_page()
    width, height = SIZES["360"]
    await page.set_viewport_size({"width": width, "height": height})
    await STATES[name](Scene(page, running))
    for size, (width, height) in SIZES.items():
        for scheme in SCHEMES:
            await page.set_viewport_size({"width": width, "height": height})
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await page.screenshot(path=out / f"{name}-{size}-{scheme}.png", animations="disabled")
    await page.unroute_all(behavior="ignoreErrors")  # `start` holds requests back to the end
    await context.close()
    print(f"{name}: {len(SIZES) * len(SCHEMES)} pictures", flush=True)


async def take(names: list[str]) -> None:
    """Photograph these states."""
    async with gateway(SITE) as running, async_playwright() as playwright:
        program = find_chromium()
        browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        for name in names:
            await photograph(browser, running, name, OUT)
        await browser.close()


def main() -> int:
    """Photograph the states that were named, or all of them."""
    parser = argparse.ArgumentParser(prog="build.py shots")
    parser.add_argument("states", nargs="*", metavar="STATE", help=", ".join(STATES))
    names = parser.parse_args().states or list(STATES)
    if unknown := [name for name in names if name not in STATES]:
        parser.error(f"no such state: {', '.join(unknown)}; there are {', '.join(STATES)}")
    if len(names) == len(STATES):
        shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(names))
    print(f"saved in {OUT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
