"""What a test of the whole page has Python do in it, on Pyodide and on MicroPython alike.

Each check takes what the test gives and returns what JSON can carry. What needs no page of its own
stands in the shared tests of `tests/sdk`, which run here too.
"""

import json

from tollbridge.sdk import ApiGatewayClient, AuthClient, BillingClient, NetworkError
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


CHECKS = {check.__name__: check for check in (no_answer, count, same_user_after_reload, store)}


async def run(name, options):
    """Run a check by name with options in JSON; return its result in JSON."""
    return json.dumps(await CHECKS[name](**json.loads(options)))
