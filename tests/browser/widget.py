"""Pages of other people, on an origin of their own, and what is done with the widget on them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from playwright.async_api import Locator, Page, expect

ANSWER_MS = 60_000
_FILES = Path(__file__).with_name("widget_host")
_PAGE = """<!doctype html>
<html lang="en"{root}>
<head>
  <meta charset="utf-8"><title>A page of somebody else's</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="icon" href="./icon.svg" type="image/svg+xml">
  {head}
</head>
<body>
  <main><h1>We sell bridges</h1><p id="copy">And this text stays where it is.</p></main>
  {body}
</body>
</html>
"""


class Host:
    """A web server that serves what it is given.

    Attributes:
        origin: Its address.
        gateway: The gateway's.
    """

    def __init__(self, gateway: str) -> None:
        """Serve nothing yet."""
        self.origin = ""
        self.gateway = gateway
        self._pages: dict[str, tuple[str, str]] = {}

    @property
    def policy(self) -> str:
        """The strictest policy under which a page can have the widget."""
        return (
            f"default-src 'self'; script-src 'self' {self.gateway} 'wasm-unsafe-eval'; "
            f"connect-src 'self' {self.gateway}; style-src 'self'; "
            "require-trusted-types-for 'script'; trusted-types 'none'"
        )

    def tag(self, *, path: str = "v1/widget.js", **data: str) -> str:
        """The one script tag, with attributes: `provider_id` for `data-provider-id`."""
        data = {"paywall_id": "pw_demo"} | data
        told = " ".join(f'data-{name.replace("_", "-")}="{text}"' for name, text in data.items())
        return f'<script async src="{self.gateway}/{path}" {told}></script>'

    def page(self, body: str, *, head: str = "", root: str = "", policy: str | None = None) -> str:
        """Serve a page under the strictest policy, or another one; returns its address."""
        name = f"{len(self._pages)}.html"
        text = _PAGE.format(body=body, head=head, root=root)
        self._pages[name] = (text, self.policy if policy is None else policy)
        return f"{self.origin}/{name}"

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request."""
        name = request.path.lstrip("/")
        if name in self._pages:
            text, policy = self._pages[name]
            headers = {"Content-Security-Policy": policy} if policy else {}
            return web.Response(text=text, content_type="text/html", headers=headers)
        if name == "icon.svg":
            icon = '<svg xmlns="http://www.w3.org/2000/svg"/>'
            return web.Response(text=icon, content_type="image/svg+xml")
        file = _FILES / name
        kind = "text/css" if file.suffix == ".css" else "text/javascript"
        return web.Response(body=file.read_bytes(), content_type=kind)


@asynccontextmanager
async def hosting(gateway: str) -> AsyncIterator[Host]:
    """Run a host until it is left."""
    host = Host(gateway)
    app = web.Application()
    app.router.add_get("/{name}", host.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield host
    finally:
        await runner.cleanup()


class Widget:
    """One widget on a page, as a visitor sees it."""

    def __init__(self, page: Page, *, place: str = "tollbridge-widget") -> None:
        """Look for it at `place`, a selector."""
        self.page = page
        self.element = page.locator(place)
        self.launcher = self.element.locator(".launcher")
        self.panel = self.element.locator(".panel")
        self.draft = self.element.locator("#draft")
        self.turns = self.element.locator("article")
        self.answer = self.element.locator("article[data-role=assistant]").last
        self.left = self.element.locator("[data-part=left]")
        self.credits = self.element.locator("[data-part=credits]")
        self.notice = self.element.locator(".panel > .notice")

    def button(self, name: str) -> Locator:
        """A button of the panel."""
        return self.panel.get_by_role("button", name=name, exact=True)

    async def open(self) -> None:
        """Press the launcher."""
        await self.launcher.click()
        await expect(self.draft).to_be_focused()

    async def ask(self, text: str) -> None:
        """Write a question and press Enter."""
        await self.draft.fill(text)
        await self.draft.press("Enter")

    async def answered(self) -> None:
        """Wait for the end of the answer."""
        await expect(self.answer).to_have_attribute("data-state", "done", timeout=ANSWER_MS)
