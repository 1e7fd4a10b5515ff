"""What a Mini App says when the person has to open it again, and what it keeps until then."""

from tollbridge.ui import dom
from tollbridge.ui.strings.causes import cause_of
from tollbridge.ui.strings.telegram import KEPT, OUTSIDE, REOPEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.sdk import PaywallError
    from tollbridge.ui.tasks import Tasks
    from tollbridge.ui.transcript import Turn

# Sign-ins that fail for good with this launch: another one is needed, and only the person has it.
ENDS = ("init_data_expired", "init_data_used", "init_data_invalid")


def left_over(turns: "list[Turn]", draft: str) -> str:
    """Return what somebody wrote and got no answer to: the draft, else the last message. Pure."""
    asked = [turn for turn in turns if turn.role == "user"]
    if draft.strip() or not asked:
        return draft
    unanswered = turns[-1].state in ("not_sent", "waiting", "failed")
    return asked[-1].text if unanswered else ""


async def take_left(account: str) -> str:
    """Return what was kept when the app was closed, once; "" where nothing was."""
    text = await dom.kept_on_device(_key(account))
    if text:
        await dom.keep_on_device(_key(account), "")
    return text


class Reopen:
    """One sentence and, inside Telegram, a button that closes the app.

    What was written outlives it: closing takes all that a tab keeps along, so it goes where the
    device keeps it, under the person's account, since two people may share the device.
    """

    def __init__(
        self,
        *,
        account: str,
        left: "Callable[[], str]",
        close_app: "Callable[[], None]",
        tasks: "Tasks",
    ) -> None:
        """Stay hidden until it is needed.

        Args:
            account: Telegram's number of the person, "" where it is not told.
            left: Returns what is to be kept, asked when the button is pressed.
            close_app: Closes the app.
            tasks: Runs the keeping.
        """
        self._account = account
        self._left = left
        self._close_app = close_app
        self._node = dom.by_id("reopen")
        button = dom.part(self._node, "reopen")
        dom.set_text(button, REOPEN)
        self._off = dom.on_press(button, lambda: tasks.start(self._leave()))

    def open(self, error: "PaywallError") -> None:
        """Say why the app has to be opened again."""
        self._say(f"{cause_of(error.code, error.status, error.message)} {KEPT}", button=True)

    def open_outside(self) -> None:
        """Say that this is no place to open it."""
        self._say(OUTSIDE, button=False)

    def hide(self) -> None:
        """Take it away; harmless when it is not there."""
        dom.show(self._node, False)

    def destroy(self) -> None:
        """Let go of the page."""
        self.hide()
        self._off()

    async def _leave(self) -> None:
        await dom.keep_on_device(_key(self._account), self._left())
        self._close_app()

    def _say(self, text: str, *, button: bool) -> None:
        dom.set_text(dom.part(self._node, "cause"), text)
        dom.show(dom.part(self._node, "reopen"), button)
        dom.show(self._node)


def _key(account: str) -> str:
    return f"tollbridge-left-{account}"
