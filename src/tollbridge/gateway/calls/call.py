"""One metered call: hold, send, settle, relay. Read this first.

The core does not know what carries the bytes: `Intake` is the page's side coming in, `Answer` the
page's side going out, `Upstream` the provider's. What a stop costs is decided in `charge.py` and
written by `credit.py`.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from tollbridge.gateway.calls.charge import Stop
from tollbridge.gateway.calls.credit import Credit, Progress
from tollbridge.gateway.calls.intake import Intake
from tollbridge.gateway.calls.request import CallRequest
from tollbridge.gateway.errors import BrokenOff, PageLeft, Refusal
from tollbridge.gateway.providers import policy
from tollbridge.gateway.providers.headers import to_page
from tollbridge.gateway.providers.http import ProviderBrokeOff, Upstream, UpstreamAnswer
from tollbridge.gateway.providers.provider import Provider
from tollbridge.gateway.settings import Limits
from tollbridge.wire import headers as names

Body = bytes | AsyncIterator[bytes] | None
RawHeaders = list[tuple[bytes, bytes]]

# A provider's refusals of our own key or account say nothing about the page's session or balance.
_ACCOUNT_STATUSES = (401, 402, 403, 407)


class Answer(Protocol):
    """The page's side of a call, outgoing. A started answer that is not finished is broken off."""

    async def start(self, status: int, headers: RawHeaders) -> None:
        """Send the status and the headers."""
        ...

    async def send(self, chunk: bytes) -> None:
        """Send a part of the body; returns when the page keeps up."""
        ...

    async def finish(self) -> None:
        """End the body properly."""
        ...


class Stopped(Exception):
    """The call stopped before its proper end."""

    def __init__(self, stop: Stop, refusal: Refusal | None = None) -> None:
        """Say why, and what the page is told if its answer has not begun."""
        super().__init__(stop.value)
        self.stop = stop
        self.refusal = refusal


