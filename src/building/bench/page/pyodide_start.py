"""Signs in, asks the demo, and marks the first byte of its answer; runs in stock Pyodide."""

import js

from tollbridge.sdk import AuthClient, BillingClient


async def ask() -> None:
    """Do all of it, once."""
    app = {"paywall_id": "pw_demo", "api_origin": js.location.origin}
    auth = AuthClient(**app)
    gateway = BillingClient(auth=auth, **app).create_api_gateway_client()
    await auth.sign_in_anonymously()
    body = {"model": "demo", "stream": True, "messages": [{"role": "user", "content": "Hello!"}]}
    answer = await gateway.call(provider_id="prov_demo_chat", path="v1/chat/completions", body=body)
    async for _ in answer:
        js.performance.mark("tollbridge:first-byte")
        break
    await answer.aclose()
