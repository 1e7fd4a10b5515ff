"""The upgrade dialog on the page: built when it opens, gone from the page when it closes."""

import asyncio

from tollbridge.ui import dom
from tollbridge.ui.paywall_state import ERROR, LOADING
from tollbridge.ui.strings.causes import cause_of
from tollbridge.ui.strings.counter import left_text, worth_showing
from tollbridge.ui.strings.paywall import (
    ASK,
    BALANCES,
    CLOSE,
    COPIED,
    COPY,
    COPY_BY_HAND,
    HINT,
    READING,
    RETRY,
)
from tollbridge.ui.voucher_form import VoucherForm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk import Balance
    from tollbridge.ui.paywall_state import PaywallState, Words
    from tollbridge.ui.tasks import Tasks

# For how long the page shows that credits came, beside the counter that shows it anyway.
TOLD_S = 6
_TITLE = "paywall-title"


class PaywallView:
    """A native modal dialog: the page behind it is inert, and the keyboard stays inside.

    Attributes:
        voucher: Takes a code; None on a page without vouchers.
    """

    def __init__(
        self,
        host: "Any",
        *,
        dismiss: "Callable[[], None]",
        retry: "Callable[[], None]",
        redeem: "Callable[[str], None] | None",
        tasks: "Tasks",
    ) -> None:
        """Build it in `host`, closed.

        Args:
            host: The element that it is put into.
            dismiss: Called when the person wants it gone.
            retry: Called when the person wants the balances read anew.
            redeem: Called with a code; None leaves the form out.
            tasks: Runs what takes time.
        """
        self._tasks = tasks
        self._words: tuple[object, ...] = ()
        self._command = ""
        self._dialog = dom.create("dialog", "paywall")
        dom.set_attribute(self._dialog, "aria-labelledby", _TITLE)
        sheet = dom.add(self._dialog, "div", "paywall-sheet")
        self._title = dom.add(sheet, "h2", "paywall-title")
        dom.set_attribute(self._title, "id", _TITLE)
        dom.set_attribute(self._title, "tabindex", "-1")
        close = _button(sheet, "paywall-close", "×")
        dom.set_attribute(close, "aria-label", CLOSE)
        self._lead = dom.add(sheet, "div", "paywall-lead")
        self._loading = dom.add(sheet, "p", "paywall-loading", READING)
        self._problem = dom.add(sheet, "div", "paywall-problem")
        self._cause = dom.add(self._problem, "p", "paywall-cause")
        again = _button(self._problem, "button", RETRY)
        self._balances = dom.add(sheet, "ul", "paywall-balances")
        dom.set_attribute(self._balances, "aria-label", BALANCES)
        # Where plans will stand, once there are some to pay for.
        dom.show(dom.add(sheet, "section", "paywall-plans"), False)
        self.voucher = VoucherForm(redeem=redeem, tasks=tasks) if redeem is not None else None
        if self.voucher is not None:
            dom.append(sheet, self.voucher.node)
        self._build_help(sheet)
        self._status = dom.add(sheet, "p", "paywall-status")
        dom.set_attribute(self._status, "role", "status")
        self._undo = [
            dom.on_dismiss(self._dialog, dismiss),
            dom.on_press(close, dismiss),
            dom.on_press(again, retry),
            dom.on_press(self._copy, lambda: tasks.start(self._copy_command())),
        ]
        dom.append(host, self._dialog)

    def _build_help(self, sheet: "Any") -> None:
        self._way = dom.add(sheet, "div", "paywall-way")
        self._help = dom.add(self._way, "p", "paywall-help")
        self._command_row = dom.add(self._way, "div", "paywall-command")
        self._command_node = dom.add(self._command_row, "code", "paywall-line")
        self._copy = _button(self._command_row, "button", COPY)

    @property
    def takes_code(self) -> bool:
        """Whether it shows a field for a voucher's code."""
        return self.voucher is not None and dom.is_shown(self.voucher.node)

    def open(self) -> None:
        """Open it with the keyboard at its heading, so that it is read from the start."""
        dom.open_modal(self._dialog)
        dom.focus(self._title)

    def close(self) -> None:
        """Close it, give the keyboard back, and take it off the page; nothing of it is left."""
        undo, self._undo = self._undo, []
        for step in undo:
            step()
        if self.voucher is not None:
            self.voucher.close()
        dom.close_modal(self._dialog)
        dom.remove(self._dialog)

    def show_words(self, words: "Words") -> None:
        """Show the words, and what helps; what has not changed is not written anew."""
        shown = (words.title, words.lead, words.command, words.offers)
        if shown == self._words:
            return  # a command that is selected stays so
        self._words = shown
        dom.set_text(self._title, words.title)
        dom.clear(self._lead)
        for sentence in words.lead:
            dom.add(self._lead, "p", "", sentence)
        self._command = words.command
        dom.set_text(self._help, HINT if words.command else ASK)
        dom.set_words(self._command_node, words.command)
        dom.set_text(self._copy, COPY)
        dom.show(self._way, words.offers)
        dom.show(self._command_row, bool(words.command))
        if self.voucher is not None:
            dom.show(self.voucher.node, words.offers)

    def show_state(self, state: "PaywallState") -> None:
        """Show what is known of the balances: being read, not readable, there."""
        dom.set_attribute(self._dialog, "data-view", state.view or "")
        dom.show(self._loading, state.view == LOADING)
        dom.show(self._problem, state.view == ERROR)
        if state.view == ERROR and state.error is not None:
            error = state.error
            dom.set_text(self._cause, cause_of(error.code, error.status, error.message))
        if self.voucher is not None:
            self.voucher.set_busy(state.processing)

    def show_balances(self, balances: "list[Balance]", query_type: str) -> None:
        """Show what is left of each type, the one that ran out marked."""
        dom.clear(self._balances)
        for balance in worth_showing(balances):
            row = dom.add(self._balances, "li", "paywall-balance")
            dom.set_attribute(row, "data-state", "empty" if balance.count <= 0 else "some")
            if balance.type == query_type:
                dom.set_attribute(row, "aria-current", "true")
            dom.add(row, "span", "paywall-type", balance.type)
            dom.append_text(row, " ")  # between the two where they are read aloud
            dom.add(row, "span", "paywall-left", left_text(balance))
        dom.show(self._balances, bool(balances))

    def say(self, text: str) -> None:
        """Say and show a sentence at the end of the dialog."""
        dom.set_text(self._status, text)

    async def _copy_command(self) -> None:
        copied = await dom.copy_text(self._command, self._command_node)
        dom.set_text(self._copy, COPIED if copied else COPY_BY_HAND)


class StatusLine:
    """Says on the page itself, in passing, what has come of the dialog."""

    def __init__(self, host: "Any", tasks: "Tasks") -> None:
        """Put the line into `host`, empty: what is not there before is not read aloud."""
        self._tasks = tasks
        self._times = 0
        self._node = dom.add(host, "p", "paywall-told")
        dom.set_attribute(self._node, "role", "status")

    def say(self, text: str) -> None:
        """Say and show a sentence for `TOLD_S`."""
        self._times += 1
        dom.set_text(self._node, text)
        self._tasks.start(self._fall_silent(self._times))

    def close(self) -> None:
        """Take it off the page."""
        self._times += 1
        dom.remove(self._node)

    async def _fall_silent(self, time: int) -> None:
        await asyncio.sleep(TOLD_S)
        if time == self._times:
            dom.set_text(self._node, "")


def _button(parent: "Any", class_name: str, text: str) -> "Any":
    node = dom.add(parent, "button", class_name, text)
    dom.set_attribute(node, "type", "button")
    return node
