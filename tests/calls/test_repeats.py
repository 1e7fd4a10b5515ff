"""Repeats under one `Idempotency-Key`: one charge, ever (DESIGN 4.2)."""

import asyncio
from collections import Counter

import pytest

from tests.calls.outcome import check_outcome
from tests.database.postgres_doors import connected, wait_for_a_waiter
from tests.observing.rows import wait_for_row
from tests.support.scripted_provider import Answer, Cut, Never, Wait
from tests.support.stores import everything_in
from tests.support.world import PAYWALL, open_world
from tollbridge.gateway.database import Statement

KEY = {"Idempotency-Key": "attempt-1"}


async def refused(world, visitor, **call):
    """Make a call that is refused; return its status, its code and its answer."""
    async with world.call(visitor, **call) as answer:
        body = await answer.json()
        return answer.status, body["error"], answer, body


async def test_an_answer_is_given_again(world):
    """The provider is asked once, the credit is taken once, the bytes are the same."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({"say": "once"}, headers=[("x-model", "m")]))
    async with world.call(visitor, headers=KEY) as first:
        body = await first.read()
        assert "Idempotent-Replayed" not in first.headers
    async with world.call(visitor, headers=KEY) as again:
        assert (again.status, await again.read()) == (200, body)
        assert again.headers["Idempotent-Replayed"] == "true"
        for name in ("X-Call-Id", "X-Credits-Charged", "X-Balance-Version", "X-Model"):
            assert again.headers[name] == first.headers[name]
    assert len(world.provider.requests) == 1
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


# Keeps the end of a call, and nothing else of it, from being written.
_END_WAITS = """
create function wait_for_the_end() returns trigger language plpgsql
  as $$ begin perform pg_advisory_xact_lock(20261130); return new; end $$;
create trigger wait_for_the_end before update on calls for each row
  when (old.ended_at is null and new.ended_at is not null) execute function wait_for_the_end();
"""


@pytest.mark.only_on("postgres")
async def test_an_answer_is_given_again_before_its_end_is_written(world):
    """Who repeats a call with its last byte in hand is told the answer, not that it still runs."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({"say": "once"}))
    url = world.gateway.settings.database_url.reveal()
    async with connected(url) as beside, beside.transaction():
        await beside.execute(_END_WAITS)
    async with connected(url) as beside, beside.transaction():
        await beside.execute("select pg_advisory_xact_lock(20261130)")
        async with world.call(visitor, headers=KEY) as first:
            body = await first.read()
        await wait_for_a_waiter(beside)
        async with world.call(visitor, headers=KEY) as again:
            assert (again.status, await again.read()) == (200, body)
            assert again.headers["Idempotent-Replayed"] == "true"
        async with world.call(visitor, headers=KEY, json={"another": True}) as other:
            assert other.status == 422
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)
    row = await wait_for_row(world, again.headers["X-Request-Id"])
    assert (row.call_id, row.credits) == (first.headers["X-Call-Id"], 0)


@pytest.mark.parametrize("charge_on", ["headers", "first_byte", "complete"])
async def test_however_it_is_charged(world, charge_on):
    """The whole body is kept, the part that is held back too."""
    await world.add_provider(charge_on=charge_on)
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[b"one ", b"two"], framing="length"))
    bodies = []
    for _ in range(3):
        async with world.call(visitor, headers=KEY) as answer:
            bodies.append(await answer.read())
    assert bodies == [b"one two"] * 3
    assert len(world.provider.requests) == 1
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


