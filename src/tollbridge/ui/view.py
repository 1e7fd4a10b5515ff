"""What a conversation tells of itself: the methods that `ChatView` has. For type checkers."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from tollbridge.ui.transcript import Turn

    class View(Protocol):
        """What shows a conversation, told after each change."""

        def turn_added(self, turn: Turn, before: "Turn | None") -> None:
            """A turn is new, above `before`, or at the end."""

        def turn_grew(self, turn: Turn, words: str) -> None:
            """The version of a turn that is shown got these words more."""

        def turn_changed(self, turn: Turn) -> None:
            """A turn has another state, or shows another version."""

        def turn_removed(self, turn: Turn) -> None:
            """A turn is gone."""
