"""A call on its way to the provider: everything it needs, and the asking itself."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tollbridge.gateway.calls.answer import Answer
from tollbridge.gateway.calls.body import Body
from tollbridge.gateway.calls.charge import Stop
from tollbridge.gateway.calls.credit import Credit
from tollbridge.gateway.calls.intake import Intake
from tollbridge.gateway.calls.replays import Answered
from tollbridge.gateway.calls.request import CallRequest
from tollbridge.gateway.calls.stopped import Stopped
from tollbridge.gateway.errors import PageLeft, Refusal
from tollbridge.gateway.observing.record import RequestRecord
from tollbridge.gateway.providers.http import Upstream, UpstreamAnswer
from tollbridge.gateway.providers.provider import Provider
from tollbridge.gateway.settings import Limits


@dataclass(slots=True)
class Going:
    """A call that is admitted, has its body, and whose credit is held.

    Attributes:
        request: As it goes to the provider.
        cost: Whole credits, as they are held.
        headers: Those that go to the provider.
        keep: Takes the complete answer of a call that may be repeated; None where it may not.
        sealed: A template asks: what a provider says against it is not for the page.
    """

    request: CallRequest
    provider: Provider
    cost: int
    headers: list[tuple[str, str]]
    body: Body
    upstream: Upstream
    limits: Limits
    intake: Intake
    answer: Answer
    credit: Credit
    record: RequestRecord
    keep: Callable[[Answered], None] | None = None
    sealed: bool = False


async def ask(going: Going) -> UpstreamAnswer:
    """Send the call and wait for the headers of its answer.

    Raises:
        Stopped: The page left meanwhile, its upload failed, or no headers came.
    """
    request, provider, intake = going.request, going.provider, going.intake
    _stop_if_left(intake)
    task = asyncio.current_task()
    assert task is not None
    intake.when_left(partial(_interrupt, task))
    try:
        answer = await going.upstream.open(
            provider,
            request.method,
            request.path,
            request.query,
            going.headers,
            going.body,
            content_length=request.content_length,
            first_byte_timeout_s=provider.first_byte_timeout_s or going.limits.first_byte_s,
            idle_timeout_s=provider.idle_timeout_s or going.limits.idle_s,
        )
    except asyncio.CancelledError:
        if intake.left and task.uncancel() == 0:
            raise Stopped(Stop.PAGE_LEFT) from None
        raise  # the server shuts down
    except (Refusal, PageLeft) as error:
        raise _why(intake, error) from error
    finally:
        intake.when_left(_do_nothing)
    if isinstance(going.body, bytes):  # it has gone out; the answer may go on for half an hour
        going.body = None
        intake.release()
    return answer


def _why(intake: Intake, error: Refusal | PageLeft) -> Stopped:
    if intake.left:
        return Stopped(Stop.PAGE_LEFT)
    if intake.refusal is not None:
        return Stopped(Stop.UPLOAD_FAILED, intake.refusal)
    return Stopped(Stop.NOT_ANSWERED, error if isinstance(error, Refusal) else None)


def _stop_if_left(intake: Intake) -> None:
    if intake.left:
        raise Stopped(Stop.PAGE_LEFT)


def _interrupt(task: "asyncio.Task[object]") -> None:
    # Whoever reads the page's body in this very task learns of its leaving there, by an error.
    if asyncio.current_task() is not task:
        task.cancel()


def _do_nothing() -> None:
    pass
