"""What a Telegram client shows and does around the chat: its buttons, its questions, its touch."""

from tollbridge.ui import dom
from tollbridge.ui.strings.paywall import REDEEM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.ui.chat import Chat
    from tollbridge.ui.dom.telegram import Client
    from tollbridge.ui.paywall import PaywallUI

# As `ui/dom/telegram.py` names them; that file is not imported where there is no Telegram.
SUCCESS, FAILURE = "success", "error"
# States of an answer after which something went wrong.
_FAILED = ("failed", "broken")


class TelegramShell:
    """Joins a chat and its dialog about credits with the client around them.

    - The back button is there while something is open, and closes what was opened last.
    - The main button is there while the dialog takes a voucher's code, in place of the one in it.
      Without anything to buy there is nothing else that it could promise.
    - The client asks before it closes the app while an answer runs or words are not sent yet.
    - A swipe down scrolls the conversation, once there is one.
    - Credits that came and answers that failed can be felt; words that come cannot.
    """

    def __init__(self, client: "Client", *, chat: "Chat", paywall: "PaywallUI") -> None:
        """Follow the chat and the dialog; both must be on the page."""
        self._client = client
        self._chat = chat
        self._paywall = paywall
        composer, busy = chat.composer, chat.conversation.busy
        self._undo: list[Callable[[], None]] = [
            client.on_back(self._back),
            client.on_main(paywall.redeem),
            paywall.on_state_change(lambda state: self._dialog_changed()),
            paywall.on("granted", lambda balance: client.feel(SUCCESS)),
            paywall.on("error", lambda error: client.feel(FAILURE)),
            paywall.on("blocked", lambda error: client.feel(FAILURE)),
            composer.edits.subscribe(lambda edits: self._show_back()),
            composer.has_words.subscribe(lambda has_words: self._guard()),
            busy.subscribe(self._busy_changed),
            chat.has_turns.subscribe(lambda has_turns: client.let_swipes_close(not has_turns)),
        ]
        self._guard()
        client.let_swipes_close(not chat.has_turns.get())

    def refused(self) -> None:
        """Let it be felt that something was refused that is no message."""
        self._client.feel(FAILURE)

    def close(self) -> None:
        """Take the buttons away and follow nothing any more."""
        undo, self._undo = self._undo, []
        for step in undo:
            step()
        self._client.show_back(False)
        self._client.hide_main()
        self._client.ask_before_closing(False)
        self._client.let_swipes_close(True)
        dom.mark_page("main-button", False)

    def _back(self) -> None:
        if self._paywall.get_state().open:
            self._paywall.close()
        else:
            self._chat.composer.cancel_edit()

    def _show_back(self) -> None:
        self._client.show_back(self._paywall.get_state().open or self._chat.composer.edits.get())

    def _dialog_changed(self) -> None:
        self._show_back()
        takes_code = self._paywall.takes_code
        if takes_code:
            self._client.show_main(REDEEM)
            self._client.show_progress(self._paywall.get_state().processing)
        else:
            self._client.hide_main()
        dom.mark_page("main-button", takes_code)  # the dialog's own button then goes

    def _busy_changed(self, busy: bool) -> None:
        self._guard()
        turns = self._chat.conversation.transcript.turns
        if not busy and turns and turns[-1].state in _FAILED:
            self._client.feel(FAILURE)

    def _guard(self) -> None:
        runs = self._chat.conversation.busy.get()
        self._client.ask_before_closing(runs or self._chat.composer.has_words.get())
