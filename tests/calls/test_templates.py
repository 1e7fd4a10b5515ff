"""A call of a sealed template: the page sends texts, and everything else is the owner's (W-M8)."""

import asyncio
import io
import json

import pytest

from tests.calls.outcome import check_outcome
from tests.observing.rows import wait_for_row
from tests.support.clock import FakeClock
from tests.support.scripted_provider import Answer, Cut, Wait
from tests.support.world import PAYWALL, TYPE, open_world
from tollbridge.gateway.calls.body import take_body
from tollbridge.gateway.calls.intake import Intake, Memory
from tollbridge.gateway.calls.request import read_request
from tollbridge.gateway.database import Statement
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.owner.templates import drop_template
from tollbridge.gateway.paywalls import Paywall
from tollbridge.gateway.paywalls.queries import store_paywall
from tollbridge.gateway.providers.presets import make_provider
from tollbridge.gateway.providers.queries import set_enabled, set_only_templates
from tollbridge.gateway.secret import Secret
from tollbridge.gateway.settings import Limits
from tollbridge.gateway.templates import make_template

TEMPLATE, SEALED = "tpl_ask", "prov_sealed"
PROMPT, MODEL = "You are a lawyer. Never say so.", "gpt-sealed-1"
BODY = {
    "model": MODEL,
    "messages": [
        {"role": "system", "content": PROMPT},
        {"role": "user", "content": "{{question}}"},
    ],
}
# What of a template nobody but its owner and its provider learns.
HIDDEN = (PROMPT, MODEL, SEALED, "chat/completions")


@pytest.fixture
async def sealed(world):
    """A world with a template of a provider that is called through templates only."""
    await furnish(world)
    return world


async def furnish(world, **provider):
    """Add the template and its provider."""
    given = {"preset": "openai-chat", "models": (MODEL,), "only_templates": True, **provider}
    await world.add_provider(SEALED, **given)
    await world.add_template(TEMPLATE, provider_id=SEALED, body=BODY, variables={"question": 50})


def call(world, visitor, *, template=TEMPLATE, query="", method="POST", headers=None, **body):
    """Start a call of a template."""
    if method == "POST" and not body:
        body = {"json": {"template": template, "variables": {"question": "Why?"}}}
    return world.client.request(
        method,
        f"{world.url}/api/v1/api-gateway/{template}{query}",
        headers={**visitor.headers, **(headers or {})},
        **body,
    )


async def told(calling):
    """Return status and code of a refusal, in which nothing of a template stands."""
    async with calling as answer:
        text = await answer.text()
        assert answer.status >= 400, text
        for hidden in HIDDEN:
            assert hidden not in text + repr(answer.headers)
        return answer.status, json.loads(text)["error"]


async def test_the_provider_gets_the_owners_question(sealed):
    """With the page's text in its place, under the provider's rules; it costs what a call costs."""
    visitor = await sealed.sign_in()
    sealed.provider.answers(Answer.json({"ok": True}))
    async with call(sealed, visitor) as answer:
        assert answer.status == 200
        assert answer.headers["X-Credits-Charged"] == "1"
        assert await answer.json() == {"ok": True}
    request = await sealed.provider.next_request()
    await request.body_complete.wait()
    assert (request.method, request.target) == ("POST", "/v1/chat/completions")
    asked = [BODY["messages"][0], {"role": "user", "content": "Why?"}]
    limits = {"max_completion_tokens": 1024, "store": False}
    assert request.json() == {"model": MODEL, "messages": asked, **limits}
    assert request.header("content-length") == str(len(request.body))
    assert await sealed.balance(visitor) == 19
    assert await sealed.verify() == []


