"""Ids and keys that no store can hold: refused in listed words, on either store alike."""

import pytest

from tests.support.world import PAYWALL, PROVIDER

# As they are written into an address: NUL, half a pair, bytes that are no UTF-8, very long.
STRANGE = ["%00", "a%00b", "%ED%A0%80", "%FF", "x" * 3000]
ADDRESSES = [
    "POST /api/v1/api-gateway/{}/v1/things?paywall_id=" + PAYWALL,
    "POST /api/v1/api-gateway/" + PROVIDER + "/v1/{}?paywall_id=" + PAYWALL,
    "POST /api/v1/api-gateway/" + PROVIDER + "/v1/things?paywall_id={}",
    "GET /api/v1/paywall/{}/balances",
    "GET /api/v1/paywall/" + PAYWALL + "/calls/{}",
    "GET /api/v1/paywall/" + PAYWALL + "/calls?key={}",
    "GET /api/v1/paywall/{}/providers",
    "POST /api/v1/paywall/{}/auth/anonymous/signin",
]
# As they are written into a header: what HTTP lets through beyond ASCII.
HEADERS = [b"a\xed\xa0\x80", b"a\xff", "ü".encode(), b"x" * 3000]
REFUSED = (400, 401, 403, 404, 422)


@pytest.mark.parametrize("strange", STRANGE, ids=["nul", "nul within", "half", "bytes", "long"])
async def test_in_the_address(world, strange):
    """Refused wherever an id or a key stands, or forwarded as the page wrote it."""
    visitor = await world.sign_in()
    own = [f"{name}: {value}" for name, value in visitor.headers.items()]
    for address in ADDRESSES:
        line = f"{address.format(strange)} HTTP/1.1"
        body = b"{}" if address.startswith("POST") else b""
        typed = ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        async with await world.connect() as connection:
            await connection.request(line, *own, *typed, body=body)
            answer = await connection.read_answer()
        if answer.header("x-error-source") == "provider":
            continue  # it has no script for this path, and says 500
        assert answer.status in REFUSED or "/calls?key=" in line, (line, answer)
        told = answer.json().get("error", "")
        assert told not in ("internal_error", "ledger_unavailable"), (line, answer)


@pytest.mark.parametrize("strange", HEADERS, ids=["half", "bytes", "letters", "long"])
@pytest.mark.parametrize(
    "name", ["X-Paywall-Id", "Idempotency-Key", "X-Api-Key", "X-User-Id", "Authorization"]
)
async def test_in_a_header(world, name, strange):
    """Nobody gets further with it than with a wrong one; with an owner's key as little."""
    visitor, key = await world.sign_in(), await world.add_key()
    own = dict(visitor.headers)
    if name == "X-User-Id":
        own = {"X-Api-Key": key, "X-Paywall-Id": PAYWALL}
    if name == "X-Api-Key":
        own = {"X-User-Id": visitor.user_id, "X-Paywall-Id": PAYWALL}
    own.pop(name, None)
    lines = [f"{header}: {value}" for header, value in own.items()]
    content = "Bearer " if name == "Authorization" else ""
    lines += ["Content-Type: application/json", "Content-Length: 2"]
    async with await world.connect() as connection:
        head = [f"POST /api/v1/api-gateway/{PROVIDER}/v1/things HTTP/1.1", "Host: a", *lines]
        told = "\r\n".join([*head, f"{name}: {content}"]).encode() + strange
        await connection.send(told + b"\r\n\r\n{}")
        answer = await connection.read_answer()
    assert answer.status in REFUSED, answer
    assert answer.json()["error"] not in ("internal_error", "ledger_unavailable")
    assert world.provider.requests == []
