"""What stands above the composer when the page could not start its session."""

from tollbridge.ui import dom
from tollbridge.ui.failure import failure_of
from tollbridge.ui.strings.chat import code_line, pause_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.sdk import PaywallError


class Problem:
    """Says an error that belongs to no message, with a way to try again."""

    def __init__(self, *, retry: "Callable[[], None]") -> None:
        """Stay hidden until there is a problem; `retry` is called when the button is pressed."""
        self._node = dom.by_id("problem")
        self._off = dom.on_press(dom.part(self._node, "retry"), retry)

    @property
    def is_open(self) -> bool:
        """Whether it is said just now."""
        return dom.is_shown(self._node)

    def open(self, error: "PaywallError") -> None:
        """Say `error`."""
        failure = failure_of(error)
        wait = pause_text(failure.retry_after_s) if failure.retry_after_s else ""
        dom.set_text(dom.part(self._node, "cause"), f"{failure.cause} {wait}".strip())
        dom.set_text(dom.part(self._node, "codes"), code_line(failure))
        dom.show(self._node)

    def close(self) -> None:
        """Hide it again; harmless when there is none."""
        dom.show(self._node, False)

    def destroy(self) -> None:
        """Hide it and let go of the page."""
        self.close()
        self._off()