@pytest.mark.parametrize(
    ("preset", "path", "body"),
    [
        ("openai-chat", "v1/chat/completions", {"messages": [{"content": "{{question}}"}]}),
        (
            "openai-responses",
            "v1/responses",
            {"input": "{{question}}", "instructions": "Be brief."},
        ),
        ("openai-embeddings", "v1/embeddings", {"input": ["{{question}}"]}),
        ("openai-compatible", "v1/chat/completions", {"messages": [{"content": "{{question}}"}]}),
        ("anthropic-messages", "v1/messages", {"messages": [{"content": "{{question}}"}]}),
        ("http", "v1/things", {"prompt": "{{question}}", "version": 3}),
    ],
)
async def test_every_preset_takes_templates(world, preset, path, body):
    """Each with its own rules for the body, and the key where its API wants it."""
    fields = {} if preset == "http" else {"models": ("m",)}
    made = body if preset == "http" else {"model": "m", **body}
    await world.add_provider("prov_any", preset=preset, key=Secret("sk-1"), cost=3, **fields)
    await world.add_template(
        "tpl_any",
        provider_id="prov_any",
        body=made,
        variables={"question": 9},
        path="v1/things" if preset == "http" else "",
    )
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({"ok": True}))
    async with call(world, visitor, template="tpl_any") as answer:
        assert answer.status == 200, await answer.text()
    request = await world.provider.next_request()
    await request.body_complete.wait()
    assert request.target == f"/{path}"
    sent = request.json()
    assert {name: sent[name] for name in made} == json.loads(
        json.dumps(made).replace("{{question}}", "Why?")
    )
    assert "sk-1" in (request.header("authorization") or request.header("x-api-key"))
    assert await world.balance(visitor) == 17


async def test_nothing_else_of_the_page_goes_out(sealed):
    """No header that could choose another price, no type of its own; only how it is packed."""
    visitor = await sealed.sign_in()
    sealed.provider.answers(Answer.json({"ok": True}))
    headers = {
        "Anthropic-Beta": "context-1m",
        "OpenAI-Beta": "x",
        "Prefer": "wait",
        "User-Agent": "page",
        "Accept": "text/event-stream",
        "Accept-Encoding": "gzip",
        "Content-Type": "application/problem+json; charset=utf-8",
    }
    body = json.dumps({"variables": {"question": "?"}}).encode()
    async with call(sealed, visitor, headers=headers, data=body) as answer:
        assert answer.status == 200
    request = await sealed.provider.next_request()
    assert sorted(name.lower() for name, _ in request.headers) == [
        *(b"accept-encoding", b"content-length", b"content-type", b"host"),
    ]
    assert request.header("accept-encoding") == "gzip"
    assert request.header("content-type") == "application/json"


async def test_a_stream_comes_as_it_is_written(sealed):
    """The template says that it streams; no event is held back."""
    streaming = {**BODY, "stream": True}
    await sealed.add_template(
        "tpl_stream", provider_id=SEALED, body=streaming, variables={"question": 50}
    )
    visitor = await sealed.sign_in()
    turns = [asyncio.Event() for _ in range(3)]
    steps = [step for turn in turns for step in (b"event", Wait(turn))]
    sealed.provider.answers(Answer.sse(*steps))
    async with call(sealed, visitor, template="tpl_stream") as answer:
        for turn in turns:
            assert await answer.content.readany() == b"data: event\n\n"
            turn.set()
    assert (await sealed.provider.next_request()).json()["stream"] is True


async def test_a_receipt_names_the_template(sealed):
    """It, the request log and the journal know what was called, not whom that asked."""
    visitor = await sealed.sign_in()
    sealed.provider.answers(Answer.json({"ok": True}))
    async with call(sealed, visitor) as answer:
        call_id, request_id = answer.headers["X-Call-Id"], answer.headers["X-Request-Id"]
    receipt = await sealed.ended_receipt(call_id)
    assert (receipt["provider_id"], receipt["state"]) == (TEMPLATE, "ok")
    assert receipt == await sealed.receipt(visitor, call_id)
    row = await wait_for_row(sealed, request_id)
    assert (row.provider_id, row.call_id, row.credits) == (TEMPLATE, call_id, 1)


@pytest.mark.parametrize("status", [400, 404, 422, 429, 500, 503])
async def test_what_a_provider_says_against_it_stays_here(sealed, status):
    """A refusal often repeats what was asked; the credit is given back, the wait is passed on."""
    visitor = await sealed.sign_in()
    said = {"error": {"message": f"{MODEL} does not take {PROMPT}", "param": SEALED}}
    sealed.provider.answers(Answer.json(said, status=status, headers=[("retry-after", "7")]))
    async with call(sealed, visitor) as answer:
        text = await answer.text()
        assert (answer.status, answer.headers["Retry-After"]) == (502, "7")
        assert answer.headers["X-Error-Source"] == "gateway"
        body = json.loads(text)
    assert (body["error"], body["details"]) == ("provider_failed", {"status": status})
    assert not any(hidden in text for hidden in HIDDEN)
    receipt = await sealed.newest_receipt(visitor)
    assert (receipt["state"], receipt["credits_charged"]) == ("failed", 0)
    assert receipt["provider_status"] == status
    assert await sealed.balance(visitor) == 20


