"""What a visitor did before Python was up, as `static/early.mjs` tells it. Pure."""

import json


class Early:
    """One thing that was done.

    Attributes:
        text: The message that was sent; "" where a button was pressed.
        choice: Who was chosen to answer it; "" where that is not told.
        pressed: The id of the button that was pressed; "" where a message was sent.
    """

    __slots__ = ("choice", "pressed", "text")

    def __init__(self, *, text: str = "", choice: str = "", pressed: str = "") -> None:
        """Make it; see the class for the fields."""
        self.text = text
        self.choice = choice
        self.pressed = pressed


def read_early(text: str) -> "list[Early]":
    """Read what `dom.take_early` returned, in order; what is not understood is left out."""
    try:
        items = json.loads(text)
    except (ValueError, RuntimeError):  # RuntimeError: nested deeper than can be followed
        return []
    found = []
    for item in items if isinstance(items, list) else []:
        fields = item if isinstance(item, dict) else {}
        said, choice, pressed = fields.get("text"), fields.get("model"), fields.get("id")
        if fields.get("kind") == "send" and isinstance(said, str) and said.strip():
            chosen = choice if isinstance(choice, str) else ""
            found.append(Early(text=said.strip(), choice=chosen))
        elif fields.get("kind") == "press" and isinstance(pressed, str) and pressed:
            found.append(Early(pressed=pressed))
    return found
