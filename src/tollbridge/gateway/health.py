"""Whether the process is up, and whether it can do its work."""

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.gateway.database import Database, Script, Statement
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.json_body import answer_json


class Health:
    """`/healthz` and `/readyz`, for whoever watches the process.

    Attributes:
        is_draining: The process is about to end: it finishes what runs and wants nothing new.
    """

    def __init__(self, database: Database) -> None:
        """Watch `database`."""
        self._database = database
        self.is_draining = False

    async def alive(self, request: Request) -> Response:
        """Answer, which is all there is to say: the process is up."""
        return answer_json({"ok": True})

    async def ready(self, request: Request) -> Response:
        """Answer once the store has committed something.

        Raises:
            Refusal: `busy`: the process is about to end; a balancer sends the next to another.
            StoreUnavailable: It has not; nothing can be charged, so calls would be refused.
        """
        if self.is_draining:
            raise Refusal("busy", "This process is about to end; ask another one.")
        await self._database.write(_try_store())
        return answer_json({"ok": True})


def _try_store() -> Script[None]:
    yield Statement("select 1")