async def test_an_answer_that_breaks_off_is_charged_as_any_other(sealed):
    """Nothing came: it is reversed."""
    visitor = await sealed.sign_in()
    sealed.provider.answers(Answer(chunks=[Cut()]))
    async with call(sealed, visitor) as answer:
        assert answer.status == 200
    assert (await sealed.newest_receipt(visitor))["state"] == "broken"
    assert await sealed.balance(visitor) == 20
    assert await sealed.verify() == []


async def test_a_repeat_under_a_key_is_charged_once(sealed):
    """The key stands for what the page sent; other texts under it are another call."""
    visitor = await sealed.sign_in()
    sealed.provider.answers(Answer.json({"say": "once"}))
    key = {"Idempotency-Key": "attempt-1"}
    for replayed in (None, "true"):
        async with call(sealed, visitor, headers=key) as answer:
            assert await answer.json() == {"say": "once"}
            assert answer.headers.get("Idempotent-Replayed") == replayed
        # What the owner changes meanwhile makes no other call of it.
        await sealed.add_template(
            TEMPLATE, provider_id=SEALED, body={**BODY, "n": 1}, variables={"question": 60}
        )
    other = {"variables": {"question": "Why not?"}}
    assert await told(call(sealed, visitor, headers=key, json=other)) == (
        422,
        "idempotency_mismatch",
    )
    assert await sealed.balance(visitor) == 19
    assert len(sealed.provider.requests) == 1


async def test_an_answer_that_is_lost_leaves_a_receipt_without_names(sealed):
    """409 `call_already_charged` shows one, and it names the template."""
    visitor = await sealed.sign_in()
    sealed.provider.answers(Answer.sse(b"once"))
    key = {"Idempotency-Key": "attempt-1"}
    async with call(sealed, visitor, headers=key) as answer:
        await answer.read()
    await sealed.ended_receipt(answer.headers["X-Call-Id"])
    assert await told(call(sealed, visitor, headers=key)) == (409, "call_already_charged")


async def test_an_empty_balance_is_refused_before_anything_is_asked(sealed):
    """402 with the type that ran out and not a word of whom it was for."""
    visitor = await sealed.sign_in()
    await sealed.drain(visitor, 0)
    assert await told(call(sealed, visitor)) == (402, "not-enough-queries")
    receipt = await sealed.newest_receipt(visitor)
    assert (receipt["provider_id"], receipt["state"]) == (TEMPLATE, "refused")
    assert sealed.provider.requests == []


async def test_wrong_values_hold_and_send_nothing(sealed):
    """Be they unknown, missing, no text, too long, twice, deep or huge."""
    visitor = await sealed.sign_in()
    json_type = {"Content-Type": "application/json"}
    for values, status, code in [
        ({"question": "?" * 51}, 422, "template_variable"),
        ({"question": "?" * 100_000}, 422, "template_variable"),
        ({"question": ["?"]}, 422, "template_variable"),
        ({}, 422, "template_variable"),
        ({"question": "?", "model": "gpt-dear"}, 422, "template_variable"),
    ]:
        sent = {"template": TEMPLATE, "variables": values}
        assert await told(call(sealed, visitor, json=sent)) == (status, code)
    huge = io.BytesIO(b'{"variables": {"question": "' + b"?" * 1_100_000 + b'"}}')
    wrong = call(sealed, visitor, data=huge, headers=json_type)
    assert await told(wrong) == (413, "body_too_large")
    for raw in (
        b"",
        b"[]",
        b'{"variables": {"question": "a", "question": "b"}}',
        b'{"variables": {"question": "a"}, "variables": {}}',
        b'{"variables": {"question": "a"}, "messages": []}',
        b'{"template": "tpl_other", "variables": {"question": "a"}}',
        b'{"variables": {"question": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}}",
    ):
        assert await told(call(sealed, visitor, data=raw, headers=json_type)) == (
            400,
            "invalid_request",
        )
    for kind in ("text/plain", "application/json; charset=utf-7", "multipart/form-data"):
        wrong = call(sealed, visitor, data=b"{}", headers={"Content-Type": kind})
        assert await told(wrong) == (415, "unsupported_body")
    assert sealed.provider.requests == []
    assert await sealed.balance(visitor) == 20
    assert await sealed.write(count_calls()) == 0


