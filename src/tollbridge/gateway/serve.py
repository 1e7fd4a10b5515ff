"""`tollbridge serve`: take the port, then serve in this process or as the parent of workers."""

import contextlib
import logging
import os
import signal
import socket
from asyncio import get_running_loop
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack

import uvloop

from tollbridge.gateway.demo import set_up_demo, set_up_mock_telegram, set_up_real_providers
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.hang_ups import on_hang_up
from tollbridge.gateway.observing.logs import set_up_logs
from tollbridge.gateway.server import CLOSING_S
from tollbridge.gateway.serving import BACKLOG, open_served, serve_open
from tollbridge.gateway.settings import PREFIX, Settings
from tollbridge.gateway.worker import MODULE, Assignment
from tollbridge.gateway.worker_process import Program
from tollbridge.gateway.workers import SLACK_S, Workers

log = logging.getLogger("tollbridge")


def run(
    settings: Settings,
    *,
    demo: bool,
    real_providers: bool = False,
    anonymous: bool = False,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        settings: What the operator decided.
        demo: Add the demo paywall and run its provider.
        real_providers: Add providers for the keys found in the environment.
        anonymous: Those may be called by users who are not signed in.

    Raises:
        StartError: It cannot start; the message says what to do.
        StoreUnavailable: The database cannot be opened.
    """
    if settings.workers > 1 and settings.database_url is None:
        raise StartError(
            f"{settings.workers} workers need PostgreSQL, with {PREFIX}DATABASE_URL; on SQLite one "
            "process serves"
        )
    set_up_logs(settings.log_format)
    with ExitStack() as stack:
        listener = stack.enter_context(listen(settings.host, settings.port))
        # Who has not the token may be on this machine, not on the network.
        metrics_listeners = [
            stack.enter_context(listen("127.0.0.1", port, how=f"{PREFIX}METRICS_PORT"))
            for port in _metrics_ports(settings)
        ]
        uvloop.run(_serve(settings, listener, metrics_listeners, demo, real_providers, anonymous))


def _metrics_ports(settings: Settings) -> list[int]:
    first, workers = settings.metrics_port, settings.workers
    if first is None:
        return []
    if first == 0:
        return [0] * workers
    if first + workers - 1 > 65535:
        raise StartError(
            f"{PREFIX}METRICS_PORT is {first}; {workers} workers take a port each from there on, "
            "and the last port is 65535"
        )
    return list(range(first, first + workers))


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
    metrics_listeners: list[socket.socket],
    demo: bool,
    real_providers: bool,
    anonymous: bool,
) -> None:
    port = listener.getsockname()[1]
    is_alone = settings.workers == 1
    workers = None if is_alone else _workers(settings, listener, metrics_listeners, demo)
    on_hang_up(workers.roll if workers is not None else _say_nothing_to_roll)
    async with AsyncExitStack() as stack:
        async with open_served(settings, demo=demo) as gateway:
            if demo:
                await stack.enter_async_context(set_up_demo(gateway))
            await set_up_mock_telegram(gateway, wanted=demo)
            await set_up_real_providers(gateway, wanted=real_providers, anonymous=anonymous)
            if workers is None:
                metrics_listener = metrics_listeners[0] if metrics_listeners else None
                await serve_open(
                    gateway, listener, metrics_listener, on_up=lambda: _tell(settings, port)
                )
                return
        # What only a first start makes is there now; the workers share it.
        for number in (signal.SIGINT, signal.SIGTERM):
            get_running_loop().add_signal_handler(number, workers.stop, number)

        def let_go_of_ports() -> None:
            for one in (listener, *metrics_listeners):
                one.close()

        await workers.serve(lambda: _tell(settings, port), let_go_of_ports)


def _say_nothing_to_roll() -> None:
    log.info(
        "SIGHUP: there is nothing to roll; one process serves (%sWORKERS above 1 can be restarted "
        "one after the other)",
        PREFIX,
    )


def _workers(
    settings: Settings, listener: socket.socket, metrics_listeners: list[socket.socket], demo: bool
) -> Workers:
    # The command line may have changed these; all else is in the environment as it was.
    environment = {
        f"{PREFIX}HOST": settings.host,
        f"{PREFIX}PORT": str(settings.port),
        f"{PREFIX}DATA_DIR": os.fspath(settings.data_dir),
        f"{PREFIX}WORKERS": str(settings.workers),
    }
    programs = []
    for number in range(settings.workers):
        metrics = metrics_listeners[number].fileno() if metrics_listeners else None
        told = Assignment(number, listener.fileno(), metrics, demo)
        descriptors = [listener.fileno()] + ([metrics] if metrics is not None else [])
        programs.append(Program((MODULE, told.as_word()), descriptors, environment))
    return Workers(programs, end_s=settings.grace_s + CLOSING_S + SLACK_S)


def _tell(settings: Settings, port: int) -> None:
    host = settings.host
    shown = "localhost" if host in ("127.0.0.1", "::1", "0.0.0.0", "::") else host
    print(f"Tollbridge serves on http://{shown}:{port}", flush=True)
    place = settings.data_dir if settings.database_url is None else "PostgreSQL"
    print(f"Its data are in {place}; stop it with Ctrl-C.", flush=True)
