"""The body of a call: taken from the page as the provider's policy wants it."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from tollbridge.gateway.calls.intake import Intake
from tollbridge.gateway.calls.request import CallRequest
from tollbridge.gateway.providers import policy
from tollbridge.gateway.providers.provider import Provider

Body = bytes | AsyncIterator[bytes] | None


class Taken(NamedTuple):
    """A body that may be sent.

    Attributes:
        body: What goes to the provider.
        gathered: What the page sent, where all of it is here.
    """

    body: Body
    gathered: bytes | None


async def take_body(request: CallRequest, provider: Provider, intake: Intake) -> Taken:
    """Read the body as the provider's policy wants it: gathered and checked, or as a stream.

    Raises:
        Refusal: The policy refuses it.
        PageLeft: The page left before it had sent everything.
    """
    if request.method == "GET":
        await intake.gather(0, request.content_length)
        return Taken(None, b"")
    if policy.gathers(provider, request.content_type):
        gathered = await intake.gather(provider.max_body_bytes, request.content_length)
        return Taken(policy.prepare_body(provider, request.path, gathered), gathered)
    if request.content_length == 0:  # nothing would be asked of a stream, nor the page's leaving
        await intake.gather(0, 0)
        return Taken(None, b"")
    return Taken(intake.stream(policy.STREAMED_BODY_MAX, request.content_length), None)
