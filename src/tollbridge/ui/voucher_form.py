"""The form in the upgrade dialog that takes a voucher's code, and says why one brought nothing."""

import asyncio

from tollbridge.sdk import PaywallError
from tollbridge.ui import dom
from tollbridge.ui.strings.causes import cause_of
from tollbridge.ui.strings.paywall import (
    REDEEM,
    REDEEMING,
    VOUCHER,
    VOUCHER_CAUSES,
    VOUCHER_EMPTY,
    wait_text,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.ui.tasks import Tasks

TICK_S = 1
_CODE = "paywall-code"
_ERROR = "paywall-code-error"
_FIELD = {
    "id": _CODE,
    "type": "text",
    "dir": "ltr",
    "autocomplete": "off",
    "autocapitalize": "characters",
    "spellcheck": "false",
    "enterkeyhint": "go",
    "maxlength": "64",
    "aria-describedby": _ERROR,
}


def voucher_cause(error: PaywallError) -> str:
    """Return why a code brought nothing. Pure."""
    if error.code in VOUCHER_CAUSES:
        return VOUCHER_CAUSES[error.code]
    return cause_of(error.code, error.status, error.message)


class VoucherForm:
    """A field, a button, what went wrong, and for how long to wait.

    Attributes:
        node: The handle of its element.
    """

    def __init__(self, *, redeem: "Callable[[str], None]", tasks: "Tasks") -> None:
        """Build it; `redeem(code)` is called for every code that is sent off."""
        self._redeem = redeem
        self._tasks = tasks
        self._busy = False
        self._waits_until_ms = 0.0
        self._closed = False
        self.node = dom.create("form", "paywall-voucher")
        label = dom.add(self.node, "label", "paywall-label", VOUCHER)
        row = dom.add(self.node, "div", "paywall-row")
        self._field = dom.add(row, "input", "paywall-code")
        self._button = dom.add(row, "button", "button primary", REDEEM)
        # In the page before it says anything, or it would not be read aloud.
        self._error = dom.add(self.node, "p", "paywall-error")
        self._wait = dom.add(self.node, "p", "paywall-wait")
        dom.set_attribute(label, "for", _CODE)
        for name, value in _FIELD.items():
            dom.set_attribute(self._field, name, value)
        dom.set_attribute(self._button, "type", "submit")
        dom.set_attribute(self._error, "id", _ERROR)
        dom.set_attribute(self._error, "role", "alert")
        # It runs down every second, and is read when somebody looks for it, not each time.
        dom.set_attribute(self._wait, "role", "timer")
        self._off = dom.on(self.node, "submit", self._submit, prevent=True)

    def set_busy(self, busy: bool) -> None:
        """Show that a code is on its way; until it is back, none is sent off."""
        self._busy = busy
        dom.set_text(self._button, REDEEMING if busy else REDEEM)
        dom.set_attribute(self._button, "aria-busy", "true" if busy else "false")

    def fail(self, text: str, *, wait_s: int = 0) -> None:
        """Say why the last code brought nothing; the code stays, selected, to be corrected.

        Args:
            text: The cause.
            wait_s: For how many seconds no other code is looked at.
        """
        dom.set_text(self._error, text)
        dom.set_attribute(self._field, "aria-invalid", "true")
        dom.focus(self._field)
        dom.select_text(self._field)
        if wait_s > 0:
            running = self._waits_until_ms > dom.now_ms()
            self._waits_until_ms = dom.now_ms() + wait_s * 1000
            if not running:
                self._tasks.start(self._count_down())

    def clear(self) -> None:
        """Take the code and what was said of it away."""
        dom.set_value(self._field, "")
        self._say_nothing()

    def close(self) -> None:
        """Let go of the page."""
        self._closed = True
        self._off()

    def send(self) -> None:
        """Send off what stands in the field, as the button does."""
        self._submit()

    def _submit(self) -> None:
        code = dom.value_of(self._field).strip()
        if self._busy or self._seconds_left() > 0:
            return
        if not code:
            self.fail(VOUCHER_EMPTY)
            return
        self._say_nothing()
        self._redeem(code)

    def _say_nothing(self) -> None:
        dom.set_text(self._error, "")
        dom.remove_attribute(self._field, "aria-invalid")

    def _seconds_left(self) -> int:
        left_ms = self._waits_until_ms - dom.now_ms()
        return int((left_ms + 999) // 1000) if left_ms > 0 else 0

    async def _count_down(self) -> None:
        dom.set_attribute(self._button, "aria-disabled", "true")
        while not self._closed and self._seconds_left() > 0:
            dom.set_text(self._wait, wait_text(self._seconds_left()))
            await asyncio.sleep(TICK_S)
        if not self._closed:
            dom.set_text(self._wait, "")
            dom.remove_attribute(self._button, "aria-disabled")
            self._say_nothing()
