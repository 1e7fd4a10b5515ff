"""The OpenAPI document over HTTP."""

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.gateway.json_body import answer_json
from tollbridge.gateway.openapi.document import make_document


class OpenApiEndpoint:
    """`GET /openapi.json`: public, the same for everybody."""

    def __init__(self, server_url: str) -> None:
        """Describe the gateway at `server_url`."""
        self._document = make_document(server_url)

    async def show(self, request: Request) -> Response:
        """Answer with the document."""
        return answer_json(self._document, headers={"cache-control": "public, max-age=600"})
