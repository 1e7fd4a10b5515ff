"""The composer: the draft, Send and Stop, and the message that is being edited."""

from tollbridge.sdk import Signal
from tollbridge.ui import dom
from tollbridge.ui.strings.chat import SEND

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.ui.transcript import Turn


class Composer:
    """Takes the painted composer over; what the visitor typed before stays where it is.

    Attributes:
        editing: The message whose words stand in the composer to be sent anew, or None.
        has_words: A signal, True while anything stands in the composer.
        edits: A signal, True while a message is edited.
    """

    def __init__(
        self,
        *,
        on_send: "Callable[[str], None]",
        on_stop: "Callable[[], None]",
        on_draft: "Callable[[], None]",
        on_up: "Callable[[], bool]",
    ) -> None:
        """Listen to the composer.

        Args:
            on_send: Called with a message that is to be sent; it is not in the composer any more.
            on_stop: Called when Stop is pressed.
            on_draft: Called after every change of the draft.
            on_up: Called for the arrow up in an empty composer; False leaves it to the browser.
        """
        self.editing: Turn | None = None
        self.has_words = Signal(False)
        self.edits = Signal(False)
        self._put_aside = ""
        self._busy = False
        self._on_send = on_send
        self._on_draft = on_draft
        self._on_up = on_up
        self._draft = dom.by_id("draft")
        self._send = dom.by_id("send")
        self._stop = dom.by_id("stop")
        self._mark = dom.by_id("editing")
        self._undo = [
            dom.on(dom.by_id("composer"), "submit", self._submit, prevent=True),
            dom.on_key(self._draft, "Enter", self._enter),
            dom.on_key(self._draft, "ArrowUp", self._up),
            dom.on_key(self._draft, "Escape", self._escape),
            dom.on(self._draft, "input", self._draft_changed),
            dom.on_press(self._stop, on_stop),
            dom.on_press(dom.part(self._mark, "cancel"), self.cancel_edit),
        ]
        dom.set_text(self._send, SEND)
        dom.enable(self._send)
        self._look_for_words()

    @property
    def text(self) -> str:
        """What stands in the composer."""
        return dom.value_of(self._draft)

    @property
    def worth_keeping(self) -> str:
        """What a reload must not lose: the draft, also while another message is edited."""
        return self._put_aside or self.text

    def restore(self, text: str) -> None:
        """Put a draft of before a reload back, unless something stands there already."""
        if not self.text:
            self._write(text)

    def put_back(self, text: str) -> bool:
        """Put an unsent message back, the caret behind it; False where newer words stand there."""
        if self.text.strip():
            return False
        self._write(text)
        self.focus()
        dom.caret_to_end(self._draft)
        return True

    def take_back(self, text: str) -> None:
        """Take a message out that is sent in another way; other words stay."""
        if self.text.strip() == text.strip():
            self._write("")

    def edit(self, turn: "Turn") -> None:
        """Put the words of a message in, to be sent in its place; the draft is put aside."""
        if self.editing is None:
            self._put_aside = self.text
        self.editing = turn
        dom.show(self._mark)
        self._write(turn.text)
        self.edits.set(True)
        self.focus()
        dom.caret_to_end(self._draft)

    def cancel_edit(self) -> None:
        """Leave the message as it was, and bring the draft back; harmless when none is edited."""
        if self.editing is None:
            return
        self._end_edit()
        self.focus()

    def forget_edit(self, turn: "Turn") -> None:
        """End editing a message that is gone."""
        if self.editing is turn:
            self._end_edit()

    def focus(self) -> None:
        """Move the keyboard to the draft."""
        dom.focus(self._draft)

    def show_busy(self, busy: bool) -> None:
        """Show Stop in place of Send, or back; the keyboard goes along."""
        self._busy = busy
        shown, hidden = (self._stop, self._send) if busy else (self._send, self._stop)
        held_focus = dom.has_focus(hidden)
        dom.show(shown)
        dom.show(hidden, False)
        if held_focus:
            dom.focus(shown)

    def focus_stop(self) -> None:
        """Move the keyboard to Stop."""
        dom.focus(self._stop)

    def close(self) -> None:
        """Let go of the page."""
        for off in self._undo:
            off()

    def _write(self, text: str) -> None:
        dom.set_value(self._draft, text)
        self._draft_changed()

    def _draft_changed(self) -> None:
        self._look_for_words()
        self._on_draft()

    def _look_for_words(self) -> None:
        self.has_words.set(bool(self.worth_keeping.strip()))

    def _end_edit(self) -> None:
        self.editing = None
        dom.show(self._mark, False)
        aside, self._put_aside = self._put_aside, ""
        self._write(aside)
        self.edits.set(False)

    def _submit(self) -> None:
        text = self.text.strip()
        if self._busy:
            return
        if not text:
            self.focus()
            return
        edited = self.editing
        if edited is not None:
            self._end_edit()
            self.editing = edited  # for `on_send`, which takes the place of it
        else:
            self._write("")
        self._on_send(text)
        self.editing = None

    def _enter(self) -> bool:
        self._submit()
        return True

    def _up(self) -> bool:
        return not self.text and self.editing is None and self._on_up()

    def _escape(self) -> bool:
        if self.editing is None or self._busy:
            return False
        self.cancel_edit()
        return True