class MeteredCall:
    """One call that is admitted and has its body, from the provider to the receipt."""

    def __init__(
        self,
        *,
        request: CallRequest,
        provider: Provider,
        headers: list[tuple[str, str]],
        upstream: Upstream,
        limits: Limits,
        intake: Intake,
        answer: Answer,
        credit: Credit,
        body: Body,
    ) -> None:
        """Prepare a call whose credit is held; `headers` are those that go to the provider."""
        self._request = request
        self._provider = provider
        self._headers = headers
        self._upstream = upstream
        self._limits = limits
        self._intake = intake
        self._answer = answer
        self._credit = credit
        self._body = body
        self._progress = Progress()

    async def run(self) -> None:
        """Send the call and relay its answer.

        Raises:
            Refusal: It failed before our answer began; no credit is charged.
            PageLeft: The page has left; what that costs is decided and written.
            BrokenOff: Our answer must be broken off; what that costs is decided and written.
        """
        try:
            await self._forward()
        except Stopped as stopped:
            await self._credit.close(stopped.stop, self._progress)
            raise self._way_out(stopped) from stopped
        except (PageLeft, BrokenOff):
            raise  # decided and written already
        except asyncio.CancelledError:  # the server shuts down and has waited long enough
            await self._credit.close(Stop.CUT, self._progress)
            raise
        except Exception:
            await self._credit.close(Stop.FAULT, self._progress)
            raise

    async def _forward(self) -> None:
        answer = await self._open()
        try:
            self._progress.status = answer.status
            self._progress.bytes_due = not answer.bodiless
            if 200 <= answer.status < 300:
                await self._settle()
                await self._relay(answer, self._credit.headers(self._provider.cost))
                # Queued before the end goes out: a receipt asked for afterwards tells it.
                self._credit.finish(self._progress)
            else:
                await self._pass_refusal(answer)
        finally:
            answer.close()
        await self._finish()

    async def _open(self) -> UpstreamAnswer:
        request, provider = self._request, self._provider
        gathered = isinstance(self._body, bytes)
        opening = asyncio.create_task(
            self._upstream.open(
                provider,
                request.method,
                request.path,
                request.query,
                self._headers,
                self._body,
                content_length=request.content_length,
                first_byte_timeout_s=provider.first_byte_timeout_s or self._limits.first_byte_s,
                idle_timeout_s=provider.idle_timeout_s or self._limits.idle_s,
            )
        )
        self._intake.when_left(opening.cancel)
        try:
            answer = await opening
        except asyncio.CancelledError:
            opening.add_done_callback(_close_unseen)
            if self._intake.left:
                raise Stopped(Stop.PAGE_LEFT) from None
            raise
        except (Refusal, PageLeft) as error:
            if self._intake.left:
                raise Stopped(Stop.PAGE_LEFT) from error
            refusal = self._intake.refusal or (error if isinstance(error, Refusal) else None)
            raise Stopped(Stop.NOT_ANSWERED, refusal) from error
        self._intake.when_left(answer.close)
        if gathered:  # it has gone out; the answer may go on for half an hour
            self._body = None
            self._intake.release()
        return answer

    async def _settle(self) -> None:
        if self._intake.left:
            raise Stopped(Stop.PAGE_LEFT)
        refusal = await self._credit.settle()
        if refusal is not None:
            raise Stopped(Stop.STORE_REFUSED, refusal)

    async def _pass_refusal(self, answer: UpstreamAnswer) -> None:
        """Give the credit back, then let the provider's refusal through or tell it in our words."""
        refusal = _in_our_words(answer.status)
        if refusal is not None:
            raise Stopped(Stop.PROVIDER_REFUSED, refusal)
        await self._credit.close(Stop.PROVIDER_REFUSED, self._progress)
        source = (names.ERROR_SOURCE, names.FROM_PROVIDER)
        try:
            await self._relay(answer, [*self._credit.headers(0), source])
        except Stopped as stopped:
            # The credit is back already; what is left is not to make this look like an end.
            raise (PageLeft if stopped.stop is Stop.PAGE_LEFT else BrokenOff) from stopped

    async def _relay(self, answer: UpstreamAnswer, own_headers: list[tuple[str, str]]) -> None:
        """Pass the answer through as it comes, watching for the page to leave and for the time."""
        own = [(name.encode(), value.encode()) for name, value in own_headers]
        headers = _with_true_length(answer) + own
        try:
            # Also ends a page that has stopped reading: `send` waits for it.
            async with asyncio.timeout(self._limits.stream_s):
                self._progress.begun = True
                await self._answer.start(answer.status, headers)
                async for chunk in answer.chunks():
                    self._progress.bytes_sent = True
                    await self._answer.send(chunk)
        except (ProviderBrokeOff, TimeoutError) as error:
            # A page that makes its upload fail is no better than one that leaves.
            if self._intake.left or self._intake.refusal is not None:
                raise Stopped(Stop.PAGE_LEFT) from error
            by_us = isinstance(error, TimeoutError) or error.idle
            raise Stopped(Stop.CUT if by_us else Stop.BROKE_OFF) from error
        if self._intake.left:
            raise Stopped(Stop.PAGE_LEFT)

    async def _finish(self) -> None:
        try:
            async with asyncio.timeout(self._limits.stream_s):
                await self._answer.finish()
        except TimeoutError:  # the page stopped reading just before the end
            raise BrokenOff from None

    def _way_out(self, stopped: Stopped) -> Exception:
        if stopped.stop is Stop.PAGE_LEFT:
            return PageLeft()
        if self._progress.begun or stopped.refusal is None:
            return BrokenOff()
        stopped.refusal.headers.update(self._credit.headers(0))
        return stopped.refusal


def _close_unseen(opening: "asyncio.Task[UpstreamAnswer]") -> None:
    # We were stopped in the moment between the answer's coming and our seeing it.
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


async def take_body(request: CallRequest, provider: Provider, intake: Intake) -> Body:
    """Read the body as the provider's policy wants it: gathered and checked, or as a stream.

    Raises:
        Refusal: The policy refuses it.
        PageLeft: The page left before it had sent everything.
    """
    if request.method == "GET":
        await intake.gather(0, request.content_length)
        return None
    if policy.gathers(provider, request.content_type):
        body = await intake.gather(provider.max_body_bytes, request.content_length)
        policy.check_body(provider, body)
        return body
    if request.content_length == 0:  # nothing would be asked of a stream, nor the page's leaving
        await intake.gather(0, 0)
        return None
    return intake.stream(policy.STREAMED_BODY_MAX, request.content_length)


def _with_true_length(answer: UpstreamAnswer) -> RawHeaders:
    """Return the page's headers, without a length that belongs to no body: a 204 may say one."""
    return [
        (name, value)
        for name, value in to_page(answer.headers)
        if not (answer.bodiless and name == b"content-length" and value != b"0")
    ]


def _in_our_words(status: int) -> Refusal | None:
    details = {"status": status}
    if 300 <= status < 400:
        return Refusal(
            "provider_redirect",
            f"The provider answered {status}, a redirect; the gateway follows none.",
            details=details,
        )
    if status in _ACCOUNT_STATUSES:
        return Refusal(
            "provider_rejected",
            f"The provider refused the gateway's own key or account ({status}).",
            details=details,
        )
    return None
