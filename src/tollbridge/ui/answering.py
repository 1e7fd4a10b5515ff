"""Asks a provider once and writes what comes into a version of an answer. It knows no page."""

import binascii
import hashlib
import json

from tollbridge.sdk import platform
from tollbridge.sdk.headers import Headers
from tollbridge.wire import headers as names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk import ApiGatewayClient, Response
    from tollbridge.ui.answerer import Answerer
    from tollbridge.ui.transcript import Facts, Transcript, Turn, Version


# 128 bits: two calls of one user never meet by chance.
KEY_BYTES = 16


class Request:
    """A question as it goes out.

    Attributes:
        to: Who is asked.
        body: What is sent.
        key: Its `Idempotency-Key`.
    """

    __slots__ = ("body", "key", "to")

    def __init__(self, to: "Answerer", messages: "list[dict[str, str]]", *, key: str = "") -> None:
        """Write the body for `to`."""
        self.to = to
        self.body = to.format.body(to.model, messages)
        self.key = key

    def fingerprint(self) -> str:
        """Return what tells this request from every other one, as the gateway tells them."""
        text = json.dumps([self.to.provider_id, self.to.format.path, self.body])
        return binascii.hexlify(hashlib.sha256(text.encode()).digest()).decode()


def request_for(question: "Turn", transcript: "Transcript", to: "Answerer") -> Request:
    """Write the request of a question, and give the question a key.

    It keeps the key that it has if this is the request that went out under it.
    """
    request = Request(to, transcript.messages(question))
    fingerprint = request.fingerprint()
    if not question.key or question.fingerprint != fingerprint:
        question.key = platform.random_hex(KEY_BYTES)
        question.fingerprint = fingerprint
    request.key = question.key
    return request


async def stream_answer(
    gateway: "ApiGatewayClient",
    request: Request,
    version: "Version",
    *,
    signal: "Any",
    now_ms: "Callable[[], float]",
    on_headers: "Callable[[], None]",
    on_words: "Callable[[str], None]",
) -> None:
    """Ask, and fill in the text and the facts of `version` until the answer is whole.

    What came before an error stays in `version`, its times included.

    Args:
        gateway: Carries the call.
        request: What is asked.
        version: Is written; its state stays the caller's. Once that is not `streaming` any more
            nothing is written.
        signal: Stops it.
        now_ms: Milliseconds that never go back.
        on_headers: Called when the provider's answer has begun, and `version.facts` say what the
            gateway charged.
        on_words: Called with the words of each event, after they were added.

    Raises:
        PaywallError: As `gateway.call` and the reading of its answer.
        StreamFault: The answer is no such stream, was refused, or has no end.
    """
    facts, began_ms = version.facts, now_ms()
    reader = request.to.format.reader()

    def take(words: str) -> None:
        if words and version.state == "streaming":
            if facts.first_ms is None:
                facts.first_ms = round(now_ms() - began_ms)
            version.text += words
            on_words(words)

    try:
        response = await gateway.call(
            provider_id=request.to.provider_id,
            path=request.to.format.path,
            body=request.body,
            headers={names.IDEMPOTENCY_KEY: request.key},
            signal=signal,
        )
        read_headers(response.headers, facts)
        on_headers()
        await _read(response, reader, take)
        reader.finish()
    finally:
        facts.total_ms = round(now_ms() - began_ms)
        facts.tokens_in, facts.tokens_out = reader.tokens_in, reader.tokens_out
        facts.cut_short = reader.cut_short


async def _read(response: "Response", reader: "Any", take: "Callable[[str], None]") -> None:
    if hasattr(reader, "read_whole") and is_whole(response.headers):
        take(reader.read_whole(await response.text()))
        return
    async with response.sse() as events:
        async for event in events:
            take(reader.read(event.data))


def is_whole(headers: Headers) -> bool:
    """Return whether an answer is one JSON object, and no stream of events."""
    media_type = (headers.get("content-type") or "").split(";")[0].strip()
    return media_type == "application/json"


def read_headers(headers: Headers, facts: "Facts") -> None:
    """Write what the gateway's headers tell of a call into `facts`."""
    facts.request_id = headers.get(names.REQUEST_ID)
    facts.call_id = headers.get(names.CALL_ID)
    charged = headers.get(names.CREDITS_CHARGED)
    if charged and all("0" <= digit <= "9" for digit in charged):
        facts.credits = int(charged)
