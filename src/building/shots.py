"""Photographs the page in its named states: narrow and wide, light and dark.

For a person to look at; nothing compares them. Each state is reached once, in a browser of its
own, and then photographed in every size and scheme.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from building.chromium import FLAGS, find_chromium
from building.prepare import venv_program
from building.site import ROOT

OUT = ROOT / "build" / "shots"
SIZES = {"360": (360, 800), "1280": (1280, 800)}
SCHEMES = ("light", "dark")
START_S = 30  # the gateway makes its database and keys at its first start
PYTHON_MS = 60_000  # Pyodide compiles its standard library at every start
ANSWER_MS = 30_000


def start(page: Page) -> None:
    """The skeleton, while Python is still on its way: the runtime's files never arrive."""
    page.route("**/pyodide-*/**", lambda route: None)
    page.goto("./")


def ready(page: Page) -> None:
    """Python runs, the visitor is signed in, every credit is there."""
    page.goto("./")
    expect(page.get_by_text("20 of 20 left")).to_be_visible(timeout=PYTHON_MS)


def answered(page: Page) -> None:
    """One question, answered to its end."""
    ready(page)
    ask(page, "What is a toll bridge?")


def quota(page: Page) -> None:
    """All credits spent, and the question that was refused for it."""
    ready(page)
    for number in range(1, 21):
        ask(page, f"Question {number}")
        expect(page.get_by_text(f"{20 - number} of 20 left")).to_be_visible(timeout=ANSWER_MS)
    ask(page, "One question more", answer=False)
    expect(page.get_by_text("user grant")).to_be_visible(timeout=ANSWER_MS)


STATES: dict[str, Callable[[Page], None]] = {
    "start": start,
    "ready": ready,
    "answered": answered,
    "quota": quota,
}


def ask(page: Page, text: str, *, answer: bool = True) -> None:
    """Send a message as a person would; with `answer`, wait until the next one can be sent."""
    page.get_by_role("textbox").fill(text)
    page.get_by_role("button", name="Send").click()
    if answer:
        expect(page.get_by_role("button", name="Stop")).to_be_hidden(timeout=ANSWER_MS)


@contextmanager
def gateway() -> Iterator[str]:
    """A gateway of our own on the built page, with a fresh database; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://localhost:{port}/"
    with tempfile.TemporaryDirectory() as data_dir:
        command = [str(venv_program(ROOT, "tollbridge")), "serve", "--demo"]
        command += ["--port", str(port), "--data-dir", data_dir]
        env = os.environ | {"TOLLBRIDGE_SITE_DIR": str(ROOT / "build" / "site")}
        with subprocess.Popen(command, env=env) as process:
            try:
                wait_until_up(f"{address}healthz", process)
                yield address
            finally:
                process.terminate()


def wait_until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return as soon as the gateway answers; raise if it ends or stays silent."""
    until_s = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < until_s:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"the gateway does not answer on {url}")


def photograph(browser: Browser, address: str, name: str, out: Path) -> None:
    """Reach one state and save it in every size and scheme."""
    with browser.new_context(base_url=address) as context:
        page = context.new_page()
        # Narrow first: a page scrolled to its end stays there when it grows, not when it shrinks.
        page.set_viewport_size({"width": SIZES["360"][0], "height": SIZES["360"][1]})
        STATES[name](page)
        for size, (width, height) in SIZES.items():
            for scheme in SCHEMES:
                page.set_viewport_size({"width": width, "height": height})
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                page.screenshot(path=out / f"{name}-{size}-{scheme}.png", animations="disabled")
        page.unroute_all(behavior="ignoreErrors")  # `start` holds requests back to the end
    print(f"{name}: {len(SIZES) * len(SCHEMES)} pictures", flush=True)


def main() -> int:
    """Photograph every state."""
    OUT.mkdir(parents=True, exist_ok=True)
    with gateway() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        for name in STATES:
            photograph(browser, address, name, OUT)
        browser.close()
    print(f"saved in {OUT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
