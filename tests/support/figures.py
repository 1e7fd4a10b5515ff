"""What a gateway's own figures tell of the requests that it has seen."""

from tests.support.world import World

# The world must be opened with this: `open_world(…, metrics_token=Secret(TOKEN))`.
TOKEN = "the token of the figures"


async def requests_counted(world: World, route: str) -> int:
    """Return how many requests of a route, such as `(preflight)`, were counted so far."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with world.client.get(f"{world.url}/metrics", headers=headers) as answer:
        assert answer.status == 200
        lines = (await answer.text()).splitlines()
    counted = [line for line in lines if line.startswith("tollbridge_requests_total{")]
    return sum(int(float(line.split()[-1])) for line in counted if f'route="{route}"' in line)
