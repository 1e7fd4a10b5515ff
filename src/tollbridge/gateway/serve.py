"""`tollbridge serve`: the process around the gateway."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from functools import partial

import uvicorn
import uvloop
from uvicorn.server import ServerState

from tollbridge.gateway.app import Gateway, create_app, open_gateway
from tollbridge.gateway.calls.quota import no_hint
from tollbridge.gateway.connection import Connection
from tollbridge.gateway.crowd import Crowd, allow_many_files, connections_max
from tollbridge.gateway.demo import demo_hint, set_up_demo, set_up_real_providers
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.middleware.cors import App
from tollbridge.gateway.observing import Observer
from tollbridge.gateway.observing.logs import set_up_logs
from tollbridge.gateway.settings import Limits, Settings

log = logging.getLogger("tollbridge")

# How long answers that still run may go on once the process is asked to stop.
GRACE_S = 25
# How long calls that are cut off after that may take to write what they cost.
CLOSING_S = 5
# Browsers keep idle connections for minutes; a page that speaks again soon should find its own.
KEEP_ALIVE_S = 65
# Connections waiting to be accepted; a burst of visitors is larger than the usual default.
BACKLOG = 2048


def run(
    settings: Settings,
    *,
    demo: bool,
    real_providers: bool = False,
    anonymous: bool = False,
    grace_s: int = GRACE_S,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        settings: What the operator decided.
        demo: Add the demo paywall and run its provider.
        real_providers: Add providers for the keys found in the environment.
        anonymous: Those may be called by users who are not signed in.
        grace_s: Seconds that running answers are given to end.

    Raises:
        StartError: It cannot start; the message says what to do.
        StoreUnavailable: The database cannot be opened.
    """
    set_up_logs(settings.log_format)
    with ExitStack() as stack:
        listener = stack.enter_context(listen(settings.host, settings.port))
        metrics_listener = None
        if settings.metrics_port is not None:
            # Who has not the token may be on this machine, not on the network.
            metrics_listener = stack.enter_context(
                listen("127.0.0.1", settings.metrics_port, how="TOLLBRIDGE_METRICS_PORT")
            )
        uvloop.run(
            _serve(settings, listener, metrics_listener, demo, real_providers, anonymous, grace_s)
        )


@contextlib.contextmanager
def listen(host: str, port: int, *, how: str = "--port") -> Iterator[socket.socket]:
    """Take the address before anything else is touched; `how` is what chooses the port.

    Raises:
        StartError: The port is in use, or the address is not this machine's.
    """
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, number)
    except OSError as error:
        raise StartError(f"cannot listen on {host!r}: {error.strerror}") from None
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(BACKLOG)
        except PermissionError:
            raise StartError(
                f"port {port} needs privileges; choose one above 1023 with {how}"
            ) from None
        except OSError as error:
            raise StartError(
                f"port {port} on {host} is in use or not to be had ({error.strerror}); "
                f"choose another with {how}"
            ) from None
        yield listener


async def _serve(
    settings: Settings,
    listener: socket.socket,
    metrics_listener: socket.socket | None,
    demo: bool,
    real_providers: bool,
    anonymous: bool,
    grace_s: int,
) -> None:
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(
            open_gateway(
                settings,
                hint=demo_hint(settings) if demo else no_hint,
                spare_loopback=demo,
            )
        )
        if demo:
            await stack.enter_async_context(set_up_demo(gateway))
        await set_up_real_providers(gateway, wanted=real_providers, anonymous=anonymous)
        if metrics_listener is not None:
            await stack.enter_async_context(_serving_metrics(gateway, metrics_listener))
        crowd = Crowd(connections_max(allow_many_files()))
        config = config_for(
            create_app(gateway),
            settings.limits,
            grace_s=grace_s,
            crowd=crowd,
            observer=gateway.observer,
        )
        server = _Server(config, settings)
        _tune_garbage_collection()
        await server.serve(sockets=[listener])
        await server.let_calls_close()


@contextlib.asynccontextmanager
async def _serving_metrics(gateway: Gateway, listener: socket.socket) -> AsyncIterator[None]:
    config = config_for(gateway.metrics.on_own_port, gateway.settings.limits)
    config.load()
    state = ServerState()
    head_bytes_max = gateway.settings.limits.header_bytes
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(
            config=config, server_state=state, app_state={}, head_bytes_max=head_bytes_max
        ),
        sock=listener,
    )
    log.info("the figures are on http://127.0.0.1:%d/metrics", listener.getsockname()[1])
    try:
        yield
    finally:
        server.close()
        for connection in list(state.connections):
            connection.shutdown()


class _Server(uvicorn.Server):
    """uvicorn's server, ended by signals through the loop.

    Its own way raises the signal again once it has ended, which would kill the process before the
    store is closed.
    """

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        """Prepare it; `settings` say what it tells of itself."""
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn; who reads that it serves may rely on signals being caught."""
        await super().startup(sockets)
        assert sockets is not None
        host, port = _shown(self._settings.host), sockets[0].getsockname()[1]
        print(f"Tollbridge serves on http://{host}:{port}", flush=True)
        print(f"Its data are in {self._settings.data_dir}; stop it with Ctrl-C.", flush=True)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGINT and SIGTERM."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def let_calls_close(self) -> None:
        """Wait until calls that were cut off have written what they cost."""
        tasks = self.server_state.tasks
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSING_S)


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


def _shown(host: str) -> str:
    return "localhost" if host in ("127.0.0.1", "::1", "0.0.0.0", "::") else host
