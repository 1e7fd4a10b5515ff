"""`/metrics`: behind a token on the gateway's own port, or without one on a port of its own."""

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tollbridge.gateway.database import Database, StoreLoad
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.observing.figures import Figures
from tollbridge.gateway.secret import Secret

PATH = "/metrics"
_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The figures of one gateway, for whoever may see them."""

    def __init__(
        self, figures: Figures, database: Database, repairs_due: Callable[[], int]
    ) -> None:
        """Show `figures`, and how things stand in the store and with the repairs."""
        self._figures = figures
        self._database = database
        self._repairs_due = repairs_due

    async def answer(self) -> Response:
        """Return the figures in Prometheus's text format."""
        figures, load = self._figures.copy(), self._database.load()
        # Hundreds of lines, and files of the system: streams shall not wait for them.
        body = await asyncio.to_thread(_expose, figures, load, self._repairs_due())
        return Response(body, media_type=_MEDIA_TYPE, headers={"cache-control": "no-store"})

    async def on_own_port(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve them, and nothing else, as an ASGI app on a port that only this machine reaches."""
        asked = scope["path"] == PATH and scope["method"] in ("GET", "HEAD")
        response = await self.answer() if asked else Response(f"Only {PATH} is here.\n", 404)
        await response(scope, receive, send)


def _expose(figures: Figures, load: StoreLoad, repairs_due: int) -> bytes:
    # A tenth of a second to import, and not needed where nobody scrapes.
    from tollbridge.gateway.observing.exposition import expose

    return expose(figures, load, repairs_due)


class MetricsEndpoint:
    """`GET /metrics` beside the gateway's other paths."""

    def __init__(self, metrics: Metrics, token: Secret | None) -> None:
        """Show them to who holds `token`; None hides that there are any."""
        self._metrics = metrics
        self._token = token

    async def show(self, request: Request) -> Response:
        """Answer with the figures.

        Raises:
            Refusal: `not_found` where no token is set, `invalid_token` for another one.
        """
        if self._token is None:
            raise Refusal("not_found", "Not Found.")
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._token.matches(given.strip()):
            raise Refusal(
                "invalid_token",
                "The figures need the token of TOLLBRIDGE_METRICS_TOKEN as Bearer.",
                headers={"www-authenticate": "Bearer"},
            )
        return await self._metrics.answer()
