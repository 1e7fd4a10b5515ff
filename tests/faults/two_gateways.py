"""Two gateway processes on one PostgreSQL database, with one master key: as two machines."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.gateway_process import SERVE, GatewayProcess, gateway_process
from tests.support.process_world import ProcessWorld, process_world
from tests.support.world import LIFTED, PAYWALL, PROVIDER
from tollbridge.gateway.data_folder import open_database
from tollbridge.gateway.database import Script


@dataclass
class TwoGateways:
    """A world, and a second gateway beside its first one.

    Attributes:
        world: The first gateway, provider and visitor.
        other: The second gateway.
    """

    world: ProcessWorld
    other: GatewayProcess
    _stack: AsyncExitStack
    _folder: Path
    _settings: dict[str, str]

    @property
    def urls(self) -> list[str]:
        """Where both serve."""
        return [self.world.gateway.url, self.other.url]

    async def start_another(self) -> GatewayProcess:
        """Start one more gateway on the same database."""
        return await self._stack.enter_async_context(
            gateway_process(self._folder, **{**LIFTED, **self._settings})
        )

    def call_at(self, url: str, key: str | None = None) -> Any:
        """Start a metered call at one of them; use it as a context manager."""
        return self.world.client.post(
            f"{url}/api/v1/api-gateway/{PROVIDER}/v1/things",
            headers=self.world.visitor.headers | ({"Idempotency-Key": key} if key else {}),
            json={"say": "hello"},
        )

    async def ask(self, url: str, path: str) -> tuple[int, Any]:
        """Ask one of them for something of the visitor's; return status and JSON."""
        address = f"{url}/api/v1/paywall/{PAYWALL}/{path}"
        async with self.world.client.get(address, headers=self.world.visitor.headers) as answer:
            return answer.status, await answer.json()

    async def balance(self, url: str) -> int:
        """Return how many credits one of them says the visitor has."""
        status, told = await self.ask(url, "balances")
        assert status == 200, told
        return int(told["balances"][0]["count"])

    async def write(self, script: Script[Any]) -> Any:
        """Write to the database as a third process does."""
        database = await open_database(self.world.settings, make=False)
        try:
            return await database.write(script)
        finally:
            await database.close()


@asynccontextmanager
async def two_gateways(
    folder: Path, *, other: Sequence[str] = SERVE, other_url: str | None = None, **settings: str
) -> AsyncIterator[TwoGateways]:
    """Run two gateways until the block ends.

    Args:
        folder: What their database is found by.
        other: The second one's program.
        other_url: By what address that one reaches the database, if by another.
        settings: Of both.
    """
    apart = {} if other_url is None else {"TOLLBRIDGE_DATABASE_URL": other_url}
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(process_world(folder, **settings))
        second = await stack.enter_async_context(
            gateway_process(folder, program=other, **{**LIFTED, **settings, **apart})
        )
        yield TwoGateways(world, second, stack, folder, settings)
