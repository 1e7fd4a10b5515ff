"""Refusals that the gateway may speak, and the one place that turns them into an answer's body."""

from typing import Any

from tollbridge.wire.codes import status_of
from tollbridge.wire.envelope import error_body


class Refusal(Exception):
    """A request is refused, with a listed code; nothing of it was done.

    Args:
        code: One of `wire.codes`; decides the HTTP status.
        message: A sentence for a person. Never holds a secret or a prompt.
        details: Typed facts for a program, or None.
        extra: Fields that the published contract wants at the top level of the body.
        headers: Answer headers, such as `Retry-After`.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        details: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Make a refusal.

        Raises:
            KeyError: `code` is not listed in `wire.codes`.
        """
        super().__init__(message)
        self.code = code
        self.status: int = status_of(code)
        self.message = message
        self.details = details
        self.extra = extra or {}
        self.headers = headers or {}

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the JSON body of the answer."""
        body: dict[str, Any] = error_body(self.code, self.message, self.details, request_id)
        return body | self.extra


class StartError(Exception):
    """The gateway or a command cannot start; the message is a sentence that says what to do."""


class PageLeft(Exception):
    """The page closed the connection; there is nobody to answer."""


class BrokenOff(Exception):
    """The answer had begun and cannot be finished; the connection must not look like an end."""
