"""The figures as Prometheus reads them, and who may see them."""

import asyncio

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.observing.rows import wait_for_row
from tests.support.clock import FakeClock
from tests.support.gateway_process import gateway_process
from tests.support.scripted_provider import Answer, Cut, Wait
from tests.support.world import PAYWALL, PROVIDER, open_world
from tollbridge.gateway.observing import Figures
from tollbridge.gateway.observing.figures import BUCKETS_S, Histogram
from tollbridge.gateway.observing.record import RequestRecord
from tollbridge.gateway.secret import Secret

TOKEN = "the token of the figures"
PATH = "/metrics"


def read_figures(text):
    """Return each sample's value by its name and labels."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def at(name, **labels):
    """Return how `read_figures` calls a sample."""
    return (f"tollbridge_{name}", *sorted(labels.items()))


@pytest.fixture
async def world(tmp_path):
    """A world whose figures can be asked for."""
    async with open_world(tmp_path, metrics_token=Secret(TOKEN)) as opened:
        yield opened
        assert await opened.verify() == []


async def scrape(world):
    """Ask for the figures with the token."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with world.client.get(world.url + PATH, headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store"
        return read_figures(await answer.text())


async def refused(world, **headers):
    """Ask for them; return the status, the code and the answer."""
    async with world.client.get(world.url + PATH, headers=headers) as answer:
        return answer.status, (await answer.json())["error"], answer


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, f"Basic {TOKEN}"],
)
async def test_without_the_token_there_are_none(world, authorization):
    """And it is said what is missing."""
    headers = {} if authorization is None else {"Authorization": authorization}
    status, code, answer = await refused(world, **headers)
    assert (status, code) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "tollbridge_" not in await answer.text()


async def test_where_no_token_is_set_there_is_nothing(tmp_path):
    """Not even a hint that there could be."""
    async with open_world(tmp_path) as world:
        for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
            assert (await refused(world, **headers))[:2] == (404, "not_found")


async def test_calls_are_counted(world):
    """By provider and outcome, with their credits and their phases."""
    visitor = await world.sign_in()
    world.provider.answers(
        Answer.json({}), Answer.json({}), Answer(503), Answer(chunks=[b"begun", Cut()])
    )
    for _ in range(4):
        async with await world.raw_call(visitor) as connection:
            answer = await connection.read_answer()
        await wait_for_row(world, answer.header("x-request-id"))
    figures = await scrape(world)
    assert figures[at("calls_total", provider=PROVIDER, outcome="ok")] == 2
    assert figures[at("calls_total", provider=PROVIDER, outcome="failed")] == 1
    assert figures[at("calls_total", provider=PROVIDER, outcome="broken")] == 1
    assert figures[at("credits_charged_total", provider=PROVIDER)] == 3
    assert figures[at("upstream_errors_total", provider=PROVIDER, reason="broke_off")] == 1
    for phase, count in [("admit", 4), ("body", 4), ("hold", 4), ("provider", 4), ("settle", 3)]:
        assert figures[at("call_phase_seconds_count", phase=phase)] == count
        assert figures[at("call_phase_seconds_sum", phase=phase)] > 0
        assert figures[at("call_phase_seconds_bucket", phase=phase, le="+Inf")] == count
    route = "/api/v1/api-gateway/{provider_id}"
    assert figures[at("requests_total", route=route, status="200", code="")] == 3
    assert figures[at("requests_total", route=route, status="503", code="")] == 1


async def test_providers_that_fail_are_counted_by_reason(world):
    """Not reached, and not what it should be."""
    await world.add_provider("prov_gone", base_url="http://127.0.0.1:1")
    visitor = await world.sign_in()
    world.provider.answers(Answer(302), Answer(401))
    for provider_id in ("prov_gone", PROVIDER, PROVIDER):
        async with world.call(visitor, provider_id=provider_id) as answer:
            assert answer.status == 502
        await wait_for_row(world, answer.headers["X-Request-Id"])
    figures = await scrape(world)
    errors = "upstream_errors_total"
    assert figures[at(errors, provider="prov_gone", reason="refused")] == 1
    assert figures[at(errors, provider=PROVIDER, reason="provider_redirect")] == 1
    assert figures[at(errors, provider=PROVIDER, reason="provider_rejected")] == 1


