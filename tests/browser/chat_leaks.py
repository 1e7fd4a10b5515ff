"""Run by Pyodide in place of the page's start: opens and closes the whole page, and counts."""

import asyncio
import json

import js
import pyodide_js

module = pyodide_js._module
module.enable_pyproxy_allocation_tracing()  # before any proxy of ours is made

from tollbridge.pages import spa  # noqa: E402
from tollbridge.ui.chat_kept import Kept  # noqa: E402
from tollbridge.ui.transcript import Transcript  # noqa: E402
from tollbridge.ui.transcript_text import to_text  # noqa: E402

OPENED = 200


def talked() -> Kept:
    """A conversation with code in it, which has a button of its own."""
    transcript = Transcript()
    version = transcript.answer(transcript.ask("One")).version
    version.text, version.state = "```py\ncode\n```\n\n[link](https://example.com)", "done"
    return Kept(transcript=to_text(transcript), draft="x")


async def open_and_close(kept: Kept) -> int:
    """Open the page, use what has listeners of its own, and close it; returns what it held."""
    page = spa.Page(kept)
    js.document.getElementById("counter").click()
    page.around.paywall.close()
    js.document.getElementById("keys").click()
    await asyncio.sleep(0)
    held = module.pyproxy_alloc_map.size
    await page.auth.ready()
    await page.close()
    return held


async def count() -> None:
    """Leave the counts where the test finds them: after one opening, and after many."""
    kept = talked()
    for _ in range(3):  # what is made once and kept, is made
        held = await open_and_close(kept)
    counts = [held, module.pyproxy_alloc_map.size]
    for _ in range(OPENED):
        await open_and_close(kept)
    counts.append(module.pyproxy_alloc_map.size)
    bubbles = js.document.querySelectorAll("#log article").length
    js.document.documentElement.dataset.counts = json.dumps([*counts, bubbles])


TASKS = [asyncio.create_task(count())]  # held here, or the event loop would lose it
