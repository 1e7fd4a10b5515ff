"""The demo provider giving one answer, well or badly, as the model's name says."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any

import orjson
from aiohttp import web

from tollbridge.gateway.providers import demo_words
from tollbridge.gateway.providers.demo_shapes import Api, Exchange

# What `demo-429` asks the caller to wait.
RETRY_AFTER_S = 2

_ODD_SIZES = (1, 2, 3, 5, 1, 8, 13, 2, 21)
_REFUSALS = {
    "demo-429": (429, "The demo provider is under load, because its model is demo-429."),
    "demo-500": (500, "The demo provider has failed, because its model is demo-500."),
    "demo-401": (401, "The demo provider refuses the key, because its model is demo-401."),
}


@dataclass(slots=True)
class SeenRequest:
    """A request, as `/v1/requests` tells it; no prompt, no key.

    Attributes:
        state: `running`, `finished`, `client_left` or `cut` (by a switch).
        bytes_sent: Of the answer's body.
    """

    id: str
    model: str
    path: str
    state: str = "running"
    bytes_sent: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two words, and before the first byte of `demo-slow`."""

    word_pause_s: float
    slow_s: float


class Talk:
    """One answer being given."""

    def __init__(
        self,
        request: web.Request,
        api: Api,
        body: dict[str, Any],
        seen: SeenRequest,
        pace: Pace,
    ) -> None:
        """Prepare the answer to a request whose model is a switch; it is noted in `seen`."""
        self._pace = pace
        self._request = request
        self._api = api
        self._body = body
        self._seen = seen
        options = body.get("stream_options")
        self._exchange = Exchange(
            answer_id=seen.id.removeprefix("req_"),
            model=seen.model,
            created=int(time.time()),
            prompt_tokens=demo_words.count_words(body.get("messages")),
            shows_usage=isinstance(options, dict) and options.get("include_usage") is True,
        )

    async def run(self) -> web.StreamResponse:
        """Give the answer that the model's name stands for."""
        model = self._seen.model
        if model in _REFUSALS:
            return await self._send_whole(*_REFUSALS[model])
        if model == "demo-redirect":
            return await self._send(web.Response(status=307, headers={"location": "/v1/models"}))
        if model == "demo-drop":
            return self._cut(web.Response())
        if model == "demo-slow":
            await asyncio.sleep(self._pace.slow_s)
        response = web.StreamResponse(headers={"x-request-id": self._seen.id})
        if self._body.get("stream") is True:
            response.content_type = "text/event-stream"
            response.headers["cache-control"] = "no-cache"
            pieces = self._stream()
        else:
            response.content_type = "application/json"
            pieces = self._plain(response)
        return await self._relay(response, pieces)

    async def _relay(
        self, response: web.StreamResponse, pieces: AsyncIterator[bytes]
    ) -> web.StreamResponse:
        await response.prepare(self._request)
        if self._seen.model == "demo-cut-before":
            return self._cut(response)
        async for piece in pieces:
            await response.write(piece)
            self._seen.bytes_sent += len(piece)
        if self._seen.model == "demo-cut":
            return self._cut(response)
        await response.write_eof()
        self._seen.state = "finished"
        return response

    async def _plain(self, response: web.StreamResponse) -> AsyncIterator[bytes]:
        """Yield the body of an answer that is not streamed, in one piece where nothing is odd."""
        text, cut_short = self._text()
        tokens = len(demo_words.words(text))
        whole = self._api.whole(self._exchange, text, tokens, cut_short=cut_short)
        if self._seen.model == "demo-odd":
            async for piece in self._oddly(whole):
                yield piece
        elif self._seen.model == "demo-endless":
            start = whole.index(orjson.dumps(text)) + 1
            yield whole[:start]
            async for word in self._endless():
                yield orjson.dumps(word)[1:-1]
        else:
            yield whole[: len(whole) // 2] if self._seen.model == "demo-cut" else whole

    async def _stream(self) -> AsyncIterator[bytes]:
        """Yield the events of a stream, word by word where nothing is odd."""
        text, cut_short = self._text()
        tokens = demo_words.words(text)
        opening = self._api.opening(self._exchange)
        closing = self._api.closing(self._exchange, len(tokens), cut_short=cut_short)
        if self._seen.model == "demo-odd":
            tens = ["".join(tokens[start : start + 10]) for start in range(0, len(tokens), 10)]
            async for piece in self._oddly(opening + b"".join(self._pieces(tens)) + closing):
                yield piece
            return
        yield opening
        if self._seen.model == "demo-endless":
            async for word in self._endless():
                yield self._api.piece(self._exchange, word)
        if self._seen.model == "demo-2mb":
            yield b"".join(self._pieces(demo_words.big_pieces(text)))
            tokens = []
        if self._seen.model == "demo-cut":
            tokens, closing = tokens[: len(tokens) // 2], b""
        for event in self._pieces(tokens):
            yield event
            await asyncio.sleep(self._pace.word_pause_s)
        yield closing

    def _pieces(self, texts: list[str]) -> list[bytes]:
        return [self._api.piece(self._exchange, text) for text in texts]

    async def _endless(self) -> AsyncIterator[str]:
        for number in count(1):
            yield f"{number} "
            await asyncio.sleep(self._pace.word_pause_s)

    async def _oddly(self, whole: bytes) -> AsyncIterator[bytes]:
        sizes = cycle(_ODD_SIZES)
        while whole:
            size = next(sizes)
            yield whole[:size]
            whole = whole[size:]
            await asyncio.sleep(self._pace.word_pause_s / 10)

    def _text(self) -> tuple[str, bool]:
        """Return what is said, and whether the request's limit cut it short."""
        messages = self._body.get("messages")
        if self._seen.model == "demo-2mb":
            return demo_words.big_text(), False
        said = demo_words.odd_reply if self._seen.model == "demo-odd" else demo_words.reply
        words = demo_words.words(said(messages))
        limit = self._body.get("max_completion_tokens") or self._body.get("max_tokens")
        if isinstance(limit, int) and 0 < limit < len(words):
            return "".join(words[:limit]), True
        return "".join(words), False

    async def _send_whole(self, status: int, message: str) -> web.StreamResponse:
        headers = {"x-request-id": self._seen.id}
        if status == 429:
            headers["retry-after"] = str(RETRY_AFTER_S)
        return await self._send(
            json_answer(self._api.error(status, message), status=status, headers=headers)
        )

    async def _send(self, response: web.Response) -> web.StreamResponse:
        await response.prepare(self._request)
        await response.write_eof()
        self._seen.bytes_sent = len(response.body or b"")  # type: ignore[arg-type]
        self._seen.state = "finished"
        return response

    def _cut(self, response: web.StreamResponse) -> web.StreamResponse:
        self._seen.state = "cut"
        if self._request.transport is not None:
            self._request.transport.abort()
        return response


def json_answer(
    body: bytes, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """Make an answer with a JSON body."""
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")
