"""Keys, tokens and prompts go through every error path, and stand in nothing that is told.

What is looked at are the bytes of every answer, everything in the data folder, and all that the
process writes to its two streams.
"""

import asyncio
import base64

import orjson
import pytest

from tests.calls.lock import locked_store
from tests.observing.leaks import (
    API,
    CALL,
    FILLED,
    LISTED,
    MASTER_KEY,
    METRICS_TOKEN,
    PAYWALL,
    PLAIN,
    PROMPT,
    PROVIDER_KEY,
    SAID,
    SEALED,
    SPOILT,
    Leaks,
    Visitor,
    open_leaks,
)
from tests.support.raw_client import RawConnection
from tests.support.scripted_provider import Answer, Cut, Raw, Reset, Wait
from tests.support.stores import everything_in
from tests.support.telegram import launch
from tollbridge.gateway import ledger
from tollbridge.gateway.clock import SystemClock
from tollbridge.wire.codes import STATUS_OF

THINGS = f"POST {CALL}/prov_things/v1/things?q={FILLED}"
BODY = orjson.dumps({"prompt": PROMPT})
HEADERS = (("x-thing", SAID), ("content-type", "application/json"))
OF_PAYWALL = f"{API}/paywall/{PAYWALL}"


def saying(status: int = 200, **fields: object) -> Answer:
    """Make an answer of the provider that holds what only the page may see."""
    said = {"chunks": [orjson.dumps({"said": SAID})], "framing": "length", **fields}
    return Answer(status, HEADERS, **said)  # type: ignore[arg-type]


async def meet_wrong_forms(w: Leaks, visitor: Visitor) -> None:
    """What can be seen to be wrong before anybody is known."""
    await w.ask(f"PUT {CALL}/prov_things/{FILLED}", *visitor.own, body=BODY)
    await w.ask(f"POST {CALL}/prov_things/{FILLED}", body=BODY)
    await w.ask(THINGS.replace("?", "?paywall_id=pw_other&"), *visitor.own, body=BODY)
    await w.ask(f"POST {CALL}/%20{FILLED}/x", *visitor.own, body=BODY)
    await w.ask(THINGS, *visitor.own, *visitor.own, body=BODY)
    await w.ask(THINGS, *visitor.own, "Content-Encoding: gzip", body=BODY)
    await w.ask(f"POST {CALL}/prov_things/v1/%2e%2e/{FILLED}", *visitor.own, body=BODY)
    await w.ask(f"GET /{FILLED}", body=None)
    await w.ask(f"GET {API}/{FILLED}", *visitor.own, body=None)
    await w.ask(f"DELETE {OF_PAYWALL}/balances", *visitor.own, body=BODY)
    for text in (f"POST {PROMPT}\r\n\r\n", f"GET / HTTP/1.1\r\n{PROMPT}: {'x' * 20_000}\r\n\r\n"):
        async with await RawConnection.open(w.url) as connection:
            await connection.send(text)
            answer = w.keep(await connection.read_answer())
        assert answer.status == 400


async def meet_wrong_tokens(w: Leaks, visitor: Visitor) -> None:
    """What looks like a token, what was one, and one where it does not belong."""
    head, _, rest = visitor.token.partition(".")
    for token in (
        FILLED,
        visitor.refresh_token,
        w.owner_key,
        f"{head}.{FILLED}",
        rest,
        PROVIDER_KEY,
    ):
        own = [f"Authorization: Bearer {token}", f"X-Paywall-Id: {PAYWALL}"]
        answer = await w.ask(THINGS, *own, body=BODY)
        assert answer.json()["error"] == "invalid_token"
        await w.ask(f"GET {OF_PAYWALL}/balances", *own, body=None)
        await w.ask(f"POST {OF_PAYWALL}/auth/refresh", body=orjson.dumps({"refresh_token": token}))
    for path in ("auth/refresh", "auth/signout", "auth/revoke-all", "vouchers/redeem"):
        await w.ask(f"POST {OF_PAYWALL}/{path}", body=b'{"refresh_token": "' + PROMPT.encode())
        await w.ask(f"POST {OF_PAYWALL}/{path}", body=orjson.dumps([PROMPT]))
        await w.ask(f"POST {OF_PAYWALL}/{path}", body=b'"' + PROMPT.encode() * 3000 + b'"')
    for token in (FILLED, METRICS_TOKEN[:-1], visitor.token):
        await w.ask("GET /metrics", f"Authorization: Bearer {token}", body=None)
    await w.ask("GET /metrics", f"Authorization: Bearer {METRICS_TOKEN}", body=None)


