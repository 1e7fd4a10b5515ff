"""UX-M8: what a tab keeps while it changes, up to the moment at which the page is left."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support import dom as fake
from tests.support.tab_storage import TabStorage
from tollbridge.ui.dom import DRAFT
from tollbridge.ui.keeping import Keeping

# Nobody waits for it: what is left over is written on leaving, or by `close`.
NEVER_S = 3600


class Draft:
    """A text that is kept, and the tab that keeps it."""

    def __init__(self, page: fake.Page, storage: TabStorage, pause_s: float = NEVER_S) -> None:
        """Keep what is typed, with so much time between two writings."""
        self.page = page
        self.storage = storage
        self.text = ""
        self.keeping = Keeping(DRAFT, lambda: self.text, pause_s=pause_s)

    def type(self, text: str) -> None:
        """Change the text."""
        self.text = text
        self.keeping.touch()

    async def written(self, text: str) -> None:
        """Let a writing begin, and see what was written once it has come back."""
        await self.storage.asked.wait()
        for _ in range(5):  # back to who began it, and into the pause after it
            await asyncio.sleep(0)
        assert self.storage.items[DRAFT] == text

    def leave(self) -> None:
        """Leave the page, which lets nothing that waits go on."""
        self.page.window.fire("pagehide")


@pytest.fixture
async def draft(page: fake.Page, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Draft]:
    """A draft that nobody has typed yet; its tab lets go of it."""
    typed = Draft(page, TabStorage(monkeypatch))
    yield typed
    typed.storage.answers.set()
    await typed.keeping.close()
    assert page.window.listeners == page.document.listeners == []


async def test_what_was_typed_is_kept(draft: Draft) -> None:
    """Soon, and without anybody leaving."""
    draft.type("One")
    await draft.written("One")


async def test_what_was_typed_since_is_kept_on_leaving(draft: Draft) -> None:
    """The next writing is not due yet."""
    draft.type("One")
    await draft.written("One")
    draft.type("One and two")
    assert draft.storage.items[DRAFT] == "One"
    draft.leave()
    assert draft.storage.items[DRAFT] == "One and two"


async def test_what_is_being_written_is_written_on_leaving(
    page: fake.Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writing that has begun and not come back may never: the page is going."""
    draft = Draft(page, TabStorage(monkeypatch), pause_s=0)
    draft.type("One")
    await draft.written("One")
    draft.storage.asked.clear()
    draft.storage.answers.clear()
    draft.type("One and two")
    await draft.storage.asked.wait()
    assert draft.storage.items[DRAFT] == "One"
    draft.leave()
    assert draft.storage.items[DRAFT] == "One and two"
    draft.storage.answers.set()
    await draft.keeping.close()
    assert draft.storage.items[DRAFT] == "One and two"


async def test_leaving_again_writes_nothing_older(draft: Draft) -> None:
    """What another script of the tab has kept since stays."""
    draft.type("One")
    await draft.written("One")
    draft.leave()
    draft.storage.items[DRAFT] = "Theirs"
    draft.leave()
    assert draft.storage.items[DRAFT] == "Theirs"


async def test_where_the_browser_refuses_nothing_is_tried_on_leaving(draft: Draft) -> None:
    """Its error would be one that nobody hears."""
    draft.storage.refuses = True
    draft.type("One")
    await draft.storage.asked.wait()
    await asyncio.sleep(0)
    draft.type("One and two")
    draft.leave()
    assert draft.storage.items == {}


async def test_closed_it_writes_what_is_due_and_then_nothing(draft: Draft) -> None:
    """The pause is cut short; what is typed afterwards is somebody else's."""
    draft.type("One")
    await draft.written("One")
    draft.type("One and two")
    await draft.keeping.close()
    assert draft.storage.items[DRAFT] == "One and two"
    draft.type("Later")
    draft.leave()
    assert draft.storage.items[DRAFT] == "One and two"
