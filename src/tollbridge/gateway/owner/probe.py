"""Whether a provider answers, and takes its key: one cheap request, outside any call."""

import time
from dataclasses import dataclass

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.headers import to_provider
from tollbridge.gateway.providers.http import Upstream
from tollbridge.gateway.providers.presets import PRESETS
from tollbridge.gateway.providers.provider import Provider

# An API that takes longer to list its models is not one that a page should wait for.
FIRST_BYTE_TIMEOUT_S = 30.0
# Every API of these presets has it, and it costs nothing.
MODELS_PATH = "v1/models"

_KEY_REFUSED = (401, 403)


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of it.

    Attributes:
        status: The provider's, or None where no answer came.
        duration_ms: Until the answer's headers were here, or it was given up.
        problem: What went wrong, in a sentence, or "".
    """

    status: int | None
    duration_ms: int
    problem: str

    @property
    def ok(self) -> bool:
        """Whether it answered and did not refuse the key."""
        return self.status is not None and self.status not in _KEY_REFUSED


async def probe(provider: Provider) -> Finding:
    """Ask the provider for its models, or for its base URL where the preset is `http`."""
    path = MODELS_PATH if PRESETS[provider.preset].llm else ""
    upstream = Upstream()
    await upstream.start()
    began = time.monotonic()
    try:
        answer = await upstream.open(
            provider,
            "GET",
            path,
            b"",
            to_provider(provider, [(b"accept", b"application/json")]),
            None,
            first_byte_timeout_s=FIRST_BYTE_TIMEOUT_S,
        )
        status, problem = answer.status, ""
        answer.close()
        if status in _KEY_REFUSED:
            problem = f"The provider refuses the key: it answers {status}."
    except Refusal as refusal:
        status, problem = None, refusal.message
    finally:
        duration_ms = round((time.monotonic() - began) * 1000)
        await upstream.close()
    return Finding(status, duration_ms, problem)