async def test_a_repeat_of_a_running_call_is_told_so(world):
    """Be it before or after its settle: 409 with the call's id, and when to ask again."""
    visitor = await world.sign_in()
    headers_due, body_due = asyncio.Event(), asyncio.Event()
    world.provider.answers(Answer(before=[Wait(headers_due)], chunks=[Wait(body_due), b"x"]))
    async with await world.raw_call(visitor, "Idempotency-Key: attempt-1") as connection:
        await world.provider.next_request()
        status, error, answer, body = await refused(world, visitor, headers=KEY, data=None)
        assert (status, error) == (422, "idempotency_mismatch")  # the body is another
        same = {"data": b"{}", "headers": {**KEY, "Content-Type": "application/json"}}
        status, error, answer, body = await refused(world, visitor, **same)
        assert (status, error) == (409, "call_in_progress")
        assert answer.headers["Retry-After"] == "1"
        headers_due.set()
        head = await connection.read_head()
        assert head.header("x-call-id") == body["details"]["call_id"]
        assert (await refused(world, visitor, **same))[1] == "call_in_progress"
        body_due.set()
        await connection.read_rest(head)
    # Its end is written behind its answer.
    await world.ended_receipt(head.header("x-call-id"))
    async with world.call(visitor, **same) as answer:
        assert (answer.status, await answer.read()) == (200, b"x")
    assert len(world.provider.requests) == 1


@pytest.mark.parametrize(
    ("scripted", "status"),
    [
        (Answer.json({}, status=500), 500),
        (Answer.json({}, status=429), 429),
        (Answer.json({}, status=401), 502),
        (Answer(before=[Cut()]), 502),
    ],
    ids=["500", "429", "401", "not reached"],
)
async def test_a_call_that_came_to_nothing_may_be_tried_again(world, scripted, status):
    """A new attempt of the same call: the same id, one more request, one charge in the end."""
    visitor = await world.sign_in()
    world.provider.answers(scripted, scripted, Answer.json({"ok": 1}))
    ids = []
    for expected in (status, status, 200):
        async with world.call(visitor, headers=KEY) as answer:
            assert answer.status == expected
            ids.append(answer.headers["X-Call-Id"])
    assert len(set(ids)) == 1
    attempts = await world.write(_attempts(ids[0]))
    assert attempts == [(1, "voided"), (2, "voided"), (3, "settled")]
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


async def until_fewer(world, count):
    """Wait until the gateway has noticed that one of so many connections is gone."""
    while len(world.server.server_state.connections) >= count:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0)


def _attempts(call_id):
    return (
        yield Statement(
            "select attempt, state from calls where call_id = $1 order by attempt", (call_id,)
        )
    )


async def test_after_a_402_the_same_key_goes_on(world):
    """The prompt that was not sent is sent under its own key, once there is credit."""
    visitor = await world.sign_in()
    await world.drain(visitor, 0)
    async with world.call(visitor, headers=KEY) as answer:
        assert answer.status == 402
        call_id = answer.headers["X-Call-Id"]
    await world.grant(visitor, 5)
    world.provider.answers(Answer.json({}))
    async with world.call(visitor, headers=KEY) as answer:
        assert (answer.status, answer.headers["X-Call-Id"]) == (200, call_id)
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200, left=4)


async def test_after_a_reversal_a_new_attempt_is_made_and_charged_for_good(world):
    """A call is reversed at most once: a second break-off before any byte stays settled."""
    visitor = await world.sign_in()
    for left in (20, 19):
        page_has_the_head = asyncio.Event()
        world.provider.answers(Answer(chunks=[Wait(page_has_the_head), Cut()]))
        async with await world.raw_call(visitor, "Idempotency-Key: attempt-1") as connection:
            head = await connection.read_head()
            page_has_the_head.set()
            assert not (await connection.read_rest(head)).complete
        await world.ended_receipt(head.header("x-call-id"))
        assert await world.balance(visitor) == left
    assert await world.verify() == []


