"""The body of a call: taken from the page as the provider's policy wants it."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from tollbridge.gateway.calls.intake import Intake
from tollbridge.gateway.calls.request import CallRequest
from tollbridge.gateway.calls.sealed import filled_body
from tollbridge.gateway.errors import PageLeft
from tollbridge.gateway.providers import policy
from tollbridge.gateway.providers.presets import PRESETS
from tollbridge.gateway.providers.provider import Provider
from tollbridge.gateway.templates import Template

Body = bytes | AsyncIterator[bytes] | None

# Reading one that is nothing but brackets takes 10 ms; a larger one would keep all others waiting.
CHECKED_ON_LOOP_MAX = 32 * 1024
# One thread: what is read takes up to fifty times a body's size, and each thread slows the loop.
_checker = ThreadPoolExecutor(1, thread_name_prefix="body-rules")


class Taken(NamedTuple):
    """A body that may be sent.

    Attributes:
        body: What goes to the provider.
        gathered: What the page sent, where all of it is here.
    """

    body: Body
    gathered: bytes | None


async def take_body(
    request: CallRequest, provider: Provider, intake: Intake, template: Template | None = None
) -> Taken:
    """Read the body as the provider's policy wants it: gathered and checked, or as a stream.

    Args:
        request: The page's own.
        provider: Whom it goes to.
        intake: Where the body comes from.
        template: What the page's texts are put into, or None where its body goes on itself.

    Raises:
        Refusal: The policy refuses it.
        PageLeft: The page left before it had sent everything.
    """
    if request.method == "GET":
        await intake.gather(0, request.content_length)
        return Taken(None, b"")
    if policy.gathers(provider, request.content_type, sealed=template is not None):
        gathered = await intake.gather(provider.max_body_bytes, request.content_length)
        body = await _prepare(request, provider, template, gathered, intake)
        if template is not None:  # a word of the page's may make a long one
            intake.claim(len(body))
        return Taken(body, gathered)
    if request.content_length == 0:  # nothing would be asked of a stream, nor the page's leaving
        await intake.gather(0, 0)
        return Taken(None, b"")
    return Taken(intake.stream(policy.STREAMED_BODY_MAX, request.content_length), None)


async def _prepare(
    request: CallRequest,
    provider: Provider,
    template: Template | None,
    gathered: bytes,
    intake: Intake,
) -> bytes:
    def prepare() -> bytes:
        if template is None:
            return policy.prepare_body(provider, request.path, gathered)
        return filled_body(template, provider, gathered)

    def prepare_in_turn() -> bytes:
        if intake.left:  # while others were before it: nobody waits for it any more
            raise PageLeft
        return prepare()

    is_read = template is not None or PRESETS[provider.preset].llm
    if len(gathered) <= CHECKED_ON_LOOP_MAX or not is_read:
        return prepare()
    return await asyncio.get_running_loop().run_in_executor(_checker, prepare_in_turn)
