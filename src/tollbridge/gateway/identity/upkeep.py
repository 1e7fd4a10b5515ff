"""Forgets the refresh tokens of sessions that were over long ago.

A session that lives sheds its own old tokens as it rotates (`queries.advance_session`).
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database, StoreUnavailable
from tollbridge.gateway.identity.queries import delete_refresh_tokens, list_sessions_with_tokens
from tollbridge.gateway.identity.sessions import TOKENS_KEPT_MS, ended_before

log = logging.getLogger(__name__)

# Nobody asks for them any more; a look a day is often enough.
NEXT_LOOK_S = 24 * 3600
# Sessions read at once, and tokens deleted in one commit: a call that shares it hardly notices.
SESSIONS = 1000
DELETED_ROWS = 500
# Between two portions.
NEXT_PORTION_S = 0.1


async def forget_old_tokens(
    database: Database, clock: Clock, *, pause_s: float = NEXT_PORTION_S
) -> None:
    """Delete the tokens of sessions that ended too long ago, in portions nobody has to wait for.

    Raises:
        StoreUnavailable: The store did not take a portion; those before it are gone.
    """
    before = clock.now_ms() - TOKENS_KEPT_MS
    after = ""
    while found := await database.read(list_sessions_with_tokens(after, SESSIONS)):
        for session_id, life in found:
            while ended_before(life, before):
                deleted = await database.write(delete_refresh_tokens(session_id, DELETED_ROWS))
                await asyncio.sleep(pause_s)
                if deleted < DELETED_ROWS:
                    break
        after = found[-1][0]
        await asyncio.sleep(pause_s)


@asynccontextmanager
async def keep_sessions(
    database: Database, clock: Clock, *, look_s: float = NEXT_LOOK_S
) -> AsyncIterator[None]:
    """Forget old tokens every `look_s` seconds until the block ends."""

    async def look() -> None:
        while True:
            try:
                await forget_old_tokens(database, clock)
            except StoreUnavailable as error:
                log.warning("old sessions are not tidied yet: %s", error)
            await asyncio.sleep(look_s)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
