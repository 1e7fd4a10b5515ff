"""What a test of several tabs has Python do in one of them, on Pyodide and on MicroPython alike.

The tab keeps its client from one step to the next. Each step returns what JSON can carry.
"""

import asyncio
import json
import time

from tollbridge.sdk import AuthClient, BillingClient


class Tab:
    """The clients of a tab, a clock that can be set ahead, and what the listener heard."""

    def __init__(self, paywall_id, api_origin):
        self.ahead_s = 0
        self.heard = []
        self.news = asyncio.Event()
        common = {"paywall_id": paywall_id, "api_origin": api_origin, "clock": self.now_s}
        self.auth = AuthClient(**common)
        self.billing = BillingClient(auth=self.auth, **common)
        self.auth.on_auth_change(self.hear)

    def now_s(self):
        """Return seconds since 1970."""
        return time.time() + self.ahead_s

    def hear(self, event, session):
        """Remember an event."""
        self.heard.append([event, session is not None, int(time.time() * 1000)])
        self.news.set()


tabs = []


async def begin(paywall_id, api_origin):
    """Make the clients, as a page does that was just opened."""
    tabs.append(Tab(paywall_id, api_origin))
    await tabs[0].auth.ready()


async def end():
    """Let go of the clients, as a page does that is closed."""
    closed = tabs.pop()
    await closed.billing.aclose()
    await closed.auth.aclose()


async def sign_in():
    """Sign in; return the user's id."""
    return (await tabs[0].auth.sign_in_anonymously()).user.id


async def sign_out(forget):
    """Sign out; return when it was asked for, in milliseconds since 1970."""
    asked_at = int(time.time() * 1000)
    await tabs[0].auth.sign_out(forget_anonymous=forget)
    return asked_at


async def refresh():
    """Renew the tokens; return whether there is a session."""
    return await tabs[0].auth.refresh() is not None


async def balances():
    """Read the balances; return how many there are."""
    return len(await tabs[0].billing.get_balances(force=True))


async def move(seconds):
    """Set the clock ahead."""
    tabs[0].ahead_s += seconds


async def events():
    """Return what was heard so far: event, whether there is a session, when."""
    return tabs[0].heard


async def until(event, times):
    """Return when an event was told so many times: when that was."""
    while True:
        when = [heard[2] for heard in tabs[0].heard if heard[0] == event]
        if len(when) >= times:
            return when[times - 1]
        tabs[0].news.clear()
        await tabs[0].news.wait()


async def user_id():
    """Return who is signed in, None where nobody is."""
    user = tabs[0].auth.get_cached_user()
    return None if user is None else user.id


STEPS = {
    step.__name__: step
    for step in (begin, end, sign_in, sign_out, refresh, balances, move, events, until, user_id)
}


async def run(name, options):
    """Take a step by name with options in JSON; return its result in JSON."""
    # A task of its own: MicroPython waits in nothing that JavaScript called.
    return json.dumps(await asyncio.create_task(STEPS[name](**json.loads(options))))
