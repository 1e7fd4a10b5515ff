"""What is measured inside the page; it stands at the end of the built `main.py`, in Pyodide."""

import time

import js
from pyodide.ffi import create_proxy

from tollbridge.sdk import Signal
from tollbridge.sdk.response import Response
from tollbridge.sdk.transport.fetch import FetchReply
from tollbridge.ui import dom

STORE_UPDATES = 20


async def count_events(js_response: object) -> int:
    """Read a response to its end as an application does, and return how many events it had."""
    reply = FetchReply(js_response, js.AbortController.new(), lambda: None, None)
    count = 0
    async for _ in Response(reply).sse():
        count += 1
    return count


def store_us(subscribers: int) -> float:
    """Return microseconds for each subscriber, of whom each writes into a node of its own."""
    signal, parent = Signal("0"), dom.create("div")
    undos = []
    for _ in range(subscribers):
        node = dom.create("span")
        dom.append(parent, node)
        undos.append(dom.bind_text(signal, node))
    began_s = time.perf_counter()
    for number in range(STORE_UPDATES):
        signal.set(f"{number} of 20 left")
    took_s = time.perf_counter() - began_s
    for undo in undos:
        undo()
    return took_s / STORE_UPDATES / subscribers * 1e6


js.globalThis.tollbridgeCountEvents = create_proxy(count_events)
js.globalThis.tollbridgeStoreUs = create_proxy(store_us)
