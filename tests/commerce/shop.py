"""What the tests of vouchers do over and over."""

from typing import Any

import httpx2

from tests.support.accounts import API, Accounts
from tollbridge.gateway.commerce import VoucherOrder
from tollbridge.gateway.commerce.codes import new_code
from tollbridge.gateway.database import Statement
from tollbridge.gateway.database.script import Script
from tollbridge.gateway.owner.vouchers import issue

# Right in form, known to nobody.
UNKNOWN = "0000-0000-0000-0000-0000"


async def make_voucher(
    accounts: Accounts,
    amount: int = 5,
    *,
    paywall_id: str = "pw_one",
    query_type: str = "standard",
    uses: int = 1,
    expires_at: int | None = None,
) -> str:
    """Make a voucher as the command line does; return its code."""
    code = new_code()
    order = VoucherOrder(paywall_id, query_type, amount, uses, expires_at)
    await accounts.database.write(issue(order, code, accounts.clock.now_ms()))
    return code.reveal()


async def redeem(
    accounts: Accounts,
    token: str,
    code: Any,
    paywall_id: str = "pw_one",
    headers: dict[str, str] | None = None,
) -> httpx2.Response:
    """Redeem a code as a page does."""
    return await accounts.client.post(
        f"{API}/{paywall_id}/vouchers/redeem",
        json={"code": code},
        headers={"authorization": f"Bearer {token}", **(headers or {})},
    )


async def sign_in(accounts: Accounts, paywall_id: str = "pw_one") -> str:
    """Sign somebody in and return the access token."""
    token: str = (await accounts.sign_in(paywall_id))["access_token"]
    return token


async def left(accounts: Accounts, token: str, query_type: str = "standard") -> int:
    """Return how many credits somebody has."""
    rows = (await accounts.balances(token)).json()["balances"]
    return next(row["count"] for row in rows if row["type"] == query_type)


def read(sql: str) -> Script[list[tuple[Any, ...]]]:
    """Read rows."""
    rows = yield Statement(sql)
    return rows
