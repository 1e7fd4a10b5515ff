"""What a refused answer says."""

from typing import Any, NamedTuple

import httpx2


class Refused(NamedTuple):
    """A refusal as a client reads it."""

    status: int
    code: str


def refused(answer: httpx2.Response) -> Refused:
    """Return status and code, having looked that the body is the one of every error of ours."""
    body: dict[str, Any] = answer.json()
    assert body["message"], body
    assert body["request_id"] == answer.headers["x-request-id"]
    return Refused(answer.status_code, body["error"])