async def meet_telegram(w: Leaks) -> None:
    """A launch that is good, one that two parties hold, and what is none."""
    now_s = SystemClock().now_ms() // 1000
    path = f"POST {OF_PAYWALL}/auth/telegram/signin"
    good = launch(now_s, query_id=FILLED)
    w.secrets["launch"] = good
    w.secrets["hash of a launch"] = good[-64:]
    for _ in range(2):
        async with await w.send(path, body=orjson.dumps({"init_data": good})) as connection:
            answer = await connection.read_answer()
        if answer.status == 200:
            told = answer.json()
            w.secrets["access token of Telegram's"] = told["access_token"]
            w.secrets["refresh token of Telegram's"] = told["refresh_token"]
        else:
            w.keep(answer)
    old = launch(now_s - 7200, query_id=FILLED)
    for raw in (old, f"{good}&{PROMPT}=1", PROMPT, PROMPT * 1000):
        await w.ask(path, body=orjson.dumps({"init_data": raw}))
        await w.ask(path, f"Authorization: tma {raw[:9000]}")
    await w.ask(path, body=orjson.dumps({"init_data": good, "reload_key": PROMPT}))
    elsewhere = path.replace(PAYWALL, PLAIN)
    await w.ask(elsewhere, body=orjson.dumps({"init_data": good}))


async def meet_closed_doors(w: Leaks, visitor: Visitor) -> None:
    """What this user, page or provider may not."""
    origin = "Origin: https://evil.example"
    listed = THINGS.replace("?", f"?paywall_id={LISTED}&")
    await w.ask(listed, f"Authorization: Bearer {visitor.token}", origin, body=BODY)
    await w.ask(f"POST {API}/paywall/{PLAIN}/auth/anonymous/signin", body=BODY)
    await w.ask(f"POST {API}/paywall/{FILLED}/auth/anonymous/signin", body=BODY)
    for provider_id in ("prov_none", "prov_off", "prov_members", "prov_spoilt"):
        await w.ask(f"POST {CALL}/{provider_id}/v1/things", *visitor.own, body=BODY)
    await w.ask(f"POST {CALL}/prov_things/v2/{FILLED}", *visitor.own, body=BODY)
    chat = f"POST {CALL}/prov_chat/v1/chat/completions"
    for body in (
        {"model": FILLED, "messages": [{"role": "user", "content": PROMPT}]},
        {"model": "known", "messages": PROMPT, "service_tier": PROMPT},
        {"model": "known", "messages": [], "max_tokens": PROMPT},
        [PROMPT],
    ):
        answer = await w.ask(chat, *visitor.own, body=orjson.dumps(body))
        assert 400 <= answer.status < 500
    await w.ask(chat, *visitor.own, body=b'{"model": "' + PROMPT.encode())
    await w.ask(chat, *visitor.own, f"Content-Type: text/{FILLED}", body=BODY)
    async with await w.send(THINGS, *visitor.own, body=BODY, length=99_999_999) as connection:
        w.keep(await connection.read_answer())
    async with await w.send(THINGS, *visitor.own, body=BODY, length=len(BODY) + 1) as connection:
        assert w.keep(await connection.read_answer()).status == 408
    await w.ask(f"GET {OF_PAYWALL}/calls/{FILLED}", *visitor.own, body=None)
    await w.ask(f"GET {OF_PAYWALL}/calls?key={FILLED}", *visitor.own, body=None)