async def test_a_stream_is_not_kept(world):
    """Its repeat is told that it is charged, with the receipt."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.sse(b"one", b"[DONE]"))
    async with world.call(visitor, headers=KEY) as answer:
        await answer.read()
        call_id = answer.headers["X-Call-Id"]
    status, error, answer, body = await refused(world, visitor, headers=KEY)
    assert (status, error) == (409, "call_already_charged")
    assert answer.headers["X-Call-Id"] == call_id
    assert body["receipt"] == await world.receipt(visitor, call_id)
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


@pytest.mark.parametrize(("size", "status"), [(256 * 1024, 200), (256 * 1024 + 1, 409)])
async def test_how_much_of_an_answer_is_kept(world, size, status):
    """Up to 256 KiB it comes again, beyond that the receipt does."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[b"x" * size], framing="length"))
    async with world.call(visitor, headers=KEY) as answer:
        assert len(await answer.read()) == size
    async with world.call(visitor, headers=KEY) as again:
        assert again.status == status
        assert len(await again.read()) == size or status == 409
    assert len(world.provider.requests) == 1


async def test_another_process_does_not_have_the_answer(world, tmp_path):
    """Answers are never written: after a restart there is the receipt, and no second charge."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    async with world.call(visitor, headers=KEY) as answer:
        assert answer.status == 200
    async with open_world(tmp_path / "other") as other:
        stranger = await other.sign_in()
        other.provider.answers(Answer.json({}))
        async with other.call(stranger, headers=KEY) as answer:
            assert answer.status == 200  # a key is a user's own
    assert len(other.provider.requests) == 1


DIFFERENT = [
    {"path": "v1/others"},
    {"path": "v1/things?a=b"},
    {"json": {"say": "else"}},
    {"headers": {**KEY, "Content-Type": "application/x+json"}, "data": b'{"say": "hello"}'},
    {"method": "GET"},
]


@pytest.mark.parametrize("changed", DIFFERENT, ids=["path", "query", "body", "type", "method"])
async def test_a_key_is_for_one_call(world, changed):
    """The same key for anything else: 422, and nothing is sent or charged."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    async with world.call(visitor, headers=KEY) as answer:
        assert answer.status == 200
    found = await refused(world, visitor, **{"headers": KEY, **changed})
    assert found[:2] == (422, "idempotency_mismatch")
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)
    assert len(world.provider.requests) == 1


async def test_a_key_belongs_to_a_user(world):
    """Another user's call under the same key is a call of its own."""
    world.provider.always(Answer.json({}))
    ids = []
    for _ in range(2):
        async with world.call(await world.sign_in(), headers=KEY) as answer:
            ids.append(answer.headers["X-Call-Id"])
    assert len(set(ids)) == 2
    assert len(world.provider.requests) == 2


@pytest.mark.parametrize(
    "key", ["", " ", "a b", "ü", "x" * 256], ids=["empty", "blank", "space", "letter", "long"]
)
async def test_what_cannot_be_a_key(world, key):
    """1 to 255 visible ASCII characters; anything else is refused, and nothing is held."""
    visitor = await world.sign_in()
    async with await world.raw_call(visitor, f"Idempotency-Key: {key}") as connection:
        answer = await connection.read_answer()
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
    async with world.call(visitor, headers={"Idempotency-Key": "~" * 255}) as answer:
        assert answer.status != 400


async def test_sixty_four_at_once_are_one_call(world):
    """However many come together: one request, one charge; the others wait or get its answer."""
    visitor = await world.sign_in()
    go_on = asyncio.Event()
    world.provider.always(Answer(before=[Wait(go_on)], chunks=[b"x"]))

    async def once():
        async with world.call(visitor, headers=KEY) as answer:
            await answer.read()
            return answer.status

    calls = [asyncio.create_task(once()) for _ in range(64)]
    await world.provider.next_request()
    waiting = asyncio.gather(*calls)
    while sum(call.done() for call in calls) < 63:
        await asyncio.wait([c for c in calls if not c.done()], return_when="FIRST_COMPLETED")
    go_on.set()
    assert Counter(await waiting) == {200: 1, 409: 63}
    assert len(world.provider.requests) == 1
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


