"""A page with the upgrade dialog and no chat: a real gateway, a real store, a DOM double."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from tests.support.dom import Node
from tests.support.dom import Page as Dom
from tests.support.world import PAYWALL, PROVIDER, TYPE, Visitor, World
from tollbridge.gateway.commerce import VoucherOrder
from tollbridge.gateway.commerce.codes import new_code
from tollbridge.gateway.owner.vouchers import issue
from tollbridge.sdk import (
    AuthClient,
    BillingClient,
    NetworkError,
    QuotaExceededError,
    Response,
)
from tollbridge.sdk.transport import OwnTransport
from tollbridge.ui.paywall import PaywallUI

# Right in form, known to nobody.
UNKNOWN = "0000-0000-0000-0000-0000"


class Desk:
    """The dialog as its visitor uses it, and the owner behind it.

    Attributes:
        told: Every event that the dialog told, in order, as (name, its arguments).
        sent: The paths of the requests that went out.
        held_up: While it is set to an event, requests wait for that.
        broken: Whether requests fail as they do without a network.
    """

    def __init__(self, dom: Dom, world: World, *, paywall_id: str = PAYWALL, **wishes: Any) -> None:
        """Make the page's clients, and attach the dialog to its gateway."""
        self.dom = dom
        self.world = world
        self.sent: list[str] = []
        self.held_up: asyncio.Event | None = None
        self.broken = False
        self._transport = OwnTransport(None)
        self.auth = AuthClient(
            paywall_id=paywall_id, api_origin=world.url, transport=self._transport.send
        )
        self.billing = BillingClient(
            paywall_id=paywall_id, api_origin=world.url, auth=self.auth, transport=self._send
        )
        self.gateway = self.billing.create_api_gateway_client()
        self.paywall = PaywallUI(billing=self.billing, auth=self.auth, **wishes)
        self.told: list[tuple[Any, ...]] = []
        for event in ("open", "close", "granted", "error", "blocked"):
            self.paywall.on(event, self._noting(event))
        self.detach = self.paywall.attach(self.gateway)

    def _noting(self, event: str) -> Callable[..., None]:
        return lambda *args: self.told.append((event, *args))

    async def _send(self, request: Any) -> Any:
        self.sent.append(request.url)
        if self.held_up is not None:
            await self.held_up.wait()
        if self.broken:
            raise NetworkError("The network is gone.")
        return await self._transport.send(request)

    @property
    def events(self) -> list[str]:
        """The names of what was told."""
        return [event[0] for event in self.told]

    @property
    def line(self) -> str:
        """What the page itself says of it."""
        nodes = [node for node in self.dom.document.below() if node.className == "paywall-told"]
        text: str = nodes[0].textContent
        return text

    @property
    def dialog(self) -> Node:
        """The dialog that stands."""
        return self.dom.modals[-1]

    def every(self, class_name: str) -> Iterator[Node]:
        """The dialog's elements of a class."""
        return (node for node in self.dialog.below() if node.className == class_name)

    def find(self, class_name: str) -> Node:
        """The dialog's one element of a class."""
        return next(self.every(class_name))

    def says(self, class_name: str) -> str:
        """What that element says, "" where it is hidden."""
        node: Node | None = self.find(class_name)
        text = node.textContent if node else ""
        while node is not None:
            if node.hidden:
                return ""
            node = node.parent
        return text

    @property
    def visitor(self) -> Visitor:
        """Who is signed in."""
        session = self.auth.get_cached_session()
        assert session is not None
        assert session.user is not None
        return Visitor(session.user.id, session.access_token or "")

    async def call(self) -> Response:
        """Make a metered call and close its answer."""
        response = await self.gateway.call(provider_id=PROVIDER, path="v1/things", body={})
        await response.aclose()
        return response

    async def run_out(self, left: int = 0) -> QuotaExceededError:
        """Have no credits, and let a call find out."""
        await self.world.drain(self.visitor, left)
        return await self.refused()

    async def refused(self) -> QuotaExceededError:
        """Make a call that is refused."""
        try:
            await self.call()
        except QuotaExceededError as error:
            return error
        raise AssertionError("the call was not refused")

    async def grant(self, amount: int, query_type: str = TYPE) -> None:
        """Give the visitor credits, as the command does.

        Once nothing is being read any more: who asks while a reading is on its way shares that one,
        which may have been answered before the grant.
        """
        await self.billing.get_balances(force=True)
        await self.world.grant(self.visitor, amount, query_type)

    async def voucher(self, amount: int = 5, query_type: str = TYPE) -> str:
        """Make a voucher as the command line does."""
        code = new_code()
        order = VoucherOrder(PAYWALL, query_type, amount)
        await self.world.write(issue(order, code, self.world.gateway.clock.now_ms()))
        return code.reveal()

    def redeem(self, code: str) -> None:
        """Type a code and press Enter."""
        self.find("paywall-code").value = code
        self.find("paywall-voucher").fire("submit")

    def press(self, class_name: str) -> None:
        """Press a button of the dialog."""
        self.find(class_name).fire("click")

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is so; the test's own timeout bounds it."""
        while not condition():  # noqa: ASYNC110  (a DOM tells nobody when it changes)
            await asyncio.sleep(0.005)

    async def close(self) -> None:
        """Leave the page."""
        self.paywall.destroy()
        self.broken = False
        await self.billing.get_balances(force=True)  # what was being read is then over
        await self.billing.aclose()
        await self.auth.aclose()
        await self._transport.aclose()


@asynccontextmanager
async def open_desk(dom: Dom, world: World, **wishes: Any) -> AsyncIterator[Desk]:
    """Open a page, sign its visitor in and count."""
    desk = Desk(dom, world, **wishes)
    try:
        await desk.auth.sign_in_anonymously()
        await desk.billing.get_balances()
        yield desk
    finally:
        await desk.close()