async def meet_the_owners_door(w: Leaks, visitor: Visitor) -> None:
    """Every refusal that a server of the owner can meet."""
    change = {"user_id": visitor.user_id, "type": "standard", "amount": 5, "op": "credit"}
    withdrawal = {"paywall_id": PAYWALL, "user_id": visitor.user_id, "tokens": 5}
    for key in (None, FILLED, PROVIDER_KEY, visitor.token, w.foreign_key):
        own = [f"X-Api-Key: {key}"] if key else []
        await w.ask(f"POST {OF_PAYWALL}/balances", *own, body=orjson.dumps(change))
        await w.ask(f"POST {API}/withdraw-tokens", *own, body=orjson.dumps(withdrawal))
    own = [f"X-Api-Key: {w.owner_key}"]
    for wrong in (
        *({"user_id": None}, {"user_id": FILLED}, {"user_id": {"a": PROMPT}}, {"type": FILLED}),
        *(
            {"type": PROMPT * 20},
            {"amount": PROMPT},
            {"op": PROMPT},
            {"op": "debit", "amount": 10**6},
        ),
    ):
        body = orjson.dumps({**change, **wrong})
        assert (await w.ask(f"POST {OF_PAYWALL}/balances", *own, body=body)).status >= 400
    for wrong in ({"user_id": None}, {"tokens": PROMPT}, {"tokens": 10**6}, {"token_type": FILLED}):
        body = orjson.dumps({**withdrawal, **wrong})
        assert (await w.ask(f"POST {API}/withdraw-tokens", *own, body=body)).status >= 400
    await w.ask(f"POST {OF_PAYWALL}/balances", *own, body=b"{" + PROMPT.encode())


async def meet_bad_providers(w: Leaks, visitor: Visitor) -> None:
    """A provider that cannot be reached, refuses our key, or says what nobody can pass on."""
    for provider_id in ("prov_gone", "prov_tls"):
        answer = await w.ask(f"POST {CALL}/{provider_id}/v1/things", *visitor.own, body=BODY)
        assert answer.json()["error"] == "provider_unreachable"
    broken = [
        Answer(before=[Cut()]),
        Answer(before=[Reset()]),
        Answer(raw_head=f"HTTP/1.1 200 OK\r\nbad header {SAID}\r\n\r\n".encode(), chunks=[Cut()]),
        Answer(raw_head=f"{SAID} {SAID}\r\n\r\n".encode(), chunks=[Cut()]),
        Answer(200, [("x-long", SAID * 5000)], [Cut()]),
        Answer(
            200, [("content-length", f"{len(SAID)}, 7")], [SAID.encode(), Cut()], framing="close"
        ),
        Answer(302, [("location", f"http://127.0.0.1/{SAID}")], [SAID.encode()]),
        *(saying(status) for status in (401, 402, 403, 407)),
    ]
    for answer in broken:
        w.provider.always(answer)  # a connection that dies without a word is tried once more
        assert (await w.ask(THINGS, *visitor.own, body=BODY)).status == 502
    w.provider.answers(Answer(before=[Wait(asyncio.Event())]))
    slow = f"POST {CALL}/prov_slow/v1/things"
    assert (await w.ask(slow, *visitor.own, body=BODY)).status == 504
    for status in (404, 429, 500, 503):
        w.provider.answers(saying(status))
        other = await w.sign_in()  # the second failure in ten minutes is one too many
        assert (await w.ask(THINGS, *other.own, body=BODY, due=(SAID,))).status == status
    for cut in (
        Answer(200, HEADERS, [SAID.encode(), Cut()]),
        Answer(200, HEADERS, [SAID.encode(), Cut()], framing="length", length=9999),
        Answer(200, HEADERS, [SAID.encode(), Raw(f"zz{SAID}\r\n".encode())]),
    ):
        w.provider.answers(cut)
        assert not (await w.ask(THINGS, *visitor.own, body=BODY, due=(SAID,))).complete
    w.provider.answers(Answer(200, HEADERS, [Cut()]))
    late = f"POST {CALL}/prov_late/v1/things"
    assert (await w.ask(late, *visitor.own, body=BODY)).status == 502


