"""Asks with `requests` in the worker of requests.html, and posts what comes to the page."""

import json

import js
from pyodide.ffi import create_proxy, to_js

from tollbridge.adapters import requests_session
from tollbridge.sdk import AuthClient, BillingClient, PaywallError

app = {"paywall_id": "pw_demo", "api_origin": js.location.origin}
# A worker has no `localStorage`: the session lasts as long as the worker.
auth = AuthClient(**app)
billing = BillingClient(auth=auth, **app)
gateway = billing.create_api_gateway_client()
session = requests_session(gateway, "prov_demo_chat")
running = []


def post(what, text=""):
    """Tell the page."""
    js.postMessage(to_js([what, text]))


def tell():
    """Ask for a stream, and post each word as it comes."""
    messages = [{"role": "user", "content": "Tell me a story"}]
    body = {"model": "demo", "stream": True, "messages": messages}
    try:
        answer = session.post("v1/chat/completions", json=body, stream=True)
        running.append(answer)
        for line in answer.iter_lines():
            if line.startswith(b"data: {"):
                choices = json.loads(line[6:])["choices"]
                post("word", choices[0]["delta"].get("content") or "" if choices else "")
    except PaywallError as error:  # `QuotaExceededError` among them
        post("error", error.message)


async def hear(event):
    """Do what the page wants. A browser that lets Python wait hears it while an answer comes."""
    if event.data == "ask":
        tell()
    while event.data == "stop" and running:
        running.pop().close()  # ends the provider's stream too


billing.on_balance_change(lambda rows: post("left", rows[0].count))
await auth.sign_in_anonymously()
await billing.get_balances()
js.addEventListener("message", create_proxy(hear))
post("ready")
