"""One metered call: send, settle, relay. Read this first.

The core does not know what carries the bytes: `Intake` is the page's side coming in, `Answer` the
page's side going out, `Upstream` the provider's. What a stop costs is decided in `charge.py` and
written by `credit.py`.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from tollbridge.gateway.calls.answer import (
    Passing,
    Progress,
    headers_for_page,
    is_event_stream,
    length_of,
)
from tollbridge.gateway.calls.charge import COMPLETE, FIRST_BYTE, Stop
from tollbridge.gateway.calls.going import Going, ask
from tollbridge.gateway.calls.replays import Recorder
from tollbridge.gateway.calls.stopped import Stopped, broke_off_before, in_our_words
from tollbridge.gateway.errors import BrokenOff, PageLeft
from tollbridge.gateway.providers.http import ProviderBrokeOff, UpstreamAnswer
from tollbridge.wire import headers as names

# How long an answer that the page may ask for again is read on after the page has left.
READ_ON_S = 5.0


class MeteredCall:
    """One call on its way, from the provider to the receipt."""

    def __init__(self, going: Going) -> None:
        """Prepare it; nothing is sent yet."""
        self._going = going
        self._request = going.request
        self._provider = going.provider
        self._limits = going.limits
        self._intake = going.intake
        self._credit = going.credit
        self._progress = Progress()
        self._passing = Passing(going.answer, self._progress)
        self._reads_on = False

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
        answer = await ask(self._going)
        self._note(answer)
        held_back = b""
        try:
            if not 200 <= answer.status < 300:
                await self._pass_refusal(answer)
            elif self._provider.charge_on == COMPLETE:
                held_back = await self._pass_then_settle(answer)
            else:
                await self._settle_then_pass(answer)
        finally:
            answer.close()
        await self._finish(held_back)

    def _note(self, answer: UpstreamAnswer) -> None:
        """Note what the head says; see to it that the provider learns of the page's leaving."""
        self._going.record.lap("provider")
        self._progress.status = answer.status
        self._progress.bytes_due = not answer.bodiless
        leave: Callable[[], object] = answer.close
        if (
            self._going.keep is not None
            and 200 <= answer.status < 300
            and not is_event_stream(answer)
        ):
            # The page may ask for it again: a moment more work, and it will not be asked twice.
            self._progress.recorder = Recorder()
            if not self._intake.left:
                self._reads_on = True
                loop = asyncio.get_running_loop()
                leave = partial(loop.call_later, READ_ON_S, answer.close)
        self._intake.when_left(leave)

    async def _settle_then_pass(self, answer: UpstreamAnswer) -> None:
        first = b""
        if self._provider.charge_on == FIRST_BYTE:
            first = await self._first_bytes(answer)
        await self._settle()
        await self._relay(answer, self._credit.headers(self._going.cost), first=first)
        self._end()

    async def _pass_then_settle(self, answer: UpstreamAnswer) -> bytes:
        """Relay all but the end, settle, and return what is due after that."""
        held_back = b""
        if answer.bodiless:  # the head is all there is
            await self._settle()
            await self._relay(answer, self._credit.headers(None))
        else:
            held_back = await self._relay(answer, self._credit.headers(None), keep_last=True)
            await self._settle()
        self._end()
        return held_back

    async def _first_bytes(self, answer: UpstreamAnswer) -> bytes:
        """Wait for the body's first bytes; nothing where it ends before there are any."""
        try:
            async with asyncio.timeout(self._limits.stream_s):
                async for chunk in answer.chunks():
                    return chunk
        except (ProviderBrokeOff, TimeoutError) as error:
            stopped = self._stopped_by(error)
            if stopped.stop is not Stop.PAGE_LEFT:
                stopped.refusal = broke_off_before()
            raise stopped from error
        return b""

    async def _settle(self) -> None:
        if self._intake.left and not self._reads_on:
            raise Stopped(Stop.PAGE_LEFT)
        refusal = await self._credit.settle()
        if refusal is not None:
            raise Stopped(Stop.STORE_REFUSED, refusal)
        self._going.record.lap("settle")

    async def _pass_refusal(self, answer: UpstreamAnswer) -> None:
        """Give the credit back, then let the provider's refusal through or tell it in our words."""
        refusal = in_our_words(answer, sealed=self._going.sealed)
        if refusal is not None:
            raise Stopped(Stop.PROVIDER_REFUSED, refusal)
        await self._credit.close(Stop.PROVIDER_REFUSED, self._progress)
        source = (names.ERROR_SOURCE, names.FROM_PROVIDER)
        try:
            await self._relay(answer, [*self._credit.headers(0), source])
        except Stopped as stopped:
            # The credit is back already; what is left is not to make this look like an end.
            raise (PageLeft if stopped.stop is Stop.PAGE_LEFT else BrokenOff) from stopped

    async def _relay(
        self,
        answer: UpstreamAnswer,
        own_headers: list[tuple[str, str]],
        *,
        first: bytes = b"",
        keep_last: bool = False,
    ) -> bytes:
        """Pass the answer through as it comes, watching for the page to leave and for the time.

        Args:
            answer: The provider's.
            own_headers: Ours beside the provider's.
            first: What was read of the body already.
            keep_last: Return the last byte of a body that has a length, instead of sending it.
        """
        own = [(name.encode(), value.encode()) for name, value in own_headers]
        missing = length_of(answer) if keep_last else None
        held_back = b""
        try:
            # Also ends a page that has stopped reading: `send` waits for it.
            async with asyncio.timeout(self._limits.stream_s):
                await self._passing.start(answer.status, headers_for_page(answer) + own)
                if first:
                    await self._passing.send(first, to_nobody=self._intake.left)
                async for chunk in answer.chunks():
                    if missing is not None:
                        missing -= len(chunk)
                        if missing <= 0:
                            chunk, held_back = chunk[:-1], chunk[-1:]
                    if chunk:
                        await self._passing.send(chunk, to_nobody=self._intake.left)
        except (ProviderBrokeOff, TimeoutError) as error:
            raise self._stopped_by(error) from error
        if self._intake.left and not self._reads_on:
            raise Stopped(Stop.PAGE_LEFT)
        if self._progress.recorder is not None:
            self._progress.recorder.add(held_back)
        return held_back

    def _stopped_by(self, error: ProviderBrokeOff | TimeoutError) -> Stopped:
        # A page that makes its upload fail is no better than one that leaves.
        if self._intake.left or self._intake.refusal is not None:
            return Stopped(Stop.PAGE_LEFT)
        if isinstance(error, TimeoutError):
            return Stopped(Stop.PAGE_STALLED if self._passing.waits else Stop.CUT)
        if error.idle:
            return Stopped(Stop.CUT)
        # As long as a page may be silent while it sends. A provider that can get rid of nothing
        # for that long gives up, and the page would have what had come until then for nothing.
        patience_s = self._limits.upload_idle_s
        is_slow = patience_s is not None and self._passing.longest_wait_s >= patience_s
        return Stopped(Stop.PAGE_STALLED if is_slow else Stop.BROKE_OFF)

    def _end(self) -> None:
        """The answer is whole and paid for: queue its receipt's end before its last byte goes out.

        Whoever asks for the receipt after that byte finds it ended, and whoever repeats the call
        finds the answer.
        """
        recorder = self._progress.recorder
        answered = None if recorder is None else recorder.answer()
        if answered is not None and self._going.keep is not None:
            self._going.keep(answered)
        if self._intake.left:
            raise Stopped(Stop.PAGE_LEFT)
        self._credit.finish(self._progress)

    async def _finish(self, held_back: bytes) -> None:
        try:
            async with asyncio.timeout(self._limits.stream_s):
                await self._passing.finish(held_back)
        except TimeoutError:  # the page stopped reading just before the end
            raise BrokenOff from None

    def _way_out(self, stopped: Stopped) -> Exception:
        if stopped.stop is Stop.PAGE_LEFT:
            return PageLeft()
        if self._progress.begun or stopped.refusal is None:
            return BrokenOff()
        stopped.refusal.headers.update(self._credit.headers(0))
        return stopped.refusal
