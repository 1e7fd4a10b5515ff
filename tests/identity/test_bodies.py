"""Bodies are read with a limit and never trusted."""

import pytest

from tests.support.accounts import API, Accounts
from tests.support.refusals import refused
from tollbridge.gateway.json_body import BODY_BYTES_MAX

REFRESH = f"{API}/pw_one/auth/refresh"

MALFORMED = {
    "not JSON": b"refresh_token=x",
    "cut": b'{"refresh_token": "x',
    "not UTF-8": b'{"refresh_token": "\xff"}',
    "half a character": b'{"refresh_token": "\\ud800"}',
    "a list": b"[]",
    "a number": b"5",
    "not a number": b'{"refresh_token": NaN}',
    "deeply nested": b"[" * 60_000,
    "deeply nested objects": b'{"a":' * 10_000,
    "no token": b"{}",
    "empty": b"",
    "an empty token": b'{"refresh_token": ""}',
    "a null token": b'{"refresh_token": null}',
    "a token that is a number": b'{"refresh_token": 5}',
    "a token that is too long": b'{"refresh_token": "' + b"x" * 600 + b'"}',
}


@pytest.mark.parametrize("body", [pytest.param(b, id=name) for name, b in MALFORMED.items()])
async def test_a_malformed_body_is_refused(accounts: Accounts, body: bytes) -> None:
    """Whatever is wrong with it, the answer says that the request is malformed."""
    assert refused(await accounts.client.post(REFRESH, content=body)) == (400, "invalid_request")


@pytest.mark.parametrize(("size", "status"), [(BODY_BYTES_MAX, 401), (BODY_BYTES_MAX + 1, 413)])
async def test_a_body_has_a_limit(accounts: Accounts, size: int, status: int) -> None:
    """64 KiB are read; one byte more is refused."""
    body = b'{"refresh_token": "x"' + b" " * (size - 22) + b"}"
    assert len(body) == size
    answer = await accounts.client.post(REFRESH, content=body)
    assert refused(answer).status == status
