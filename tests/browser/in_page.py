"""What the fetch transport's tests do inside the page, on Pyodide and on MicroPython alike.

Each check takes the gateway's origin, and perhaps more, and returns what JSON can carry.
"""

import asyncio
import json

import js

from tollbridge.sdk import (
    AbortController,
    AbortedError,
    ApiGatewayClient,
    AuthClient,
    BillingClient,
    ConfigError,
    NetworkError,
    QuotaExceededError,
)
from tollbridge.sdk.platform import to_js_bytes
from tollbridge.sdk.storage import LocalStorage

PAYWALL = "pw_test"
PROVIDER = "prov_things"


class Visitor:
    """A signed-in page; its session is its own and not the browser's."""

    def __init__(self, origin):
        """Make the clients."""
        self.auth = AuthClient(paywall_id=PAYWALL, api_origin=origin, storage=Forgetful())
        self.billing = BillingClient(paywall_id=PAYWALL, api_origin=origin, auth=self.auth)
        self.gateway = self.billing.create_api_gateway_client()

    async def call(self, **options):
        """Sign in, then call."""
        await self.auth.sign_in_anonymously()
        return await self.gateway.call(provider_id=PROVIDER, **options)


class Forgetful:
    """A storage that is new for every visitor."""

    def __init__(self):
        """Start empty."""
        self.items = {}

    async def get_item(self, key):
        """Return what is kept."""
        return self.items.get(key)

    async def set_item(self, key, value):
        """Keep."""
        self.items[key] = value

    async def remove_item(self, key):
        """Forget."""
        self.items.pop(key, None)


async def chunks(origin):
    """Read a stream; tell the gateway of each chunk before the next one is asked for."""
    response = await Visitor(origin).call(body={"stream": True})
    got = []
    async for chunk in response:
        got.append(list(chunk))
        await js.globalThis.fetch(origin + "/ack")
    return got


async def whole(origin):
    """Read an answer in one go; return its length, a sum of its bytes, and two headers."""
    response = await Visitor(origin).call()
    body = await response.bytes()
    names = ["x-call-id", "X-Credits-Remaining"]
    return [len(body), sum(body), [response.headers.get(name) for name in names]]


async def browsers_own(origin):
    """Hand the browser's own answer on; what was read there is not read again."""
    response = await Visitor(origin).call()
    text = str(await response.js.text())
    try:
        await response.bytes()
    except ConfigError as error:
        return [text, error.code]


def make_body(kind):
    """Return a body of a kind that only a browser has, or that every interpreter has."""
    js_bytes = to_js_bytes(bytes(range(256)))
    if kind == "json":
        return {"text": "größe €", "list": [1, None, True]}
    if kind == "text":
        return "größe €"
    if kind == "bytes":
        return bytes(range(256))
    if kind == "typed array":
        return js_bytes
    if kind == "array buffer":
        return js_bytes.buffer
    if kind == "blob":
        return js.Blob.new(js.Array.of(js_bytes), js.JSON.parse('{"type": "image/png"}'))
    if kind == "search params":
        return js.URLSearchParams.new("a=1&b=%E2%82%AC")
    if kind == "stream":
        return js.Blob.new(js.Array.of(js_bytes)).stream()
    js_form = js.FormData.new()
    js_form.append("text", "größe €")
    js_form.append("file", js.Blob.new(js.Array.of(js_bytes)), "a.png")
    return js_form


async def upload(origin, kind):
    """Send a body of a kind."""
    response = await Visitor(origin).call(body=make_body(kind))
    return await response.text()


async def upload_on_ended_session(origin, kind):
    """Send a body under a token that has just ended; return the status of a refusal, or 200."""
    visitor = Visitor(origin)
    await visitor.auth.sign_in_anonymously()
    await js.globalThis.fetch(origin + "/expire")
    try:
        response = await visitor.gateway.call(provider_id=PROVIDER, body=make_body(kind))
    except Exception as error:
        return error.status
    await response.bytes()
    return response.status


def make_stop(how):
    """Return (signal to give to the call, function that stops it)."""
    if how == "js signal":
        js_controller = js.AbortController.new()
        return js_controller.signal, lambda: js_controller.abort()
    controller = AbortController()
    return (controller.signal if how == "signal" else None), controller.abort


