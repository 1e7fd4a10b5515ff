"""The notice that stands while credits have run out, and goes by itself when there are some."""

import asyncio

from tollbridge.sdk import PaywallError
from tollbridge.ui import dom
from tollbridge.ui.strings import (
    COPIED,
    COPY,
    COPY_BY_HAND,
    QUOTA_ASK,
    QUOTA_HINT,
    QUOTA_KEPT,
    QUOTA_OVER,
    held_text,
    quota_title,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tollbridge.sdk import Balance, QuotaExceededError
    from tollbridge.ui.tasks import Tasks

# How often the balances are read while the notice stands: often enough for somebody who has just
# typed the command beside the page, seldom enough for a page left open over night.
POLL_S = 3


def granted_of(error: "QuotaExceededError") -> int:
    """Return how many credits of the type that ran out were granted, 0 where unknown. Pure."""
    for balance in error.balances:
        if balance.type == error.query_type:
            return balance.granted
    return error.current_balance.granted if error.current_balance else 0


def has_credit(balances: "list[Balance]", query_type: str) -> bool:
    """Return whether there is a credit of `query_type`, of any type where it is "". Pure."""
    return any(
        balance.count > 0 and (not query_type or balance.type == query_type) for balance in balances
    )


class QuotaNotice:
    """Says what ran out and what helps; reads the balances until something has.

    Attributes:
        is_open: Whether it stands.
    """

    def __init__(
        self,
        *,
        read_balances: "Callable[[], Awaitable[list[Balance]]]",
        give_focus_back: "Callable[[], None]",
        say: "Callable[[str], None]",
        tasks: "Tasks",
    ) -> None:
        """Make a closed notice.

        Args:
            read_balances: Asks the gateway, not a cache.
            give_focus_back: Called when the notice goes while the keyboard is in it.
            say: Says a sentence to those who listen to the page.
            tasks: Runs the reading.
        """
        self.is_open = False
        self._read_balances = read_balances
        self._give_focus_back = give_focus_back
        self._say = say
        self._tasks = tasks
        self._query_type = ""
        self._times_opened = 0
        self._undo: list[Callable[[], None]] = []
        self._node = dom.by_id("quota")
        self._command = dom.part(self._node, "command")
        self._copy = dom.part(self._node, "copy")

    def open(self, error: "QuotaExceededError") -> None:
        """Say what ran out; a notice that stands already says the newer thing."""
        self.close()
        self.is_open = True
        self._times_opened += 1
        self._query_type = error.query_type
        title, held = quota_title(error.query_type, granted_of(error)), held_text(error.held)
        dom.set_text(dom.part(self._node, "title"), title)
        dom.set_text(dom.part(self._node, "kept"), f"{QUOTA_KEPT} {held}" if held else QUOTA_KEPT)
        dom.set_text(dom.part(self._node, "help"), QUOTA_HINT if error.hint else QUOTA_ASK)
        dom.set_words(self._command, error.hint)
        dom.set_text(self._copy, COPY)
        dom.show(dom.part(self._node, "hint"), bool(error.hint))
        dom.show(self._node)
        self._say(title)
        self._undo = [
            dom.on_press(self._copy, lambda: self._tasks.start(self._copy_command(error.hint))),
            dom.on_press(dom.part(self._node, "close"), self.close),
            dom.on_return(lambda: self._tasks.start(self._read())),
        ]
        self._tasks.start(self._poll(self._times_opened))

    def close(self) -> None:
        """Take the notice away and stop reading; harmless when it is closed."""
        self.is_open = False
        undo, self._undo = self._undo, []
        for step in undo:
            step()
        held_focus = dom.has_focus(self._node)
        dom.show(self._node, False)
        if held_focus:
            self._give_focus_back()

    def balances_changed(self, balances: "list[Balance]") -> None:
        """Close when these balances hold a credit again."""
        if self.is_open and has_credit(balances, self._query_type):
            self.close()
            self._say(QUOTA_OVER)

    async def _poll(self, opening: int) -> None:
        await asyncio.sleep(POLL_S)
        while self.is_open and opening == self._times_opened:
            await self._read()
            await asyncio.sleep(POLL_S)

    async def _read(self) -> None:
        try:
            balances = await self._read_balances()
        except PaywallError:
            return  # the next reading may go through; the notice still says what is true
        self.balances_changed(balances)

    async def _copy_command(self, command: str) -> None:
        copied = await dom.copy_text(command, self._command)
        dom.set_text(self._copy, COPIED if copied else COPY_BY_HAND)
