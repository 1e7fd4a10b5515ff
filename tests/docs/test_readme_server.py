"""The README's server example does what it says, against a real gateway."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.readme import blocks
from tests.support.world import TRIAL_CREDITS, open_world
from tollbridge.sdk import PaywallError


async def test_a_server_gives_and_takes_credits_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code as it stands credits and debits a user, and a second run changes nothing."""
    (example,) = blocks("python")
    scope: dict[str, Any] = {}
    exec(compile(example, "README.md", "exec"), scope)
    async with open_world(tmp_path) as world:
        await world.add_paywall("pw_app")
        await world.add_provider("prov_app", paywall_id="pw_app")
        visitor = await world.sign_in("pw_app")
        monkeypatch.setenv("GATEWAY_URL", world.url)
        monkeypatch.setenv("GATEWAY_OWNER_KEY", await world.add_key("pw_app"))
        for _ in range(2):
            assert await scope["pay_out"](visitor.user_id, "order-1") == TRIAL_CREDITS + 49
        assert await world.balance(visitor) == TRIAL_CREDITS + 49
        assert await scope["pay_out"](visitor.user_id, "order-2") == TRIAL_CREDITS + 98
        # The key stands for that order of that user: it gives nobody else anything.
        with pytest.raises(PaywallError, match="idempotency_mismatch"):
            await scope["pay_out"]((await world.sign_in("pw_app")).user_id, "order-1")
        assert await world.verify() == []
