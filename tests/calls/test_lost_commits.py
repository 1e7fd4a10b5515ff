"""A commit that fails leaves nothing behind, and nothing that harms whoever comes next."""

import resource
from contextlib import contextmanager

from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer
from tollbridge.gateway.database import Statement

KEY = {"Idempotency-Key": "attempt-1"}
# Less than one page of the database, so that no commit can be written.
FULL_BYTES = 4000


@contextmanager
def full_disk():
    """Let this process write nothing until the block ends: commits fail, after all else went."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def attempts(call_id):
    """Read a call's attempts."""
    return (
        yield Statement(
            "select attempt, state, outcome from calls where call_id = $1 order by attempt",
            (call_id,),
        )
    )


async def test_what_is_undone_is_not_the_next_attempt(world):
    """A repeat whose hold was lost is undone later; its number is the next repeat's by then.

    Else the next repeat would be answered, and its charge taken back.
    """
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}, status=500), Answer.json({"second": True}))
    async with world.call(visitor, headers=KEY) as answer:
        assert answer.status == 500
        call_id = answer.headers["X-Call-Id"]
    with full_disk():
        async with world.call(visitor, headers=KEY) as answer:
            assert (answer.status, (await answer.json())["error"]) == (503, "ledger_unavailable")
    assert world.gateway.till.repairs.due == 1
    async with world.call(visitor, headers=KEY) as answer:
        assert (answer.status, await answer.json()) == (200, {"second": True})
        assert answer.headers["X-Credits-Charged"] == "1"
    await world.gateway.till.repairs.close()  # tries at once what it would try in a moment
    assert world.gateway.till.repairs.due == 0
    assert await world.write(attempts(call_id)) == [(1, "voided", "failed"), (2, "settled", "ok")]
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)
