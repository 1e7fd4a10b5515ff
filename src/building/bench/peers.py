"""The peers: others' gateways, set up for the same job without counting anything."""

import contextlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from building.bench.arguments import LITELLM, PORTKEY
from building.bench.client import Target
from building.bench.payloads import MODEL, QUESTION
from building.bench.processes import Process, free_port, started

# LiteLLM imports for some ten seconds on an idle machine, and for much longer on a busy one.
START_S = 120.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A running peer.

    Attributes:
        process: It.
        target: A call that it forwards to the mock that answers in one piece.
        stream_target: The same to the mock that streams, where the peer can stream.
    """

    process: Process
    target: Target
    stream_target: Target | None


@contextlib.contextmanager
def portkey(installed: Path, folder: Path, upstreams: dict[str, int], core: int) -> Iterator[Peer]:
    """Run Portkey's gateway; it learns from each call's headers where to send it.

    As published, its package answers every streamed call with 500, so it has no stream.
    """
    port = free_port()
    program = installed / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    upstream = f"http://127.0.0.1:{upstreams['json']}/v1"
    with started(
        PORTKEY,
        ["node", program, "--headless", f"--port={port}"],
        core=core,
        log_file=folder / "portkey.log",
        # It refuses to call a private address that is not listed here.
        env={"TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost", "NODE_ENV": "production"},
    ) as process:
        headers = {
            "Authorization": "Bearer provider-key",
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": upstream,
        }
        target = Target(PORTKEY, port, "/v1/chat/completions", QUESTION, headers)
        yield Peer(process, target, None)


@contextlib.contextmanager
def litellm(installed: Path, folder: Path, upstreams: dict[str, int], core: int) -> Iterator[Peer]:
    """Run LiteLLM's proxy with one worker and without a database, which is its quickest way."""
    port = free_port()
    key = f"sk-{secrets.token_urlsafe(24)}"
    config = folder / "litellm.json"  # it reads YAML, and JSON is YAML
    config.write_text(json.dumps(litellm_config(upstreams, key)))
    config.chmod(0o600)
    with started(
        LITELLM,
        [
            *(installed / "bin" / "litellm", "--config", config),
            *("--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"),
        ],
        core=core,
        log_file=folder / "litellm.log",
        # It would fetch a list of prices from elsewhere otherwise.
        env={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"},
    ) as process:
        headers = {"Authorization": f"Bearer {key}"}

        def target(model: str, *, stream: bool) -> Target:
            question = {**json.loads(QUESTION), "model": model}
            body = json.dumps({**question, "stream": True} if stream else question).encode()
            return Target(LITELLM, port, "/v1/chat/completions", body, headers)

        yield Peer(
            process,
            target(f"{MODEL}-json", stream=False),
            target(f"{MODEL}-stream", stream=True),
        )


def litellm_config(upstreams: dict[str, int], key: str) -> dict[str, object]:
    """What LiteLLM is told: a model for each upstream, and the key of its callers."""
    return {
        "model_list": [
            {
                "model_name": f"{MODEL}-{name}",
                "litellm_params": {
                    "model": f"openai/{MODEL}",
                    "api_base": f"http://127.0.0.1:{port}/v1",
                    "api_key": "provider-key",
                },
            }
            for name, port in upstreams.items()
        ],
        "general_settings": {"master_key": key},
    }
