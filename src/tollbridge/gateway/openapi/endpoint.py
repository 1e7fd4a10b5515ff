"""The OpenAPI document over HTTP."""

from functools import cached_property
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.gateway.json_body import answer_json
from tollbridge.gateway.openapi.document import make_document


class OpenApiEndpoint:
    """`GET /openapi.json`: public, the same for everybody."""

    def __init__(self, server_url: str) -> None:
        """Describe the gateway at `server_url`."""
        self._server_url = server_url

    @cached_property
    def _document(self) -> dict[str, Any]:
        # Made when somebody first asks, as few do: it would be a fifth of the gateway's start.
        return make_document(self._server_url)

    async def show(self, request: Request) -> Response:
        """Answer with the document."""
        return answer_json(self._document, headers={"cache-control": "public, max-age=600"})
