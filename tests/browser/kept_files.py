"""Browsers that keep the page's files from one test to the next, as a visitor's own would.

A context that is made anew fetches and compiles Python's WebAssembly anew, which is most of what a
start costs. These keep the files and the compiled code; of the visitor who was there they keep
nothing.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, CDPSession, Page, Playwright

from building.chromium import FLAGS

# All that a page can keep by itself; the browser's own cache of files is not among them.
KEPT_BY_PAGES = "cookies,file_systems,indexeddb,local_storage,service_workers,cache_storage"
# What can be set on a tab as well, so that it needs no browser of its own.
MEDIA = ("color_scheme", "forced_colors", "reduced_motion")


@dataclass
class _Kept:
    """A browser, and the debugger of an empty tab in it, which keeps it open."""

    context: BrowserContext
    debugger: CDPSession
    is_lent: bool = False


class KeptFiles:
    """Lends tabs of such browsers: one browser for each set of what cannot be set on a tab."""

    def __init__(self, playwright: Playwright, program: str, folder: Path) -> None:
        """Start nothing yet; what the browsers keep goes into the folder."""
        self._playwright = playwright
        self._program = program
        self._folder = folder
        self._all: dict[str, _Kept] = {}

    async def lend(self, **options: Any) -> Page | None:
        """Give a tab of a visitor who was never there; None while another test's tab is lent.

        Args:
            options: What Playwright's `new_context` takes. A test that changes the whole context,
                its clock or its scripts, must take a new one instead: that cannot be undone.
        """
        media = {name: options.pop(name) for name in MEDIA if name in options}
        size = options.pop("viewport", None)
        kept = await self._browser(options)
        if kept.is_lent:
            return None
        kept.is_lent = True
        await _forget(kept)
        page = await kept.context.new_page()
        if size:
            await page.set_viewport_size(size)
        await page.emulate_media(**media)
        return page

    async def give_back(self, page: Page) -> None:
        """Close every tab of the browser that the tab belongs to; the next test may have it."""
        (kept,) = [kept for kept in self._all.values() if kept.context == page.context]
        for opened in kept.context.pages[1:]:
            await opened.unroute_all(behavior="ignoreErrors")  # some requests may be held back
            await opened.close()
        await kept.context.set_offline(False)
        kept.is_lent = False

    async def close(self) -> None:
        """End the browsers."""
        for kept in self._all.values():
            await kept.context.close()

    async def _browser(self, options: dict[str, Any]) -> _Kept:
        name = json.dumps(options, sort_keys=True)
        if name not in self._all:
            context = await self._playwright.chromium.launch_persistent_context(
                self._folder / str(len(self._all)),
                executable_path=self._program,
                args=list(FLAGS),
                **options,
            )
            debugger = await context.new_cdp_session(context.pages[0])
            self._all[name] = _Kept(context, debugger)
        return self._all[name]


async def _forget(kept: _Kept) -> None:
    # Before a test and not after one: by now nothing of the closed tabs is still being written.
    forget = {"origin": "*", "storageTypes": KEPT_BY_PAGES}
    await kept.debugger.send("Storage.clearDataForOrigin", forget)
    assert await kept.context.cookies() == []
