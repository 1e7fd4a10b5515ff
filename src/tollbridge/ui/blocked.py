"""The message that waits for credits, and for how long it may be sent by itself. Pure."""

import json

from tollbridge.ui.answerer import Answerer

# After this the person has perhaps forgotten it, and is asked before it is sent.
RESUME_S_MAX = 30 * 60


class Blocked:
    """A message that a 402 kept from being sent.

    Attributes:
        key: Its `Idempotency-Key`; sent again under it, it is the same call.
        text: What it says.
        to: Who was to answer.
        at_s: When it was refused, in seconds since 1970.
    """

    __slots__ = ("at_s", "key", "text", "to")

    def __init__(self, key: str, text: str, to: Answerer, at_s: float) -> None:
        """Make it; see the class for the fields."""
        self.key = key
        self.text = text
        self.to = to
        self.at_s = at_s

    def is_fresh(self, now_s: float) -> bool:
        """Return whether it may still be sent without asking."""
        return 0 <= now_s - self.at_s <= RESUME_S_MAX

    def to_text(self) -> str:
        """Return what is kept over a reload, as JSON."""
        fields: dict[str, object] = {"key": self.key, "text": self.text, "at": self.at_s}
        fields.update(self.to.to_json())
        return json.dumps(fields)

    @classmethod
    def from_text(cls, text: str) -> "Blocked | None":
        """Read what `to_text` wrote; None where it is something else."""
        try:
            fields = json.loads(text)
            to = Answerer.from_json(fields)
        except (ValueError, RuntimeError):  # RuntimeError: nested deeper than can be followed
            return None
        key, said, at_s = fields.get("key"), fields.get("text"), fields.get("at")
        if isinstance(key, str) and isinstance(said, str) and isinstance(at_s, (int, float)):
            return cls(key, said, to, at_s)
        return None
