"""A sealed template as something that can be asked: the page sends texts, and no more. Pure."""

from tollbridge.ui.whole_answer import AnyReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.ui.formats import Messages


class Sealed:
    """How a template is asked; it has what a `formats.Format` has.

    Attributes:
        name: As the page keeps it.
        path: Empty: where the provider is asked is the template's.
        reader: Makes the reader of one answer, whatever its format.
    """

    name = "template"
    path = ""
    reader = AnyReader

    def __init__(self, template_id: str, variable: str, texts: "dict[str, str]") -> None:
        """Ask `template_id`, whose `variable` takes the question; `texts` fill its others."""
        self._template_id = template_id
        self._variable = variable
        self._texts = texts

    def body(self, model: str, messages: "Messages") -> "dict[str, Any]":
        """Return what is sent for the last of `messages`: a template has no memory."""
        variables = dict(self._texts)
        variables[self._variable] = messages[-1]["content"]
        return {"template": self._template_id, "variables": variables}