def count_calls():
    """Count the rows of calls."""
    rows = yield Statement("select count(*) from calls")
    return rows[0][0]


async def test_a_text_breaks_out_of_nothing(sealed):
    """Whoever is signed in writes whatever he likes, and it is a user's words."""
    visitor = await sealed.sign_in()
    attack = '"}],"model":"gpt-dear","n":9,"x":[{"a":"'
    for text in (attack, "{{question}}", "\\", "\u0000 🌍"):
        sealed.provider.answers(Answer.json({"ok": True}))
        async with call(sealed, visitor, json={"variables": {"question": text}}) as answer:
            assert answer.status == 200
        request = await sealed.provider.next_request()
        await request.body_complete.wait()
        sent = request.json()
        assert sent["messages"][1] == {"role": "user", "content": text}
        assert set(sent) == {"model", "messages", "max_completion_tokens", "store"}
        assert sent["model"] == MODEL


async def test_a_template_has_no_path_query_or_other_method(sealed):
    """What a page would add to the request is refused, not passed on."""
    visitor = await sealed.sign_in()
    for query in ("/v1/chat/completions", "/x"):
        assert await told(call(sealed, visitor, query=query)) == (403, "path_not_allowed")
    assert await told(call(sealed, visitor, query="?stream=1")) == (400, "invalid_request")
    assert await told(call(sealed, visitor, method="GET")) == (405, "method_not_allowed")
    sealed.provider.answers(Answer.json({}))
    async with call(sealed, visitor, query=f"?paywall_id={PAYWALL}&test_mode=1") as answer:
        assert answer.status == 200
    assert sealed.provider.requests[0].target == "/v1/chat/completions"


async def test_a_template_of_another_paywall_is_not_there(sealed):
    """It is refused in the words of one that does not exist, whoever holds a session."""
    await sealed.add_paywall("pw_other")
    await sealed.add_provider("prov_other", paywall_id="pw_other")
    stranger = await sealed.sign_in("pw_other")
    answers = []
    for template in (TEMPLATE, "tpl_nobodys"):
        async with call(sealed, stranger, template=template) as answer:
            body = await answer.json()
            answers.append((answer.status, body["error"], body["message"].replace(template, "ID")))
    assert answers == [(404, "template_not_found", "There is no template 'ID'.")] * 2
    both = f"?paywall_id={PAYWALL}"
    assert await told(call(sealed, stranger, query=both)) == (400, "paywall_mismatch")
    headers = {"X-Paywall-Id": PAYWALL}
    assert await told(call(sealed, stranger, headers=headers)) == (400, "paywall_mismatch")
    assert sealed.provider.requests == []


async def test_a_closed_provider_takes_no_raw_call(sealed):
    """A copied paywall id, its session and the provider's name send no body of one's own."""
    visitor = await sealed.sign_in()
    for path in ("v1/chat/completions", "v1/other", ""):
        body = {"model": MODEL, "messages": []}
        calling = sealed.call(visitor, path, provider_id=SEALED, json=body)
        async with calling as answer:
            assert answer.status == 403
            assert (await answer.json())["error"] == "templates_only"
    listed = f"{sealed.url}/api/v1/paywall/{PAYWALL}/providers"
    async with sealed.client.get(listed, headers=visitor.headers) as answer:
        text = await answer.text()
        assert [one["id"] for one in json.loads(text)["providers"]] == ["prov_things"]
        assert not any(hidden in text for hidden in HIDDEN)
    key = {"X-Api-Key": await sealed.add_key(), "X-User-Id": visitor.user_id}
    url = f"{sealed.url}/api/v1/api-gateway/{SEALED}?paywall_id={PAYWALL}"
    async with sealed.client.post(url, headers=key, json={}) as answer:
        assert (await answer.json())["error"] == "templates_only"
    assert sealed.provider.requests == []
    assert await sealed.balance(visitor) == 20