async def meet_templates(w: Leaks, visitor: Visitor) -> None:
    """What is asked behind a template is no page's business, whatever goes wrong with it."""
    ask = f"POST {CALL}/tpl_ask"
    for variables, code in (
        ({FILLED: PROMPT}, "template_variable"),
        ({}, "template_variable"),
        ({"question": PROMPT * 9}, "template_variable"),
        ([PROMPT], "invalid_request"),
    ):
        body = orjson.dumps({"variables": variables})
        assert (await w.ask(ask, *visitor.own, body=body)).json()["error"] == code
    await w.ask(ask, *visitor.own, body=b'{"variables": "' + PROMPT.encode())
    await w.ask(f"{ask}/{FILLED}", *visitor.own, body=BODY)
    await w.ask(f"{ask}?q={FILLED}", *visitor.own, body=BODY)
    await w.ask(f"POST {CALL}/tpl_{FILLED}", *visitor.own, body=BODY)
    await w.ask(f"POST {CALL}/prov_closed/v1/{FILLED}", *visitor.own, body=BODY)
    assert {"template_not_found", "templates_only"} <= w.codes
    body = orjson.dumps({"template": "tpl_ask", "variables": {"question": PROMPT}})
    for answer in (saying(404), saying(429), saying(500), saying(401)):
        w.provider.answers(answer)
        assert (await w.ask(ask, *(await w.sign_in()).own, body=body)).status == 502
    w.provider.answers(saying())
    answer = await w.ask(ask, *visitor.own, body=body, due=(SAID,))
    receipt = f"GET {OF_PAYWALL}/calls/{answer.header('x-call-id')}"
    assert (await w.ask(receipt, *visitor.own, body=None)).json()["provider_id"] == "tpl_ask"
    await w.ask(f"GET {OF_PAYWALL}/providers", *visitor.own, body=None)


async def meet_limits(w: Leaks) -> None:
    """An empty balance, failures of one's own, guesses of a code."""
    visitor = await w.sign_in()
    w.provider.answers(saying(400), saying(422))
    for _ in range(3):
        await w.ask(THINGS, *visitor.own, body=BODY, due=(SAID,))
    assert "too_many_failures" in w.codes
    visitor = await w.sign_in()
    await w.drain(visitor)
    assert (await w.ask(THINGS, *visitor.own, body=BODY)).status == 402
    redeem = f"POST {OF_PAYWALL}/vouchers/redeem"
    for code, status in [(w.voucher, 200), (FILLED, 404), (w.voucher, 429)]:
        answer = await w.ask(redeem, *visitor.own, body=orjson.dumps({"code": code}))
        assert answer.status == status


async def meet_repeats(w: Leaks, visitor: Visitor) -> None:
    """The same key while the first runs, for something else, and after it was charged."""
    keyed = (*visitor.own, f"Idempotency-Key: {FILLED}")
    go_on = asyncio.Event()
    w.provider.answers(Answer.sse(SAID.encode(), Wait(go_on), headers=HEADERS[:1]))
    async with await w.send(THINGS, *keyed, body=BODY) as first:
        head = await first.read_head()
        assert (await w.ask(THINGS, *keyed, body=BODY)).status == 409
        assert (await w.ask(THINGS, *keyed, body=BODY + b" ")).status == 422
        go_on.set()
        w.keep(await first.read_rest(head), due=(SAID,))
    while "call_already_charged" not in w.codes:
        assert (await w.ask(THINGS, *keyed, body=BODY)).status == 409


