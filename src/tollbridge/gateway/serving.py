"""How one process serves an open gateway: alone, or as one of several workers."""

import asyncio
import gc
import logging
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial

import uvicorn

from tollbridge.gateway.app import Gateway, create_app, open_gateway
from tollbridge.gateway.calls.quota import no_hint
from tollbridge.gateway.connection import Connection
from tollbridge.gateway.crowd import Crowd, allow_many_files, connections_max
from tollbridge.gateway.demo import demo_hint
from tollbridge.gateway.middleware.cors import App
from tollbridge.gateway.observing import Observer
from tollbridge.gateway.server import Server, serving_metrics
from tollbridge.gateway.settings import GRACE_S, Limits, Settings

# Browsers keep idle connections for minutes; a page that speaks again soon should find its own.
KEEP_ALIVE_S = 65
# Connections waiting to be accepted; a burst of visitors is larger than the usual default.
BACKLOG = 2048


def open_served(settings: Settings, *, demo: bool) -> AbstractAsyncContextManager[Gateway]:
    """Open the gateway that a process is to serve; see `open_gateway`.

    Raises:
        StartError: Another gateway runs on the folder, or the master key is wrong.
        StoreUnavailable: The database cannot be opened.
    """
    hint = demo_hint(settings) if demo else no_hint
    return open_gateway(settings, hint=hint, spare_loopback=demo)


async def serve_open(
    gateway: Gateway,
    listener: socket.socket,
    metrics_listener: socket.socket | None,
    *,
    on_up: Callable[[], None],
    has_successor: bool = False,
) -> None:
    """Serve until SIGINT or SIGTERM; what runs then may go on for the grace.

    Args:
        gateway: Open, and open when it returns.
        listener: Where pages connect; it is closed at the end.
        metrics_listener: Where the figures are asked for, or None.
        on_up: Called once it serves.
        has_successor: Let go of the figures' port as soon as it drains, for the process that
            follows; one that is alone shows them to its end.
    """
    async with AsyncExitStack() as stack:
        on_draining: Callable[[], None] = _nothing
        if metrics_listener is not None:
            metrics_app = gateway.metrics.on_own_port
            limits = gateway.settings.limits
            metrics = await stack.enter_async_context(
                serving_metrics(
                    config_for(metrics_app, limits), metrics_listener, limits.header_bytes
                )
            )
            if has_successor:
                on_draining = metrics.close
        config = config_for(
            create_app(gateway),
            gateway.settings.limits,
            grace_s=gateway.settings.grace_s,
            crowd=Crowd(connections_max(allow_many_files())),
            observer=gateway.observer,
        )
        server = Server(config, gateway.health, on_up=on_up, on_draining=on_draining)
        _tune_garbage_collection()
        await server.serve(sockets=[listener])
        await server.let_calls_close()


def _nothing() -> None:
    pass


def config_for(
    app: App,
    limits: Limits,
    *,
    grace_s: int = GRACE_S,
    crowd: Crowd | None = None,
    observer: Observer | None = None,
) -> uvicorn.Config:
    """Return how uvicorn serves the gateway; without a crowd to any number of connections.

    Without an observer nobody learns of requests that no app sees, since they cannot be read.
    """
    logging.getLogger("uvicorn.error").addFilter(_is_a_fault)
    connection = partial(
        Connection, head_bytes_max=limits.header_bytes, crowd=crowd, observer=observer
    )
    return uvicorn.Config(
        app,
        http=connection,  # type: ignore[arg-type]
        interface="asgi3",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=grace_s,
    )


def _is_a_fault(record: logging.LogRecord) -> bool:
    # uvicorn reports an answer that is broken off on purpose as a fault of the application.
    cancelled = record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not cancelled and "returned without completing response" not in record.getMessage()


def _tune_garbage_collection() -> None:
    # What start made lives as long as the process; calls make few cycles. Measured: a sixth more
    # requests per CPU-second.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
