"""What a test of the whole page has Python do in it, on Pyodide and on MicroPython alike.

Each check takes what the test gives and returns what JSON can carry. What needs no page of its own
stands in the shared tests of `tests/sdk`, which run here too.
"""

import json

from tollbridge.sdk import (
    ApiGatewayClient,
    AuthClient,
    BillingClient,
    NetworkError,
    PaywallError,
)
from tollbridge.sdk.storage import LocalStorage

PAYWALL = "pw_test"
PROVIDER = "prov_things"


async def no_answer(origin):
    """Call where nobody answers; return the code of the error."""
    client = ApiGatewayClient(paywall_id=PAYWALL, api_origin=origin)
    try:
        await client.call(provider_id=PROVIDER)
    except NetworkError as error:
        return error.code


async def count(origin):
    """Sign in and call once, with the browser's own storage; return what the counter showed."""
    auth = AuthClient(paywall_id=PAYWALL, api_origin=origin)
    billing = BillingClient(paywall_id=PAYWALL, api_origin=origin, auth=auth)
    shown = []
    billing.on_balance_change(lambda rows: shown.append(rows[0].count))
    await auth.sign_in_anonymously()
    await billing.get_balances()
    response = await billing.create_api_gateway_client().call(provider_id=PROVIDER)
    await response.json()
    return shown


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


async def refusals(origin, token, asks):
    """Make each call of `asks`, which name what differs; return what Python reads of each error.

    That is its class, status, code, request id and the seconds to wait; None where it was answered.
    """
    read = []
    for ask in asks:
        client = ApiGatewayClient(
            paywall_id=ask.get("paywall_id", PAYWALL),
            api_origin=origin,
            auth=GivenToken(ask.get("token", token)),
        )
        try:
            response = await client.call(**ask["call"])
            await response.bytes()
            read.append(None)
        except PaywallError as error:
            kind, waits_s = type(error).__name__, error.retry_after_s
            read.append([kind, error.status, error.code, error.request_id, waits_s])
    return read


async def answered_with(origin, token, names):
    """Make a call; return the values of its answer's headers, in the order of their names."""
    client = ApiGatewayClient(paywall_id=PAYWALL, api_origin=origin, auth=GivenToken(token))
    headers = {"Idempotency-Key": "once"}
    for _ in range(2):  # the second time it is given again
        response = await client.call(provider_id=PROVIDER, path="v1/things", headers=headers)
        await response.bytes()
    return [response.headers.get(name) for name in names]


async def many_calls(origin, token, count):
    """Make calls one after the other; return how many were answered."""
    client = ApiGatewayClient(paywall_id=PAYWALL, api_origin=origin, auth=GivenToken(token))
    for done in range(count):
        response = await client.call(provider_id=PROVIDER, path="v1/things", body={"n": done})
        await response.bytes()
    return count


async def balances_or_refusal(origin, token):
    """Read the balances; return how many there are, or the code and status of the refusal."""
    billing = BillingClient(paywall_id=PAYWALL, api_origin=origin, auth=GivenToken(token))
    try:
        return len(await billing.get_balances())
    except PaywallError as error:
        return [error.code, error.status, error.request_id]


class GivenToken:
    """The least that a session source has."""

    def __init__(self, token):
        """Have this token, and no other."""
        self._token = token

    async def get_access_token(self):
        """Return it."""
        return self._token


_ALL = (
    no_answer,
    count,
    same_user_after_reload,
    store,
    refusals,
    answered_with,
    many_calls,
    balances_or_refusal,
)
CHECKS = {check.__name__: check for check in _ALL}


async def run(name, options):
    """Run a check by name with options in JSON; return its result in JSON."""
    return json.dumps(await CHECKS[name](**json.loads(options)))