async def meet_the_lock(w: Leaks, visitor: Visitor) -> None:
    """The store takes nothing, and then somebody else has swept the call."""
    async with locked_store(w.settings):
        assert (await w.ask(THINGS, *visitor.own, body=BODY)).status == 503
    visitor = await w.sign_in()
    go_on = asyncio.Event()
    w.provider.answers(saying(before=[Wait(go_on)]))
    call = asyncio.create_task(w.ask(THINGS, *visitor.own, body=BODY))
    seen = len(w.provider.requests)
    while len(w.provider.requests) == seen:
        await w.provider.next_request()
    now = SystemClock().now_ms()
    await w.write(ledger.begin_epoch("epoch_other", now))
    await w.write(ledger.sweep("epoch_other", now, most=10))
    await w.drain(visitor)
    go_on.set()
    assert (await call).json()["error"] == "hold_lost"


async def meet_the_end(w: Leaks, visitor: Visitor) -> None:
    """The process stops while a call waits for its provider."""
    w.provider.answers(Answer(before=[Wait(asyncio.Event())]))
    call = asyncio.create_task(w.ask(THINGS, *visitor.own, body=BODY))
    seen = len(w.provider.requests)
    while len(w.provider.requests) == seen:
        await w.provider.next_request()
    w.process.terminate()
    assert (await call).json()["error"] == "busy"


@pytest.mark.timeout(110)
async def test_no_secret_and_no_prompt_is_told(tmp_path, store):
    """In answers, in logs, on the disk; every listed code is met on the way."""
    folder = tmp_path / "var"
    async with open_leaks(folder) as w:
        visitor = await w.sign_in()
        w.provider.answers(saying())
        await w.ask(THINGS, *visitor.own, body=BODY, due=(SAID,))
        await meet_wrong_forms(w, visitor)
        await meet_wrong_tokens(w, visitor)
        await meet_telegram(w)
        await meet_closed_doors(w, visitor)
        await meet_the_owners_door(w, visitor)
        await meet_bad_providers(w, visitor)
        await meet_templates(w, visitor)
        await meet_limits(w)
        await meet_repeats(w, visitor)
        await meet_the_lock(w, visitor)
        # While it runs the newest pages stand in the store's own log.
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        await meet_the_end(w, visitor)
        assert w.process.stdout is not None
        told = await w.process.stdout.read() + folder.with_suffix(".log").read_bytes()
        await w.process.wait()
        files |= {f"after/{path.name}": path.read_bytes() for path in folder.iterdir()}
        seen = [request.body + repr(request.headers).encode() for request in w.provider.requests]

    assert set(STATUS_OF) - w.codes == set()
    # The provider got what was meant for it, and the files and lines are those of this run.
    assert any(PROMPT.encode() in one and PROVIDER_KEY.encode() in one for one in seen)
    url = store.url(folder)
    if url is not None:
        files["the database"] = await everything_in(url)
    kept_in = ("tollbridge.db-wal", "after/tollbridge.db") if url is None else ("the database",)
    assert all(visitor.user_id.encode() in files[name] for name in kept_in)
    assert all(word in told for word in (b"internal error", b"invalid_token", b"traceback"))
    hidden = {name: secret.encode() for name, secret in w.secrets.items()}
    hidden |= {name: name.encode() for name in (PROMPT, FILLED, SAID)}
    hidden |= {
        "raw master key": MASTER_KEY,
        "encoded provider key": base64.b64encode(PROVIDER_KEY.encode()),
    }
    if url is not None:  # which tells bytes so
        hidden |= {f"hex of {name}": secret.hex().encode() for name, secret in hidden.items()}
    for name, secret in hidden.items():
        for file, content in {"logs": told, **files}.items():
            assert secret not in content, f"{name} in {file}"
    assert SPOILT.encode() not in told
    assert not any(word.encode() in told for word in SEALED)