@pytest.mark.parametrize("charge_on", ["headers", "complete"])
async def test_a_page_that_left_finds_its_answer(world, charge_on):
    """A keyed call whose headers have come is read to its end: it need not be paid for twice."""
    await world.add_provider(charge_on=charge_on)
    visitor = await world.sign_in()
    rest = asyncio.Event()
    world.provider.answers(Answer(chunks=[b"one ", Wait(rest), b"two"], framing="length"))
    body = {"data": b"{}", "headers": {**KEY, "Content-Type": "application/json"}}
    connection = await world.raw_call(visitor, "Idempotency-Key: attempt-1")
    await connection.read_head()
    open_before = len(world.server.server_state.connections)
    connection.leave()
    await until_fewer(world, open_before)
    rest.set()
    receipt = await world.newest_receipt(visitor)
    assert (receipt["state"], receipt["credits_charged"]) == ("aborted", 1)
    async with world.call(visitor, **body) as again:
        assert (again.status, await again.read()) == (200, b"one two")
        assert again.headers["Idempotent-Replayed"] == "true"
    assert len(world.provider.requests) == 1


async def test_a_page_that_left_a_stream_ends_it(world):
    """Nobody reads a stream to its end for a page that is gone."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.sse(b"one", Never()))
    connection = await world.raw_call(visitor, "Idempotency-Key: attempt-1")
    await connection.read_head()
    connection.leave()
    await (await world.provider.next_request()).left.wait()
    await check_outcome(world, visitor, "aborted", charged=1, provider_status=200)


async def test_leaving_before_the_headers_cancels_a_keyed_call_too(world):
    """Nothing has come yet that could be kept; the repeat is a new attempt."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(before=[Never()]), Answer.json({}))
    connection = await world.raw_call(visitor, "Idempotency-Key: attempt-1")
    request = await world.provider.next_request()
    connection.leave()
    await request.left.wait()
    await check_outcome(world, visitor, "aborted")
    body = {"data": b"{}", "headers": {**KEY, "Content-Type": "application/json"}}
    async with world.call(visitor, **body) as answer:
        assert answer.status == 200
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


async def test_receipts_are_found_by_key(world):
    """A page that lost everything but its key learns what became of the call."""
    visitor, other = await world.sign_in(), await world.sign_in()
    world.provider.answers(Answer.json({}))
    async with world.call(visitor, headers=KEY) as answer:
        await answer.read()
        call_id = answer.headers["X-Call-Id"]
    path = f"{world.url}/api/v1/paywall/{PAYWALL}/calls"
    for who, found in ((visitor, [await world.receipt(visitor, call_id)]), (other, [])):
        asked = {"params": {"key": "attempt-1"}, "headers": who.headers}
        async with world.client.get(path, **asked) as answer:
            assert await answer.json() == {"calls": found}
    for params in ({}, {"key": ""}, {"key": "a b"}):
        async with world.client.get(path, params=params, headers=visitor.headers) as answer:
            assert (answer.status, (await answer.json())["error"]) == (400, "invalid_request")


async def test_neither_key_nor_prompt_is_written(world, tmp_path):
    """What the store keeps tells neither what the page's key was nor what it asked."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({"answer": "sesame-answer"}))
    key = {"Idempotency-Key": "sesame-key"}
    async with world.call(visitor, headers=key, json={"say": "sesame-prompt"}) as answer:
        assert answer.status == 200
    await world.balance(visitor)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    url = world.gateway.settings.database_url
    kept += await everything_in(url.reveal()) if url is not None else b""
    assert b"call_" in kept
    assert b"sesame" not in kept
    assert b"sesame".hex().encode() not in kept


async def test_the_request_log_names_the_call_that_is_repeated(world):
    """Not an id that no receipt is found by; where the store knows of no call it names none."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    async with world.call(visitor, headers=KEY) as first:
        call_id = first.headers["X-Call-Id"]
    async with world.call(visitor, headers=KEY) as again:
        assert again.headers["Idempotent-Replayed"] == "true"
    async with world.call(visitor, headers=KEY, json={"say": "else"}) as other:
        assert other.status == 422
    for answer, known in ((first, (call_id, 1)), (again, (call_id, 0)), (other, (None, None))):
        row = await wait_for_row(world, answer.headers["X-Request-Id"])
        assert (row.call_id, row.credits) == known
