"""The limits of a gateway as an operator starts it: by default, by setting, and with the demo."""

from pathlib import Path

import aiohttp

from tests.support.command_line import run_process
from tests.support.gateway_process import gateway_process

SIGN_IN = "/api/v1/paywall/{}/auth/anonymous/signin"


async def sign_ins(url: str, paywall_id: str, count: int, address: str = "") -> list[int]:
    """Sign in so often, as if from an address; return the statuses."""
    headers = {"X-Forwarded-For": address} if address else {}
    statuses = []
    async with aiohttp.ClientSession(url, headers=headers) as client:
        for _ in range(count):
            async with client.post(SIGN_IN.format(paywall_id), json={}) as answer:
                statuses.append(answer.status)
    return statuses


def make_paywall(folder: Path) -> None:
    """Make `pw_one`."""
    made = run_process("paywall", "create", "pw_one", "--data-dir", str(folder))
    assert made.returncode == 0, made.stderr


async def test_limits_are_on_unless_something_else_is_said(tmp_path: Path) -> None:
    """Also on loopback, whatever a header says: nothing is trusted by default."""
    folder = tmp_path / "var"
    make_paywall(folder)
    async with gateway_process(folder) as gateway:
        assert await sign_ins(gateway.url, "pw_one", 11) == [200] * 10 + [429]
        assert await sign_ins(gateway.url, "pw_one", 1, "198.51.100.1") == [429]
    async with gateway_process(folder) as gateway:  # a restart forgets nothing
        assert await sign_ins(gateway.url, "pw_one", 1) == [429]


async def test_settings_change_a_limit_and_name_the_proxies(tmp_path: Path) -> None:
    """As the operator writes them into the environment."""
    folder = tmp_path / "var"
    make_paywall(folder)
    settings = {
        "TOLLBRIDGE_LIMIT_ADDRESS_SIGN_INS": "2",
        "TOLLBRIDGE_TRUSTED_PROXIES": "127.0.0.0/8, 10.0.0.0/8",
    }
    async with gateway_process(folder, **settings) as gateway:
        for address in ("198.51.100.1", "198.51.100.2"):
            assert await sign_ins(gateway.url, "pw_one", 3, address) == [200, 200, 429]
        forged = "203.0.113.9, 198.51.100.1, 10.0.0.4"
        assert await sign_ins(gateway.url, "pw_one", 1, forged) == [429]
    async with gateway_process(folder, TOLLBRIDGE_LIMIT_ADDRESS_SIGN_INS="off") as gateway:
        assert await sign_ins(gateway.url, "pw_one", 12) == [200] * 12


async def test_the_demo_spares_this_machine(tmp_path: Path) -> None:
    """Whoever tries it out reloads often; a stranger who comes through a tunnel is limited."""
    async with gateway_process(tmp_path / "var", "--demo") as gateway:
        assert await sign_ins(gateway.url, "pw_demo", 12) == [200] * 12
        through_a_tunnel = await sign_ins(gateway.url, "pw_demo", 11, "198.51.100.1")
        assert through_a_tunnel == [200] * 10 + [429]
