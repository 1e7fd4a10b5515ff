"""Keeps a hidden conversation for the time that nobody runs it, in a storage of texts."""

import asyncio

from tollbridge.sdk import PaywallError, platform
from tollbridge.ui.blocked import Blocked
from tollbridge.ui.remote.chat_kinds import blocked_text
from tollbridge.ui.transcript_text import from_text, to_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk.storage import Storage
    from tollbridge.ui.conversation import Conversation
    from tollbridge.ui.tasks import Tasks

_TRANSCRIPT, _BLOCKED, _DRAFT, _CHOICE = "transcript", "blocked", "draft", "choice"
# Between two writings of an answer that streams in, and the share of the time that writing takes.
PAUSE_S = 1
SHARE = 0.05


class SavedChat:
    """Writes what has changed. A storage that refuses costs nothing but the memory.

    Attributes:
        draft: What stands in the composer.
        choice: Who was chosen to answer.
    """

    def __init__(self, storage: "Storage", tasks: "Tasks") -> None:
        """Take the storage and what runs the writing."""
        self.draft = ""
        self.choice = ""
        self._storage = storage
        self._tasks = tasks
        self._conversation: Conversation | None = None
        self._dirty = False
        self._writing = False

    async def load(self, conversation: "Conversation") -> None:
        """Read what was kept, and give it to the conversation, which is saved from now on."""
        self.draft = await self._read(_DRAFT)
        self.choice = await self._read(_CHOICE)
        transcript = from_text(await self._read(_TRANSCRIPT))
        conversation.take_over(transcript, Blocked.from_text(await self._read(_BLOCKED)))
        self._conversation = conversation
        conversation.busy.subscribe(self._busy_changed)

    def touch(self) -> None:
        """Save the transcript: at once, or soon where that was done a moment ago."""
        self._dirty = True
        if self._conversation is not None and not self._writing:
            self._writing = True
            self._tasks.start(self._write(self._conversation))

    def keep_blocked(self, blocked: "Blocked | None") -> None:
        """Save the message that waits for credits."""
        self._tasks.start(self._store(_BLOCKED, blocked_text(blocked)))

    def keep_draft(self, text: str) -> None:
        """Save what stands in the composer."""
        self.draft = text
        self._tasks.start(self._store(_DRAFT, text))

    def keep_choice(self, value: str) -> None:
        """Save who was chosen."""
        self.choice = value
        self._tasks.start(self._store(_CHOICE, value))

    def _busy_changed(self, busy: bool) -> None:
        # An answer that has ended was paid for; it does not wait for its turn.
        if not busy and self._conversation is not None:
            self._tasks.start(self._store(_TRANSCRIPT, to_text(self._conversation.transcript)))

    async def _write(self, conversation: "Conversation") -> None:
        try:
            while self._dirty:
                self._dirty = False
                began_s = platform.now_s()
                await self._store(_TRANSCRIPT, to_text(conversation.transcript))
                await asyncio.sleep(max(PAUSE_S, (platform.now_s() - began_s) / SHARE))
        finally:
            self._writing = False

    async def _store(self, key: str, text: str) -> None:
        try:
            if text:
                await self._storage.set_item(key, text)
            else:
                await self._storage.remove_item(key)
        except PaywallError as error:
            platform.report(error, f"{key} could not be kept")

    async def _read(self, key: str) -> str:
        try:
            return await self._storage.get_item(key) or ""
        except PaywallError:
            return ""
