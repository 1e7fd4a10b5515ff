"""The gateway put together: open the parts, stack the middleware, close in the right order."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from starlette.routing import Router

from tollbridge.gateway import ledger
from tollbridge.gateway.calls.admission import Admission
from tollbridge.gateway.calls.credit import Till
from tollbridge.gateway.calls.endpoint import CallEndpoint
from tollbridge.gateway.calls.intake import Memory
from tollbridge.gateway.calls.quota import Hint, no_hint
from tollbridge.gateway.calls.receipt_endpoint import ReceiptEndpoint
from tollbridge.gateway.calls.repairs import Repairs
from tollbridge.gateway.clock import Clock, SystemClock
from tollbridge.gateway.database import Database, StoreUnavailable
from tollbridge.gateway.database.connection import BUSY_TIMEOUT_MS
from tollbridge.gateway.health import Health
from tollbridge.gateway.identity import Identities, IdentityEndpoints, open_identities
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.middleware.cors import App, Receive, Scope, Send, cors
from tollbridge.gateway.middleware.error_boundary import error_boundary
from tollbridge.gateway.owner.endpoints import OwnerEndpoints
from tollbridge.gateway.owner.keys import OwnerKeys
from tollbridge.gateway.paywalls import Paywalls
from tollbridge.gateway.providers.http import Upstream
from tollbridge.gateway.providers.registry import Registry
from tollbridge.gateway.routes import routes
from tollbridge.gateway.sealing import Sealer
from tollbridge.gateway.settings import Settings
from tollbridge.gateway.site import Site
from tollbridge.gateway.store import open_store
from tollbridge.wire.paths import GATEWAY

log = logging.getLogger(__name__)

# Calls that the sweep closes in one commit.
SWEEP_CALLS = 500


@dataclass(frozen=True, slots=True)
class Gateway:
    """The parts of an open gateway."""

    settings: Settings
    clock: Clock
    database: Database
    sealer: Sealer
    identities: Identities
    paywalls: Paywalls
    registry: Registry
    upstream: Upstream
    till: Till
    hint: Hint


@asynccontextmanager
async def open_gateway(
    settings: Settings,
    *,
    clock: Clock | None = None,
    hint: Hint = no_hint,
    busy_timeout_ms: int = BUSY_TIMEOUT_MS,
) -> AsyncIterator[Gateway]:
    """Open the parts on the settings' data folder; close them when the block ends.

    Args:
        settings: What the operator decided.
        clock: The system's where it is None.
        hint: Makes the line that a 402 helps with.
        busy_timeout_ms: How long a write waits for another process that writes.

    Raises:
        StartError: Another gateway runs on the folder, or the master key is wrong.
        StoreUnavailable: The database cannot be opened.
    """
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            open_store(settings, busy_timeout_ms=busy_timeout_ms)
        )
        database = store.database
        epoch_id = await _begin_epoch(database, clock)
        stack.push_async_callback(_finish_epoch, database, clock, epoch_id)
        repairs = Repairs(database, clock)
        stack.push_async_callback(repairs.close)
        upstream = Upstream()
        await upstream.start()
        stack.push_async_callback(upstream.close)
        yield Gateway(
            settings=settings,
            clock=clock,
            database=database,
            sealer=store.sealer,
            identities=await open_identities(database, clock, store.sealer, issuer=settings.issuer),
            paywalls=Paywalls(database, clock),
            registry=Registry(database, store.sealer, clock),
            upstream=upstream,
            till=Till(database, repairs, clock, settings.limits, epoch_id),
            hint=hint,
        )


def create_app(gateway: Gateway) -> App:
    """Return the ASGI application over open parts: request id and CORS, then errors, then paths.

    Raises:
        StartError: The site folder holds no page.
    """
    database, clock = gateway.database, gateway.clock
    keys = OwnerKeys(database, clock)
    identity = IdentityEndpoints(gateway.identities, gateway.paywalls, database, clock)
    calls = CallEndpoint(
        admission=Admission(gateway.paywalls, gateway.identities, keys, gateway.registry),
        till=gateway.till,
        upstream=gateway.upstream,
        memory=Memory(),
        hint=gateway.hint,
    )
    site_dir = gateway.settings.site_dir
    router = Router(
        routes(
            identity,
            OwnerEndpoints(keys, gateway.paywalls, database, clock),
            ReceiptEndpoint(identity, database),
            Health(database),
        ),
        redirect_slashes=False,
        default=Site(site_dir).outside_the_api if site_dir is not None else None,
    )
    return cors(error_boundary(_dispatch(calls, router)))


def _dispatch(calls: CallEndpoint, router: Router) -> App:
    # As it was sent: `read_request` reads on from there, and an encoded letter would shift it.
    prefix = GATEWAY.encode() + b"/"

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["raw_path"].startswith(prefix):
            await calls(scope, receive, send)
            return
        scope["app"] = router  # has the router raise for what it does not know
        await router(scope, receive, send)

    return dispatch


async def _begin_epoch(database: Database, clock: Clock) -> str:
    epoch_id = new_id("epoch")
    await database.write(ledger.begin_epoch(epoch_id, clock.now_ms()))
    # The lock on the folder says that no other gateway lives: whatever is open was left by the
    # dead.
    while (
        await database.write(ledger.sweep(epoch_id, clock.now_ms(), most=SWEEP_CALLS))
        == SWEEP_CALLS
    ):
        pass
    return epoch_id


async def _finish_epoch(database: Database, clock: Clock, epoch_id: str) -> None:
    try:
        await database.write(ledger.finish_epoch(epoch_id, clock.now_ms()))
    except StoreUnavailable as error:
        log.warning("the store is unavailable (%s); the next start looks after it", error)
