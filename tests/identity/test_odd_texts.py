"""Ids and texts that not every store takes: refused as malformed or not found, on both stores."""

from pathlib import Path

import pytest

from tests.support.accounts import API, open_accounts
from tests.support.world import open_world

pytestmark = pytest.mark.usefixtures("store")


@pytest.mark.parametrize("paywall_id", ["pw%00one", "pw_%ED%A0%80", "%F0%9F%98%80"])
async def test_an_id_that_no_store_can_hold_is_not_found(tmp_path: Path, paywall_id: str) -> None:
    """Nothing is broken because of it."""
    async with open_accounts(tmp_path) as accounts:
        for path in ("auth/anonymous/signin", "auth/refresh"):
            body = {"refresh_token": "rt_x"}
            answer = await accounts.client.post(f"{API}/{paywall_id}/{path}", json=body)
            assert (answer.status_code, answer.json()["error"]) == (404, "paywall_not_found")


@pytest.mark.parametrize("text", ["rt_\0", "\0"])
async def test_a_text_that_no_store_can_hold_is_malformed(tmp_path: Path, text: str) -> None:
    """It is said which one."""
    async with open_accounts(tmp_path) as accounts:
        answer = await accounts.post("auth/refresh", {"refresh_token": text})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert "refresh_token" in answer.json()["message"]
        lone = await accounts.client.post(
            f"{API}/pw_one/auth/refresh", content=b'{"refresh_token": "\\ud800"}'
        )
        assert lone.status_code == 400


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/paywall/pw_test/calls/call_%00", 404, "call_not_found"),
        ("/api/v1/paywall/pw_test/calls/%F0%9F%98%80", 404, "call_not_found"),
        ("/api/v1/paywall/pw_test/calls?key=%00", 400, "invalid_request"),
        ("/api/v1/paywall/pw_%00/calls/call_1", 400, "paywall_mismatch"),
        ("/api/v1/api-gateway/prov_%00/v1/things?paywall_id=pw_test", 400, "invalid_request"),
        ("/api/v1/api-gateway/prov_x/v1/things?paywall_id=pw_%00", 400, "invalid_request"),
    ],
)
async def test_a_path_that_no_store_can_hold_breaks_nothing(
    tmp_path: Path, path: str, status: int, code: str
) -> None:
    """Over HTTP, with a token that is good."""
    async with open_world(tmp_path) as world:
        visitor = await world.sign_in()
        async with await world.connect() as connection:
            await connection.request(
                f"GET {path} HTTP/1.1", f"Authorization: Bearer {visitor.token}"
            )
            answer = await connection.read_answer()
        assert (answer.status, answer.json()["error"]) == (status, code)