async def test_the_owners_server_calls_a_template_for_a_user(sealed):
    """With its key, on that user's credit."""
    visitor = await sealed.sign_in()
    sealed.provider.answers(Answer.json({}))
    headers = {"X-Api-Key": await sealed.add_key(), "X-User-Id": visitor.user_id}
    url = f"{sealed.url}/api/v1/api-gateway/{TEMPLATE}?paywall_id={PAYWALL}"
    async with sealed.client.post(
        url, headers=headers, json={"variables": {"question": "?"}}
    ) as answer:
        assert answer.status == 200
    assert await sealed.balance(visitor) == 19


async def test_an_open_provider_may_be_called_both_ways(world):
    """A template closes nothing by itself."""
    await world.add_template("tpl_say")
    visitor = await world.sign_in()
    world.provider.always(Answer.json({}))
    async with call(world, visitor, template="tpl_say", json={}) as answer:
        assert answer.status == 200
    async with world.call(visitor) as answer:
        assert answer.status == 200
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200, left=18)


async def test_refusals_come_in_their_order(sealed):
    """Origin, token, paywall, template, form of the call, body, hold."""
    home = "https://app.example"
    paywall = Paywall(PAYWALL, origins=(home,), query_types={TYPE: 20})
    await sealed.write(store_paywall(paywall))
    await sealed.add_paywall("pw_other")
    visitor, other = await sealed.sign_in(), await sealed.sign_in("pw_other")
    await sealed.drain(visitor, 0)
    bad = {"template": "tpl_none", "query": "/x", "json": {"variables": {}}}
    bad["headers"] = {"Origin": "https://evil.example", "Authorization": "Bearer nonsense"}
    seen = [await told(call(sealed, visitor, **bad))]
    for fixed in (
        {"headers": {"Origin": home, "Authorization": "Bearer nonsense"}},
        {"headers": {"Origin": home, "Authorization": f"Bearer {other.token}"}},
        {"headers": {"Origin": home}},
        {"template": TEMPLATE},
        {"query": ""},
        {"json": {"variables": {"question": "?"}}},
    ):
        bad.update(fixed)
        seen.append(await told(call(sealed, visitor, **bad)))
    assert [code for _, code in seen] == [
        "origin_not_allowed",
        "invalid_token",
        "paywall_mismatch",
        "template_not_found",
        "path_not_allowed",
        "template_variable",
        "not-enough-queries",
    ]


async def test_what_an_owner_changes_acts_within_two_seconds(tmp_path):
    """A template is replaced or removed; a provider is off, closed, or has other rules."""
    clock = FakeClock()
    async with open_world(tmp_path, clock=clock) as world:
        world.provider.always(Answer.json({"ok": True}))
        await furnish(world, only_templates=False)
        visitor = await world.sign_in()

        async def outcome():
            clock.move(seconds=2)
            async with call(world, visitor) as answer:
                text = await answer.text()
                assert not any(hidden in text for hidden in HIDDEN)
                return (answer.status, json.loads(text).get("error"))

        assert await outcome() == (200, None)
        await world.write(set_enabled(SEALED, enabled=False))
        assert await outcome() == (403, "provider-disabled")
        await world.write(set_enabled(SEALED, enabled=True))
        await world.write(set_only_templates(SEALED, only_templates=True))
        assert await outcome() == (200, None)
        await world.add_provider(SEALED, preset="openai-chat", models=("gpt-another",))
        assert await outcome() == (422, "body_rule")
        await world.add_provider(SEALED, preset="http", allow=("POST v1/other",))
        assert await outcome() == (403, "provider-disabled")
        await world.add_provider(SEALED, preset="openai-chat", models=(MODEL,), max_body_bytes=120)
        assert await outcome() == (413, "body_too_large")
        await world.add_provider(SEALED, preset="openai-chat", models=(MODEL,))
        changed = {**BODY, "messages": [{"role": "user", "content": "{{other}}"}]}
        await world.add_template(TEMPLATE, provider_id=SEALED, body=changed, variables={"other": 5})
        assert await outcome() == (422, "template_variable")
        await world.write(drop_template(TEMPLATE))
        assert await outcome() == (404, "template_not_found")
        assert await world.balance(visitor) == 18


