"""Who answers: a provider, a model, and how the two are spoken to. Pure."""

from tollbridge.ui import formats

_FORMATS = (formats.CHAT, formats.COUNTED_CHAT, formats.MESSAGES, formats.OUTPUT)


class Answerer:
    """What a visitor has chosen to be answered by.

    Attributes:
        provider_id: The provider's id.
        model: What its body names; "" where it names none.
        format: How it is asked, one of `formats`.
    """

    __slots__ = ("format", "model", "provider_id")

    def __init__(self, provider_id: str, model: str, format: formats.Format = formats.CHAT) -> None:
        """Join the three."""
        self.provider_id = provider_id
        self.model = model
        self.format = format

    def to_json(self) -> "dict[str, str]":
        """Return what is kept over a reload."""
        return {"provider": self.provider_id, "model": self.model, "format": self.format.name}

    @classmethod
    def from_json(cls, value: object) -> "Answerer":
        """Read what `to_json` wrote.

        Raises:
            ValueError: It is something else.
        """
        fields = value if isinstance(value, dict) else {}
        provider_id, model = fields.get("provider"), fields.get("model")
        found = [one for one in _FORMATS if one.name == fields.get("format")]
        if not isinstance(provider_id, str) or not isinstance(model, str) or not found:
            raise ValueError("this names nobody who answers")
        return cls(provider_id, model, found[0])
