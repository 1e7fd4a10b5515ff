"""The gateway put together: open the parts, stack the middleware, close in the right order."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from starlette.routing import Router

from tollbridge.gateway.address import Addresses
from tollbridge.gateway.agreed_clock import agreed_clock
from tollbridge.gateway.calls.admission import Admission
from tollbridge.gateway.calls.credit import Till
from tollbridge.gateway.calls.endpoint import CallEndpoint
from tollbridge.gateway.calls.heart import Heart
from tollbridge.gateway.calls.intake import Memory
from tollbridge.gateway.calls.limits import CallLimits
from tollbridge.gateway.calls.providers_endpoint import ProvidersEndpoint
from tollbridge.gateway.calls.quota import Hint, no_hint
from tollbridge.gateway.calls.receipt_endpoint import ReceiptEndpoint
from tollbridge.gateway.calls.repairs import Repairs
from tollbridge.gateway.calls.repeats import Claims
from tollbridge.gateway.calls.replays import Replays
from tollbridge.gateway.calls.shared_limits import open_call_limits
from tollbridge.gateway.clock import Clock, SystemClock
from tollbridge.gateway.commerce import CommerceEndpoints
from tollbridge.gateway.database import Database
from tollbridge.gateway.database.connection import BUSY_TIMEOUT_MS
from tollbridge.gateway.health import Health
from tollbridge.gateway.identity import Identities, IdentityEndpoints, open_identities
from tollbridge.gateway.identity.upkeep import keep_sessions
from tollbridge.gateway.middleware.cors import App, Receive, Scope, Send, cors
from tollbridge.gateway.middleware.error_boundary import error_boundary
from tollbridge.gateway.middleware.observed import observed
from tollbridge.gateway.observing import (
    Figures,
    Metrics,
    MetricsEndpoint,
    Observer,
    RequestLog,
    keep_days,
)
from tollbridge.gateway.observing.record import RECORD
from tollbridge.gateway.openapi import OpenApiEndpoint
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
from tollbridge.gateway.templates import Templates
from tollbridge.wire.paths import GATEWAY


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
    addresses: Addresses
    call_limits: CallLimits
    observer: Observer
    metrics: Metrics
    health: Health


@asynccontextmanager
async def open_gateway(
    settings: Settings,
    *,
    clock: Clock | None = None,
    hint: Hint = no_hint,
    spare_loopback: bool = False,
    busy_timeout_ms: int = BUSY_TIMEOUT_MS,
) -> AsyncIterator[Gateway]:
    """Open the parts on the settings' data folder; close them when the block ends.

    Args:
        settings: What the operator decided.
        clock: Where it is None the system's, on PostgreSQL as its server agrees with.
        hint: Makes the line that a 402 helps with.
        spare_loopback: Lift per-address limits for whoever sits at this machine.
        busy_timeout_ms: How long a write waits for another process that writes.

    Raises:
        StartError: Another gateway runs on the folder, or the master key is wrong.
        StoreUnavailable: The database cannot be opened.
    """
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            open_store(settings, busy_timeout_ms=busy_timeout_ms)
        )
        database = store.database
        if clock is None and store.shared:
            clock = await stack.enter_async_context(agreed_clock(database))
        clock = clock or SystemClock()
        heart = Heart(database, clock, beat_s=settings.beat_s, silent_s=settings.silent_s)
        await heart.start(alone=not store.shared)
        stack.push_async_callback(heart.stop)
        repairs = Repairs(database, clock)
        stack.push_async_callback(repairs.close)
        upstream = Upstream()
        await upstream.start()
        stack.push_async_callback(upstream.close)
        await stack.enter_async_context(keep_sessions(database, clock))
        call_limits = await stack.enter_async_context(open_call_limits(settings.limits, store))
        figures = Figures()
        observer = await stack.enter_async_context(_observing(settings, database, clock, figures))
        yield Gateway(
            settings=settings,
            clock=clock,
            database=database,
            sealer=store.sealer,
            identities=await open_identities(
                database, clock, store.sealer, issuer=settings.issuer, limits=settings.limits
            ),
            paywalls=Paywalls(database, clock),
            registry=Registry(database, store.sealer, clock),
            upstream=upstream,
            till=Till(database, repairs, clock, settings.limits, heart),
            hint=hint,
            addresses=Addresses(settings.trusted_proxies, spare_loopback=spare_loopback),
            call_limits=call_limits,
            observer=observer,
            metrics=Metrics(figures, database, lambda: repairs.due),
            health=Health(database),
        )


@asynccontextmanager
async def _observing(
    settings: Settings, database: Database, clock: Clock, figures: Figures
) -> AsyncIterator[Observer]:
    async with AsyncExitStack() as stack:
        request_log = None
        if settings.request_log_days:
            request_log = RequestLog(database)
            await stack.enter_async_context(keep_days(database, clock, settings.request_log_days))
        yield Observer(clock, figures, request_log)


def create_app(gateway: Gateway) -> App:
    """Return the ASGI application over open parts: record, CORS, errors, then paths.

    Raises:
        StartError: The site folder holds no page.
    """
    database, clock = gateway.database, gateway.clock
    keys = OwnerKeys(database, clock)
    identity = IdentityEndpoints(
        gateway.identities, gateway.paywalls, database, clock, gateway.addresses
    )
    claims = Claims(gateway.sealer.subkey("repeats"))
    calls = CallEndpoint(
        admission=Admission(
            gateway.paywalls,
            gateway.identities,
            keys,
            gateway.registry,
            Templates(database, clock),
        ),
        addresses=gateway.addresses,
        limits=gateway.call_limits,
        claims=claims,
        replays=Replays(),
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
            ReceiptEndpoint(identity, database, claims),
            ProvidersEndpoint(identity, gateway.registry),
            CommerceEndpoints(identity, database, clock, gateway.settings.limits),
            gateway.health,
            MetricsEndpoint(gateway.metrics, gateway.settings.metrics_token),
            OpenApiEndpoint(gateway.settings.issuer),
        ),
        redirect_slashes=False,
        default=Site(site_dir).outside_the_api if site_dir is not None else None,
    )
    observer = gateway.observer
    return observed(cors(error_boundary(_dispatch(calls, router, observer))), observer)


def _dispatch(calls: CallEndpoint, router: Router, observer: Observer) -> App:
    # As it was sent: `read_request` reads on from there, and an encoded letter would shift it.
    prefix = GATEWAY.encode() + b"/"

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["raw_path"].startswith(prefix):
            observer.call_begins(scope[RECORD])
            await calls(scope, receive, send)
            return
        scope["app"] = router  # has the router raise for what it does not know
        await router(scope, receive, send)

    return dispatch
