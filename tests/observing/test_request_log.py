"""One row for each request, kept for some days, which nobody waits for."""

import logging

import pytest

from tests.calls.lock import locked
from tests.observing.rows import logged, read_rows, rows_after, wait_for_row
from tests.support.clock import FakeClock
from tests.support.scripted_provider import Answer, Cut, Never
from tests.support.world import PAYWALL, PROVIDER, open_world
from tollbridge.gateway.database import StoreUnavailable
from tollbridge.gateway.observing.observer import CALL_ROUTE, ROWS_PER_MINUTE
from tollbridge.gateway.observing.queries import LoggedRequest, insert_requests
from tollbridge.gateway.observing.record import RequestRecord
from tollbridge.gateway.observing.request_log import (
    DAY_MS,
    DELETED_ROWS,
    WAITING_ROWS_MAX,
    RequestLog,
    delete_old,
    keep_days,
)
from tollbridge.wire import paths

MARKER = "tell-me-about-the-mole"


def make_rows(ats):
    """Write rows that began at these moments."""
    rows = [
        LoggedRequest(
            *(at, f"req_{number:06d}", "GET", "/x", 200, None, 1),
            *(None, None, None, None, None, None, 0, 0),
        )
        for number, at in enumerate(ats)
    ]
    for start in range(0, len(rows), 32):
        yield insert_requests(rows[start : start + 32])


async def test_a_call_is_a_row(world):
    """Who, what, how long, how much and how it ended; the path only as a shape."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({"say": "12345"}))
    async with world.call(visitor, f"v1/{MARKER}?x={MARKER}", data=MARKER.encode()) as answer:
        body = await answer.read()
    row = await wait_for_row(world, answer.headers["X-Request-Id"])
    assert row._replace(at=0, request_id="", duration_ms=0) == LoggedRequest(
        at=0,
        request_id="",
        method="POST",
        route="/api/v1/api-gateway/{provider_id}",
        status=200,
        error=None,
        duration_ms=0,
        paywall_id=PAYWALL,
        user_id=visitor.user_id,
        provider_id=PROVIDER,
        call_id=answer.headers["X-Call-Id"],
        outcome="ok",
        credits=1,
        bytes_in=len(MARKER),
        bytes_out=len(body),
    )
    assert 0 <= row.duration_ms < 60_000


async def test_a_refusal_is_a_row_with_its_code(world):
    """What a page only asked for is not in it."""
    visitor = await world.sign_in()
    for provider_id, code in [("prov_unknown", "provider_not_found"), ("a b", "invalid_request")]:
        async with world.call(visitor, provider_id=provider_id) as answer:
            assert (await answer.json())["error"] == code
        row = await wait_for_row(world, answer.headers["X-Request-Id"])
        assert (row.error, row.status, row.provider_id) == (code, answer.status, None)
        assert (row.route, row.credits, row.call_id) == (CALL_ROUTE, None, None)


async def test_a_call_that_breaks_off_is_a_row(world):
    """With what had gone out, and what it cost."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[b"begun", Cut()]))
    async with await world.raw_call(visitor) as connection:
        answer = await connection.read_answer()
    row = await wait_for_row(world, answer.header("x-request-id"))
    assert (row.status, row.outcome, row.credits, row.bytes_out) == (200, "broken", 1, 5)


async def test_a_page_that_leaves_before_its_answer_is_a_row(world):
    """Its status is 0: there was nobody to tell one."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(before=[Never()]))
    async with await world.raw_call(visitor):
        request = await world.provider.next_request()
    await request.left.wait()
    while not (rows := [row for row in await read_rows(world) if row.call_id]):
        pass
    assert [(row.status, row.outcome, row.bytes_out) for row in rows] == [(0, "aborted", 0)]


async def test_sessions_are_rows_of_their_paywall(world):
    """Where it was answered; a paywall that is not there is not named."""
    await world.sign_in()
    path = f"{world.url}/api/v1/paywall/pw_none/auth/anonymous/signin"
    async with world.client.post(path, json={}) as answer:
        assert answer.status == 404
    last = await wait_for_row(world, answer.headers["X-Request-Id"])
    (first,) = [row for row in await read_rows(world) if row != last]
    assert first.route == last.route == "/api/v1/paywall/{paywall_id}/auth/anonymous/signin"
    assert (first.paywall_id, last.paywall_id) == (PAYWALL, None)


async def test_what_is_asked_all_day_is_no_row(tmp_path):
    """Health, figures, preflights, the site, and what is not there."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("page")
    async with open_world(tmp_path / "var", site_dir=site) as world:
        for method, path in [
            ("GET", paths.HEALTH),
            ("GET", paths.READY),
            ("GET", "/metrics"),
            ("GET", "/index.html"),
            ("GET", "/nothing"),
            ("GET", f"/api/v1/{MARKER}"),
            ("OPTIONS", f"/api/v1/api-gateway/{MARKER}"),
        ]:
            headers = {"Access-Control-Request-Method": "POST", "Origin": "https://a.example"}
            async with world.client.request(method, world.url + path, headers=headers):
                pass
        async with world.client.get(world.url + paths.JWKS) as answer:
            pass
        row = await wait_for_row(world, answer.headers["X-Request-Id"])
        assert await read_rows(world) == [row]


async def test_nothing_of_a_page_is_in_it(world):
    """No query, no path, no prompt, no address."""
    visitor = await world.sign_in()
    world.provider.always(Answer.json({"say": MARKER}))
    headers = {"X-Forwarded-For": MARKER, "User-Agent": MARKER, "Idempotency-Key": MARKER}
    async with world.call(visitor, f"v1/{MARKER}?q={MARKER}", headers=headers) as answer:
        await answer.read()
    await wait_for_row(world, answer.headers["X-Request-Id"])
    told = str(await read_rows(world))
    assert MARKER not in told
    assert "127.0.0.1" not in told