async def test_an_owner_is_told_which_template_does_not_fit(sealed, caplog):
    """A line with its id and the rule's code; neither prompt nor model nor provider."""
    visitor = await sealed.sign_in()
    await sealed.write(rename_model())
    sealed.gateway.registry._providers.forget(SEALED)
    assert await told(call(sealed, visitor)) == (422, "body_rule")
    assert f"{TEMPLATE}: its provider's rules refuse it: model_not_allowed" in caplog.text
    assert not any(hidden in caplog.text for hidden in HIDDEN)


def rename_model():
    """Have the provider allow another model."""
    yield Statement(
        "update providers set models = $1 where provider_id = $2", ('["gpt-another"]', SEALED)
    )


async def test_a_provider_for_signed_in_users_is_so_behind_a_template(world):
    """A template opens no door that is closed."""
    await furnish(world, anonymous_allowed=False)
    visitor = await world.sign_in()
    assert await told(call(world, visitor)) == (403, "sign_in_required")


@pytest.mark.parametrize(("cost", "limit"), [(1, "USER_PER_MINUTE"), (0, "USER_FREE_PER_MINUTE")])
async def test_limits_count_it_as_a_call(tmp_path, cost, limit):
    """Of the kind that its provider's cost makes it."""
    limits = Limits(user_per_minute=2, user_free_per_minute=2)
    async with open_world(tmp_path, limits=limits) as world:
        world.provider.always(Answer.json({}))
        await furnish(world, cost=cost)
        visitor = await world.sign_in()
        for _ in range(2):
            async with call(world, visitor) as answer:
                assert answer.status == 200
        async with call(world, visitor) as answer:
            assert answer.status == 429
            assert (await answer.json())["details"] == {"limit": limit}
        assert await world.balance(visitor) == 20 - 2 * cost


async def test_what_a_word_is_filled_into_counts_as_memory():
    """A short body may make a long one; the gateway holds so many bytes, and then is busy."""
    provider = make_provider(
        SEALED,
        paywall_id=PAYWALL,
        preset="http",
        base_url="https://api.example",
        query_type=TYPE,
        allow=("POST v1/things",),
    )
    asked = json.dumps({"say": "long " * 1000 + "{{word}}"}).encode()
    template = make_template(TEMPLATE, provider, body=asked, variables={"word": 9})
    sent = b'{"variables": {"word": "x"}}'
    scope = {"method": "POST", "raw_path": f"/api/v1/api-gateway/{TEMPLATE}".encode()}
    scope["query_string"] = f"paywall_id={PAYWALL}".encode()
    scope["headers"] = [(b"content-type", b"application/json")]
    memory = Memory(bytes_max=6000)
    intakes = [Intake(_saying(sent), memory, Limits()) for _ in range(3)]
    taken = await take_body(read_request(scope), provider, intakes[0], template)
    assert taken.gathered == sent
    assert len(taken.body) > 5000
    with pytest.raises(Refusal, match="as many request bodies as it can"):
        await take_body(read_request(scope), provider, intakes[1], template)
    for intake in intakes[:2]:
        intake.close()
    assert (await take_body(read_request(scope), provider, intakes[2], template)).body == taken.body
    intakes[2].close()
    memory.take(6000)


def _saying(body):
    """Return an ASGI `receive` that gives a body and then stays."""
    messages = [{"type": "http.request", "body": body}]

    async def receive():
        return messages.pop() if messages else await asyncio.Event().wait()

    return receive


async def test_one_credit_buys_one_call_however_many_ask(sealed):
    """Sixteen at once on a balance of one; the provider is asked once."""
    visitor = await sealed.sign_in()
    await sealed.drain(visitor, 1)
    sealed.provider.always(Answer.json({}))

    async def ask():
        async with call(sealed, visitor) as answer:
            await answer.read()
            return answer.status

    statuses = await asyncio.gather(*(ask() for _ in range(16)))
    assert sorted(statuses) == [200] + [402] * 15
    assert len(sealed.provider.requests) == 1
    assert await sealed.balance(visitor) == 0
    assert await sealed.verify() == []
