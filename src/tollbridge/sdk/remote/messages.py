"""What goes over a line, as JSON. Pure.

    {"request": 7, "kind": "billing.get_balances", "params": {"force": true}}
    {"response": 7, "result": […]}    {"response": 7, "error": {…}}
    {"event": "balances", "payload": […]}

A request has a number of its caller's, above 0; 0 asks for no response.
"""

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Message:
    """One message.

    Attributes:
        is_request: Somebody asks.
        is_response: Somebody answers.
        id: The number of a request, or of the one that is answered; 0 of an event.
        kind: What is asked or told; "" of a response.
        content: The parameters, the result, or what is told.
        error: Why there is no result, as `failures` has it, else None.
    """

    __slots__ = ("content", "error", "id", "is_request", "is_response", "kind")

    def __init__(self, kind: str, content: "Any") -> None:
        """Make an event."""
        self.is_request = False
        self.is_response = False
        self.id = 0
        self.kind = kind
        self.content = content
        self.error: Any = None


def request_text(id: int, kind: str, params: "dict[str, Any]") -> str:
    """Write a request."""
    return json.dumps({"request": id, "kind": kind, "params": params})


def response_text(id: int, result: "Any") -> str:
    """Write the answer to a request."""
    return json.dumps({"response": id, "result": result})


def refusal_text(id: int, error: "dict[str, Any]") -> str:
    """Write that a request failed."""
    return json.dumps({"response": id, "error": error})


def event_text(kind: str, payload: "Any") -> str:
    """Write what nobody asked for."""
    return json.dumps({"event": kind, "payload": payload})


def read_message(text: object) -> Message:
    """Read a message.

    Raises:
        ValueError: It is none.
    """
    try:
        fields = json.loads(text) if isinstance(text, str) else None
    except RuntimeError:  # nested deeper than can be followed
        fields = None
    if not isinstance(fields, dict):
        raise ValueError("this is no message")
    if "event" in fields:
        return Message(_kind(fields["event"]), fields.get("payload"))
    if "request" in fields:
        message = Message(_kind(fields.get("kind")), fields.get("params"))
        message.is_request = True
        message.id = _number(fields["request"], least=0)
        return message
    message = Message("", fields.get("result"))
    message.is_response = True
    message.id = _number(fields.get("response"), least=1)
    message.error = fields.get("error")
    return message


def _kind(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a message without a kind")
    return value


def _number(value: object, *, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError("a message without a number")
    return value
