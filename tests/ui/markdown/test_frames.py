"""A text that is too long for one frame is shown in several, and nothing of it is lost."""

import pytest

from tests.support.dom import Page
from tests.ui.markdown.shown import Shown
from tollbridge.ui.markdown import MarkdownView, view

TEXT = "".join(f"Paragraph {number} with **some** words.\n\n" for number in range(200))
PARTS = -(-len(TEXT) // view.PART_CHARS)


class InFrames(Shown):
    """A view that may take several frames.

    Attributes:
        grew: How often it told that a later frame had shown more.
    """

    def __init__(self, page: Page) -> None:
        """Put an empty view on the page."""
        super().__init__(page)
        self.grew = 0
        self.view = MarkdownView(self.node, tasks=self.tasks, grew=self._count)

    def paint(self) -> int:
        """Paint until nobody asks for another frame; returns how many frames that were."""
        before = -1
        began = self.page.frames
        while before != self.page.frames:
            before = self.page.frames
            self.page.paint()
        return self.page.frames - began

    def _count(self) -> None:
        self.grew += 1


@pytest.fixture
def slow(page: Page, monkeypatch: pytest.MonkeyPatch) -> InFrames:
    """A view whose frames have time for one part each."""
    monkeypatch.setattr(view, "FRAME_MS", -1)
    return InFrames(page)


def test_a_long_text_is_spread_over_frames(slow: InFrames, page: Page) -> None:
    """UX-M1: each frame shows one part, and at the end all of it is there."""
    slow.view.set(TEXT)
    assert "Paragraph 0 " in slow.html
    assert "Paragraph 199" not in slow.html
    assert slow.paint() == slow.grew == PARTS - 1
    assert slow.html == Shown(page).whole(TEXT)


def test_words_that_come_meanwhile_follow_in_their_order(slow: InFrames, page: Page) -> None:
    """What is added, flushed and finished while frames are due waits for its turn."""
    slow.view.add(TEXT)
    slow.view.flush()
    slow.view.add("The end.")
    slow.view.flush()
    slow.view.finish()
    assert "The end." not in slow.html
    slow.paint()
    assert slow.html == Shown(page).whole(TEXT + "The end.")
    assert slow.view.text == TEXT + "The end."


def test_a_closed_view_writes_no_more(slow: InFrames) -> None:
    """Its frames may still come, and find nothing to do."""
    slow.view.set(TEXT)
    slow.view.close()
    shown = slow.html
    slow.paint()
    assert slow.html == shown
    assert slow.grew == 0


def test_a_quick_text_needs_no_frame(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fits into its frame is there at once."""
    monkeypatch.setattr(view, "FRAME_MS", 60_000)
    quick = InFrames(page)
    quick.view.set(TEXT)
    assert "Paragraph 199" in quick.html
    assert quick.paint() == 0
