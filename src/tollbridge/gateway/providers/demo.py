"""The demo provider: a real HTTP server on a loopback port of its own, for trying and testing.

It speaks OpenAI's chat completions and Anthropic's messages, plain and streamed, and misbehaves
on request: the model's name is the switch (`demo_words.SWITCHES`, listed on `/v1/models`).
`/v1/requests` lists what it was asked lately, so that it can be seen that a Stop has arrived.
"""

import asyncio
from collections import deque
from dataclasses import asdict

import orjson
from aiohttp import web

from tollbridge.gateway.ids import new_id
from tollbridge.gateway.providers import demo_words
from tollbridge.gateway.providers.demo_shapes import AnthropicMessages, Api, OpenAiChat
from tollbridge.gateway.providers.demo_talk import Pace, SeenRequest, Talk, json_answer

# Requests kept for `/v1/requests`; nobody reads further back.
REQUESTS_KEPT = 100
# As much as the gateway passes on.
BODY_BYTES_MAX = 32 * 1024 * 1024


class DemoProvider:
    """The server. `start` it, call its address, `stop` it.

    Attributes:
        requests: The latest requests, oldest first.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        word_pause_s: float = 0.025,
        slow_s: float = 3.0,
    ) -> None:
        """Make it; it does not listen yet.

        Args:
            host: Where it listens.
            port: 0 lets the system choose.
            word_pause_s: Between two words of a stream.
            slow_s: Before the first byte of `demo-slow`.
        """
        self._host = host
        self._port = port
        self._pace = Pace(word_pause_s=word_pause_s, slow_s=slow_s)
        self._runner: web.AppRunner | None = None
        self.requests: deque[SeenRequest] = deque(maxlen=REQUESTS_KEPT)

    async def start(self) -> str:
        """Listen, and return the base URL.

        Raises:
            OSError: The port is taken.
        """
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/messages", self._messages)
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_get("/v1/requests", self._list_requests)
        # The handler is cancelled at the moment the client leaves.
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        host, port = runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def stop(self) -> None:
        """Stop listening and break off what is running."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _list_models(self, _: web.Request) -> web.Response:
        models = [
            {"id": name, "object": "model", "created": 0, "owned_by": "demo", "description": what}
            for name, what in demo_words.SWITCHES.items()
        ]
        return json_answer(orjson.dumps({"object": "list", "data": models}))

    async def _list_requests(self, _: web.Request) -> web.Response:
        return json_answer(orjson.dumps({"requests": [asdict(seen) for seen in self.requests]}))

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, OpenAiChat())

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, AnthropicMessages())

    async def _serve(self, request: web.Request, api: Api) -> web.StreamResponse:
        try:
            body = orjson.loads(await request.read())
        except orjson.JSONDecodeError:
            body = None
        if not isinstance(body, dict):
            return json_answer(api.error(400, "The body is not a JSON object."), status=400)
        model = body.get("model", demo_words.PLAIN)
        if not isinstance(model, str) or model not in demo_words.SWITCHES:
            message = f"There is no model {str(model)[:100]!r} here; GET /v1/models lists them."
            return json_answer(api.error(404, message), status=404)
        seen = SeenRequest(new_id("req"), model, request.path)
        self.requests.append(seen)
        talk = Talk(request, api, body, seen, self._pace)
        try:
            return await talk.run()
        except (asyncio.CancelledError, ConnectionError):
            if seen.state == "running":
                seen.state = "client_left"
            raise
