"""What a tab keeps of its chat over a reload, and the writing of it."""

from tollbridge.ui import dom
from tollbridge.ui.keeping import Keeping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Between two writings of a transcript that grows.
KEEP_S = 1


class Kept:
    """What a reload left; texts, "" where there is none."""

    def __init__(
        self, *, transcript: str = "", draft: str = "", blocked: str = "", choice: str = ""
    ) -> None:
        """Take the four."""
        self.transcript = transcript
        self.draft = draft
        self.blocked = blocked
        self.choice = choice


async def read_kept() -> Kept:
    """Read what this tab kept."""
    return Kept(
        transcript=await dom.kept(dom.TRANSCRIPT),
        draft=await dom.kept(dom.DRAFT),
        blocked=await dom.kept(dom.BLOCKED),
        choice=await dom.kept(dom.CHOICE),
    )


class ChatKeeper:
    """Writes the four when they change; each attribute is a `Keeping` to touch."""

    def __init__(
        self,
        *,
        transcript: "Callable[[], str]",
        draft: "Callable[[], str]",
        blocked: "Callable[[], str]",
        choice: "Callable[[], str]",
        keep_s: float = KEEP_S,
    ) -> None:
        """Take what returns each text, asked when it is written; `keep_s` see `Keeping`."""
        self.transcript = Keeping(dom.TRANSCRIPT, transcript, pause_s=keep_s)
        self.draft = Keeping(dom.DRAFT, draft)
        self.blocked = Keeping(dom.BLOCKED, blocked)
        self.choice = Keeping(dom.CHOICE, choice)

    async def close(self) -> None:
        """Write what is due, and let go of the page."""
        for keeping in (self.transcript, self.draft, self.blocked, self.choice):
            await keeping.close()