async def test_what_runs_is_shown(world):
    """Calls that have not ended, and writes that are not committed."""
    visitor = await world.sign_in()
    go_on = asyncio.Event()
    world.provider.answers(Answer(before=[Wait(go_on)], chunks=[b"late"]))
    call = asyncio.create_task(world.call(visitor).__aenter__())
    await world.provider.next_request()
    assert (await scrape(world))[at("running_calls")] == 1
    go_on.set()
    answer = await call
    await answer.read()
    await wait_for_row(world, answer.headers["X-Request-Id"])
    figures = await scrape(world)
    assert figures[at("running_calls")] == 0
    assert figures[at("repairs_due")] == 0
    assert figures[at("store_waiting_scripts")] <= 1
    assert 0 < figures[at("store_commits_total")] <= figures[at("store_commit_scripts_total")]
    assert figures[at("store_commit_seconds_total")] > 0


async def test_the_process_and_the_program_are_shown(world):
    """Memory, processor, descriptors, version."""
    figures = await scrape(world)
    assert figures[("process_resident_memory_bytes",)] > 10_000_000
    assert figures[("process_cpu_seconds_total",)] > 0
    assert figures[("process_open_fds",)] > 3
    assert any(name[0] == "tollbridge_build_info" for name in figures)


async def test_labels_are_bounded(world):
    """Whatever callers ask for, there are no more series."""
    visitor = await world.sign_in()

    async def ask(number):
        for path in (
            f"/api/v1/api-gateway/prov_{number}/x{number}",
            f"/api/v1/paywall/pw_{number}/balances",
            f"/nowhere/{number}",
            f"/api/v1/paywall/{PAYWALL}/calls/call_{number}",
        ):
            async with world.client.get(
                f"{world.url}{path}?paywall_id=pw_{number}", headers=visitor.headers
            ) as answer:
                await answer.read()

    await ask(0)
    before = await scrape(world)
    for number in range(1, 20):
        await ask(number)
    after = await scrape(world)
    assert set(before) <= set(after)
    # The scrape itself is the one series that is new.
    assert {name for name in set(after) - set(before) if "/metrics" not in str(name)} == set()
    assert visitor.user_id not in str(after)


async def test_a_port_of_its_own(tmp_path):
    """For this machine alone, without a token; the page's port still knows nothing of it."""
    folder = tmp_path / "var"
    async with (
        gateway_process(
            folder, TOLLBRIDGE_METRICS_PORT="0", TOLLBRIDGE_LOG_FORMAT="json"
        ) as gateway,
        aiohttp.ClientSession() as client,
    ):
        said = gateway.log_file.read_text()
        url = said.partition("the figures are on ")[2].partition('"')[0]
        assert url.startswith("http://127.0.0.1:")
        async with client.get(url) as answer:
            assert answer.status == 200
            figures = read_figures(await answer.text())
            assert figures[at("running_calls")] == 0
        async with client.get(url.replace(PATH, "/api/v1/withdraw-tokens")) as answer:
            assert answer.status == 404
        async with client.post(url) as answer:
            assert answer.status == 404
        async with client.get(gateway.url + PATH) as answer:
            assert answer.status == 404
        gateway.terminate()
        assert await gateway.ended() == 0


def test_a_histogram_counts_by_upper_ends():
    """What is just as long as a bucket belongs to it."""
    histogram = Histogram()
    histogram.observe(BUCKETS_S[0])
    histogram.observe(BUCKETS_S[0] * 1.01)
    histogram.observe(BUCKETS_S[-1] + 1)
    assert (histogram.counts[0], histogram.counts[1], histogram.counts[-1]) == (1, 1, 1)
    assert histogram.seconds > BUCKETS_S[-1]


def test_a_copy_does_not_change():
    """It is read on another thread while the counting goes on."""
    figures = Figures()
    record = RequestRecord("req_1", "POST", FakeClock().now_ms(), provider_id="prov_1")
    record.outcome, record.credits, record.laps = "ok", 1, [("hold", 0.1)]
    figures.count(record)
    copy = figures.copy()
    figures.count(record)
    assert copy.calls == {("prov_1", "ok"): 1}
    assert copy.credits == {"prov_1": 1}
    assert sum(copy.phases["hold"].counts) == 1
    assert figures.calls == {("prov_1", "ok"): 2}