async def stop_stream(origin, how):
    """Stop a stream while a reading waits for its second chunk."""
    signal, stop = make_stop(how)
    response = await Visitor(origin).call(signal=signal)
    first = asyncio.Event()

    async def read():
        async for _ in response:
            first.set()

    reading = asyncio.create_task(read())
    await first.wait()
    await js.globalThis.fetch(origin + "/ack")
    if how == "cancel":
        reading.cancel()
    elif how == "abort":
        response.abort()
    elif how == "aclose":
        await response.aclose()
    else:
        stop()
    outcome = await outcome_of(reading)
    return [outcome, await outcome_of(response.bytes())]


async def stop_before_headers(origin, how):
    """Stop a call whose provider still thinks."""
    signal, stop = make_stop(how)
    visitor = Visitor(origin)
    await visitor.auth.sign_in_anonymously()
    calling = asyncio.create_task(visitor.gateway.call(provider_id=PROVIDER, signal=signal))
    await js.globalThis.fetch(origin + "/thinking")
    if how == "cancel":
        calling.cancel()
    else:
        stop()
    return await outcome_of(calling)


async def stopped_before(origin, how):
    """Call with a signal that was aborted before."""
    signal, stop = make_stop(how)
    stop()
    return await outcome_of(Visitor(origin).call(signal=signal))


async def outcome_of(work):
    """Return what work ended with: the code of an error, `cancelled`, or `ended`."""
    try:
        await work
    except asyncio.CancelledError:
        return "cancelled"
    except (AbortedError, NetworkError, ConfigError) as error:
        return error.code
    return "ended"


async def cut_stream(origin):
    """Read a stream that breaks off; return what came, and how it ended, twice."""
    response = await Visitor(origin).call()
    got = []

    async def read():
        async for chunk in response:
            got.append(chunk.decode())
            await js.globalThis.fetch(origin + "/ack")

    first = await outcome_of(read())
    return ["".join(got), first, await outcome_of(response.bytes())]


async def no_answer(origin):
    """Call where nobody answers."""
    client = ApiGatewayClient(paywall_id=PAYWALL, api_origin=origin)
    return await outcome_of(client.call(provider_id=PROVIDER))


async def quota(origin):
    """Run out of credits; return the error's fields and what the counter showed."""
    visitor = Visitor(origin)
    shown = []
    visitor.billing.on_balance_change(lambda rows: shown.append(rows[0].count))
    await visitor.auth.sign_in_anonymously()
    await visitor.billing.get_balances()
    await js.globalThis.fetch(origin + "/spend-all")
    try:
        await visitor.gateway.call(provider_id=PROVIDER)
    except QuotaExceededError as error:
        fields = [error.code, error.status, error.query_type, error.hint, error.request_id]
        return [fields, [row.to_json() for row in error.balances], shown]


async def count(origin):
    """Call once; return what the counter showed."""
    visitor = Visitor(origin)
    shown = []
    visitor.billing.on_balance_change(lambda rows: shown.append(rows[0].count))
    await visitor.auth.sign_in_anonymously()
    await visitor.billing.get_balances()
    response = await visitor.gateway.call(provider_id=PROVIDER)
    await response.json()
    return shown


async def owners_key(origin):
    """Give an owner's key to a page."""
    try:
        BillingClient(paywall_id=PAYWALL, api_origin=origin, api_key="sk_live_0123456789abcdef")
    except ConfigError as error:
        return [error.code, error.message]


async def same_user_after_reload(origin):
    """Sign in twice with the browser's own storage, as a page and its next load do."""
    ids = []
    for _ in range(2):
        auth = AuthClient(paywall_id=PAYWALL, api_origin=origin)
        session = await auth.sign_in_anonymously()
        ids.append(session.user.id)
    return ids


async def store(origin):
    """Keep, read and forget an item in the page's storage, or in what stands in for it."""
    storage = LocalStorage()
    before = await storage.get_item("key")
    await storage.set_item("key", "größe €")
    kept = await storage.get_item("key")
    await storage.remove_item("key")
    return [before, kept, await storage.get_item("key")]


CHECKS = {
    check.__name__: check
    for check in (
        chunks,
        whole,
        browsers_own,
        upload,
        upload_on_ended_session,
        stop_stream,
        stop_before_headers,
        stopped_before,
        cut_stream,
        no_answer,
        quota,
        count,
        owners_key,
        same_user_after_reload,
        store,
    )
}


async def run(name, options):
    """Run a check by name with options in JSON; return its result in JSON."""
    return json.dumps(await CHECKS[name](**json.loads(options)))