async def test_zero_days_write_none(tmp_path):
    """Who wants no log has none."""
    async with open_world(tmp_path, request_log_days=0) as world:
        visitor = await world.sign_in()
        world.provider.answers(Answer.json({}))
        async with world.call(visitor) as answer:
            assert answer.status == 200
        await world.ended_receipt(answer.headers["X-Call-Id"])
        async with world.client.get(f"{world.url}{paths.READY}"):
            assert await read_rows(world) == []


async def test_rows_are_there_after_a_proper_end(tmp_path):
    """What waits for a commit when the gateway stops is committed."""
    async with open_world(tmp_path) as world:
        answer = await world.client.get(world.url + paths.JWKS)
        await answer.read()
    (row,) = await rows_after(tmp_path, 1)
    assert row.request_id == answer.headers["X-Request-Id"]


@pytest.mark.only_on("sqlite")
async def test_an_answer_does_not_wait_for_its_row(tmp_path, caplog):
    """Here the store takes nothing at all; the rows come when it does.

    PostgreSQL that takes nothing is away: tests/faults/test_database_away.py.
    """
    async with open_world(tmp_path, busy_timeout_ms=20) as world:
        caplog.set_level(logging.ERROR)
        async with locked(world):
            async with world.client.get(world.url + paths.JWKS) as first:
                assert first.status == 200
            await logged(caplog, "a deferred write failed")
        async with world.client.get(world.url + paths.JWKS) as second:
            assert second.status == 200
        await wait_for_row(world, second.headers["X-Request-Id"])
        await wait_for_row(world, first.headers["X-Request-Id"])


async def test_a_closed_store_changes_no_answer(tmp_path):
    """A row that cannot be written is lost, and that is all."""
    async with open_world(tmp_path) as world:
        await world.gateway.database.close()
        for _ in range(3):
            async with world.client.get(world.url + paths.JWKS) as answer:
                assert answer.status == 200


@pytest.mark.only_on("sqlite")
async def test_only_so_many_rows_wait(world):
    """The oldest are lost where a store takes nothing for long; any store, so one is enough."""
    log = RequestLog(world.gateway.database)
    async with locked(world):
        for number in range(WAITING_ROWS_MAX + 5):
            log.write(RequestRecord(f"req_{number:06d}", "GET", number))
    await wait_for_row(world, f"req_{WAITING_ROWS_MAX + 4:06d}")
    rows = [row for row in await read_rows(world) if row.request_id.startswith("req_0000")]
    assert rows[0].request_id == "req_000005"


@pytest.mark.parametrize("extra", [0, 1])
async def test_a_flood_of_refusals_writes_so_many_rows(world, extra):
    """What costs its caller nothing may not cost us the disk; calls are always written."""
    for _ in range(ROWS_PER_MINUTE + extra):
        async with world.client.get(f"{world.url}/api/v1/paywall/{PAYWALL}/balances") as answer:
            assert answer.status == 401
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    async with world.call(visitor) as answer:
        await answer.read()
    await wait_for_row(world, answer.headers["X-Request-Id"])
    rows = await read_rows(world)
    assert len([row for row in rows if row.error == "invalid_token"]) == ROWS_PER_MINUTE


async def test_old_rows_go_in_portions(world):
    """More than one portion; what is a millisecond younger stays."""
    clock = FakeClock()
    limit = clock.now_ms() - 30 * DAY_MS
    database = world.gateway.database
    await database.write(make_rows([limit - 1] * (2 * DELETED_ROWS + 1) + [limit, limit + 1]))
    portions = database.load().commits
    await delete_old(database, clock, 30, pause_s=0)
    assert database.load().commits - portions == 3
    assert [row.at for row in await read_rows(world)] == [limit, limit + 1]


async def test_rows_go_while_the_gateway_runs(tmp_path):
    """At the start, and again and again."""
    clock = FakeClock()
    async with open_world(tmp_path, clock=clock, request_log_days=0) as world:
        database = world.gateway.database
        await database.write(make_rows([clock.now_ms() - 2 * DAY_MS, clock.now_ms()]))
        async with keep_days(database, clock, 1, look_s=0.01):
            while len(await read_rows(world)) > 1:
                pass
            clock.move(days=1, seconds=1)
            while await read_rows(world):
                pass


async def test_the_gateway_starts_it(tmp_path):
    """With the days of the setting."""
    clock = FakeClock()
    now = clock.now_ms()
    async with open_world(tmp_path, request_log_days=0) as world:
        await world.write(make_rows([now - 2 * DAY_MS - 1, now - 2 * DAY_MS]))
    (row,) = await rows_after(tmp_path, 1, clock=clock, request_log_days=2)
    assert row.at == now - 2 * DAY_MS


@pytest.mark.only_on("sqlite")
async def test_a_store_that_takes_nothing_is_asked_again(tmp_path, caplog):
    """And it is said in a line; any store, so one is enough."""
    caplog.set_level(logging.WARNING)
    clock = FakeClock()
    async with open_world(tmp_path, clock=clock, busy_timeout_ms=20) as world:
        database = world.gateway.database
        await database.write(make_rows([0]))
        async with locked(world):
            with pytest.raises(StoreUnavailable):
                await delete_old(database, clock, 1)
        async with locked(world), keep_days(database, clock, 1, look_s=0.01):
            await logged(caplog, "old requests are not deleted yet")
        async with keep_days(database, clock, 1, look_s=0.01):
            while await read_rows(world):
                pass
