"""Sends a call again when its answer was lost: the same bytes under the same key.

The key is what makes it safe: the gateway charges a key once, however often it comes. So a call
whose connection broke before the headers came is sent once more, and where the first sending still
runs at the gateway (409 `call_in_progress`) the second one waits for it, within limits.

A browser sends again by itself, and tells nobody, what it lost on a connection that it had used
before. So under a key that was made here a 409 means the same without a loss that we saw.
"""

import asyncio

from tollbridge.sdk import platform
from tollbridge.sdk.abort import on_abort
from tollbridge.sdk.errors import AbortedError, ConfigError, NetworkError
from tollbridge.sdk.exchange import failure
from tollbridge.sdk.headers import Headers
from tollbridge.wire import headers as names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.sdk.transport import Reply, Request, Transport

# 128 bits: two calls of one user never meet by chance, nor can another page guess a key.
KEY_BYTES = 16
# What the gateway takes for a key; longer ones are refused here, where the caller can be told.
KEY_CHARS_MAX = 255

# The gateway reads a call whose page left to its end for at most 5 s, or stops it at once. Whoever
# waited longer than that, second by second, waits for a call that somebody else sent.
WAITS_MAX = 6
WAIT_S = 1
# A gateway that wants more time than this between two askings is not about to answer.
WAIT_S_MAX = 5

CALL_IN_PROGRESS = "call_in_progress"


def key_for(headers: dict[str, str]) -> str:
    """Return the key of a call: the caller's own, else a new one that nobody can guess.

    Args:
        headers: What the caller gave, names in lower case.

    Raises:
        ConfigError: `invalid_argument`: the caller's key is none.
    """
    key = headers.get(names.IDEMPOTENCY_KEY)
    if key is None:
        return platform.random_hex(KEY_BYTES)
    if not 0 < len(key) <= KEY_CHARS_MAX or any(not "!" <= char <= "~" for char in key):
        raise ConfigError(
            "invalid_argument",
            f"the header '{names.IDEMPOTENCY_KEY}' must be 1 to {KEY_CHARS_MAX} characters of "
            "visible ASCII",
        )
    return key


def wait_before(waits: int, retry_after_s: "int | None") -> "int | None":
    """Return the seconds to wait before a call that still runs is asked for again. Pure.

    Args:
        waits: How often it was waited for already.
        retry_after_s: What the gateway said, None where it said nothing.

    Returns:
        None where it is not worth waiting any more.
    """
    wait_s = WAIT_S if retry_after_s is None else retry_after_s
    return None if waits >= WAITS_MAX or wait_s > WAIT_S_MAX else wait_s


class Replay:
    """The transport of one call, which sends it again where its answer was lost.

    Attributes:
        lost: Whether an answer was lost, so that the call may have been charged unseen.
    """

    def __init__(self, transport: "Transport", *, replayable: bool, own_key: bool) -> None:
        """Make the transport of one call.

        Args:
            transport: Carries it.
            replayable: Whether its body can be sent twice.
            own_key: Whether its key was made for it, so that nobody else can use the same.
        """
        self.lost = False
        self._transport = transport
        self._replayable = replayable
        self._own_key = own_key

    async def __call__(self, request: "Request") -> "Reply":
        """Send the call and return the reply once its headers are here.

        Raises:
            NetworkError: No answer came, twice, or once where the body cannot be sent again.
            AbortedError: The request's signal was aborted; it was not sent again.
            PaywallError: It was sent again, by us or the browser, and the gateway answered 409:
                the first sending runs on (`call_in_progress`), or has been charged
                (`call_already_charged`).
        """
        waits = 0
        while True:
            reply = await self._send(request)
            is_ours = self.lost or self._own_key
            if reply.status != 409 or not is_ours or _is_providers(reply):
                return reply
            self.lost = True
            error = await failure(reply)
            wait_s = wait_before(waits, error.retry_after_s)
            if error.code != CALL_IN_PROGRESS or wait_s is None or not self._replayable:
                raise error
            waits += 1
            await pause(wait_s, request.signal)

    async def _send(self, request: "Request") -> "Reply":
        try:
            return await self._transport(request)
        except NetworkError:
            if self.lost or not self._replayable:
                raise
        if request.signal is not None and request.signal.aborted:
            raise AbortedError
        self.lost = True
        return await self._transport(request)


async def pause(wait_s: float, signal: "Any") -> None:
    """Return after so many seconds.

    Raises:
        AbortedError: The signal, ours or the browser's, was aborted before.
    """
    # Not `asyncio.wait_for`: MicroPython's cannot be awaited by what JavaScript called.
    woken = asyncio.Event()
    undo = on_abort(signal, woken.set)
    timer = asyncio.create_task(_wake(woken, wait_s))
    try:
        await woken.wait()
    finally:
        undo()
        timer.cancel()
    if signal is not None and signal.aborted:
        raise AbortedError


async def _wake(sleeper: asyncio.Event, wait_s: float) -> None:
    await asyncio.sleep(wait_s)
    sleeper.set()


def _is_providers(reply: "Reply") -> bool:
    return Headers(reply.headers).get(names.ERROR_SOURCE) == names.FROM_PROVIDER
