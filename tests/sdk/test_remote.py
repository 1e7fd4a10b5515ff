"""One session for several contexts: what may be asked, what is told, and errors on their way."""

import asyncio
import json

from tests.support.everywhere.contract import PAYWALL, PROVIDER, Contract, json_answer, refusal
from tests.support.everywhere.heard import Heard
from tests.support.everywhere.lines import Hidden, OtherContext
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import cases, raises, reported
from tollbridge.sdk import (
    AbortedError,
    ApiGatewayClient,
    Balance,
    ConfigError,
    NetworkError,
    PaywallError,
    ProviderError,
    QuotaExceededError,
    SessionError,
)
from tollbridge.sdk.remote import (
    Caller,
    Kind,
    QuotaNews,
    RemoteStorage,
    Server,
    failure_from_json,
    failure_to_json,
)


async def echo(*, text: str) -> str:
    """Return what it was asked."""
    return text


def talking(kinds: "dict[str, Kind]") -> "tuple[Server, OtherContext]":
    """Return a server of these kinds and a context with a line to it."""
    server, context = Server(), OtherContext()
    server.offer(kinds)
    context.connect(server)
    return server, context


async def test_an_answer_comes_to_who_asked() -> None:
    """Requests run beside each other, and each gets its own result."""
    server, context = talking({"echo": Kind(echo, text=str)})
    other = OtherContext()
    other.connect(server)
    answers = await asyncio.gather(
        context.caller.ask("echo", text="größe €"),
        context.caller.ask("echo", text=""),
        other.caller.ask("echo", text="of the other"),
    )
    assert list(answers) == ["größe €", "", "of the other"]
    assert len(context.heard) == 2


@cases(
    ("kind", "params"),
    [
        ("nobody", {}),
        ("echo", {}),
        ("echo", {"text": "x", "more": 1}),
        ("echo", {"text": 1}),
        ("echo", {"text": None}),
        ("count", {"number": True}),
        ("count", {"number": "1"}),
    ],
)
async def test_what_is_not_listed_is_refused(kind: str, params: dict) -> None:
    """EXT-M8: an unknown kind, a parameter too few or too many, or of another type."""

    async def count(*, number: int) -> int:
        return number

    _, context = talking({"echo": Kind(echo, text=str), "count": Kind(count, number=int)})
    with raises(ConfigError) as caught:
        await context.caller.ask(kind, **params)
    assert caught.value.code == "invalid_argument"


@cases("text", ["", "{", "[]", "null", '{"request": true}', '{"event": 1}', '{"response": 0}', 7])
async def test_what_is_no_message_is_passed_over(text: object) -> None:
    """It stops neither end, and nobody answers it."""
    server, context = talking({"echo": Kind(echo, text=str)})
    context.caller.hear(text)
    server.lines[0].hear(text)
    assert await context.caller.ask("echo", text="on") == "on"
    assert len(context.heard) == 1


async def test_a_bug_is_reported_where_it_is_and_says_nothing_elsewhere() -> None:
    """The other end learns that there was one, and none of its words."""

    async def broken() -> None:
        raise LookupError("a secret")

    _, context = talking({"broken": Kind(broken)})
    with reported() as errors, raises(PaywallError) as caught:
        await context.caller.ask("broken")
    assert caught.value.code == "unknown"
    assert "secret" not in context.heard[0]
    assert [str(error) for error in errors] == ["a secret"]


@cases(
    ("error", "kind"),
    [
        (PaywallError("rate_limited", "Wait.", status=429, retry_after_s=7), PaywallError),
        (PaywallError("voucher_invalid", "No.", status=404, details={"a": [1]}), PaywallError),
        (SessionError("session_ended", "Sign in.", status=401, request_id="req_1"), SessionError),
        (ProviderError("http_500", "Theirs.", status=500, call_id="call_1"), ProviderError),
        (NetworkError("No answer."), NetworkError),
        (AbortedError("Stopped."), AbortedError),
        (ConfigError("invalid_config", "Wrong."), ConfigError),
    ],
)
async def test_an_error_is_rebuilt_as_itself(error: PaywallError, kind: type) -> None:
    """EXT-M8: class, code, status and details are those that were raised."""
    crossed = failure_from_json(json.loads(json.dumps(failure_to_json(error))))
    assert type(crossed) is kind
    for name in ("code", "message", "status", "details", "request_id", "call_id", "retry_after_s"):
        assert getattr(crossed, name) == getattr(error, name)


@cases("told", [None, "x", {}, {"type": "quota", "balances": 1, "held": "2"}, {"status": "5"}])
async def test_an_error_that_cannot_be_read_is_one_all_the_same(told: object) -> None:
    """Whoever asked must not wait for ever."""
    assert isinstance(failure_from_json(told), PaywallError)


async def test_a_402_crosses_with_its_balances(signed_in: Page, contract: Contract) -> None:
    """EXT-M8: caught by its class at the other end, where a dialog opens on it."""
    await signed_in.billing.get_balances()
    await contract.change(-20)
    hidden = Hidden(signed_in)
    context = hidden.connect()
    heard = Heard()
    undo = QuotaNews(context.caller).on_quota(heard)
    with raises(QuotaExceededError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER)
    hidden.server.tell("quota", failure_to_json(caught.value))
    (error,) = heard.told
    assert isinstance(error, QuotaExceededError)
    assert error.balances == caught.value.balances
    assert error.current_balance == Balance("standard", 0, 2, 20)
    assert (error.query_type, error.held, error.hint) == ("standard", 2, "grant 5")
    undo()
    hidden.server.tell("quota", failure_to_json(caught.value))
    assert len(heard.told) == 1
    await hidden.aclose()


async def test_a_view_knows_who_is_signed_in_and_no_token(signed_in: Page) -> None:
    """EXT-M2: what is told by itself has the user and the balances, and neither token."""
    await signed_in.billing.get_balances()
    hidden = Hidden(signed_in)
    context = hidden.connect()
    session, here = signed_in.auth.get_cached_session(), context.auth.get_cached_session()
    assert session is not None
    assert here is not None
    assert here.is_users(session)
    assert context.auth.get_cached_user() is here.user
    assert (here.access_token, here.refresh_token) == (None, "")
    assert context.billing.get_cached_balances() == signed_in.billing.get_cached_balances()
    assert session.refresh_token not in "".join(context.heard)
    assert str(session.access_token) not in "".join(context.heard)
    await hidden.aclose()


async def test_a_gateway_client_of_a_view_calls_with_the_hidden_session(
    signed_in: Page, contract: Contract
) -> None:
    """EXT-M2: as the seed's content script does: `ApiGatewayClient(auth=…)` of the SDK itself."""
    await contract.answers("call", [json_answer({"words": "yes"})])
    hidden = Hidden(signed_in)
    context = hidden.connect()
    gateway = ApiGatewayClient(
        paywall_id=PAYWALL,
        api_origin=signed_in.origin,
        auth=context.auth,
        transport=signed_in.transport,
    )
    response = await gateway.call(provider_id=PROVIDER)
    assert await response.json() == {"words": "yes"}
    (sent,) = await contract.requests_to("call")
    session = signed_in.auth.get_cached_session()
    assert session is not None
    assert sent.headers["authorization"] == f"Bearer {session.access_token}"
    await hidden.aclose()


async def test_two_views_with_an_expired_token_renew_it_once(
    signed_in: Page, contract: Contract
) -> None:
    """EXT-M2: each of their calls is refused and sent again; the gateway is asked once."""
    hidden = Hidden(signed_in)
    gateways = [
        ApiGatewayClient(
            paywall_id=PAYWALL,
            api_origin=signed_in.origin,
            auth=hidden.connect().auth,
            transport=signed_in.transport,
        )
        for _ in range(3)
    ]
    await contract.expire_access()
    answers = await asyncio.gather(*[one.call(provider_id=PROVIDER) for one in gateways])
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert await contract.count("refresh") == 1
    await hidden.aclose()


async def test_a_late_refusal_renews_nothing(signed_in: Page, contract: Contract) -> None:
    """EXT-M2: whose token is not the hidden one any more, gets the new one and asks nobody."""
    hidden = Hidden(signed_in)
    late, early = hidden.connect(), hidden.connect()
    old = await late.auth.get_access_token()
    assert await early.auth.get_access_token() == old
    assert await early.auth.refresh() is not None
    assert await late.auth.refresh() is not None
    assert await late.auth.get_access_token() == await early.auth.get_access_token() != old
    assert await contract.count("refresh") == 1
    await hidden.aclose()


async def test_a_view_signs_in_and_out(page: Page) -> None:
    """The session is everybody's: who comes later finds it, and a sign-out reaches all."""
    hidden = Hidden(page)
    one, other = hidden.connect(), hidden.connect()
    assert await one.auth.get_access_token() is None
    session = await one.auth.sign_in_anonymously()
    assert session.user is not None
    assert other.auth.get_cached_user() is not None
    await other.auth.sign_out()
    assert one.auth.get_cached_session() is None
    assert page.auth.get_cached_session() is None
    await hidden.aclose()


async def test_a_view_counts_and_redeems(signed_in: Page, contract: Contract) -> None:
    """Its counter follows the hidden one, and its reading is that one's."""
    hidden = Hidden(signed_in)
    context = hidden.connect()
    shown = Heard()
    context.billing.on_balance_change(lambda rows: shown(rows[0].count))
    assert (await context.billing.get_balances())[0].count == 20
    await contract.change(-3)
    assert (await context.billing.refresh_balances())[0].count == 17
    assert shown.told == [20, 17]
    await contract.answers("redeem", [refusal("voucher_invalid", "No.", 404)])
    with raises(PaywallError) as caught:
        await context.billing.redeem_voucher("NOSUCHCODE")
    assert (caught.value.code, caught.value.status) == ("voucher_invalid", 404)
    await hidden.aclose()


async def test_what_is_asked_without_a_line_is_asked_when_there_is_one() -> None:
    """Nothing is lost in between; who waited when a line went is told so."""
    forever = asyncio.Event()

    async def wait() -> None:
        await forever.wait()

    server, context = talking({"echo": Kind(echo, text=str), "wait": Kind(wait)})
    waiting = asyncio.create_task(context.caller.ask("wait"))
    await asyncio.sleep(0)
    context.lose()
    with raises(NetworkError):
        await waiting
    asked = asyncio.create_task(context.caller.ask("echo", text="later"))
    await asyncio.sleep(0)
    context.connect(server)
    assert await asked == "later"
    await server.aclose()


async def test_what_nobody_waits_for_has_no_answer() -> None:
    """`tell` asks for something to be done; the line stays quiet."""
    done = Heard()

    async def note(*, text: str) -> None:
        done(text)

    _, context = talking({"note": Kind(note, text=str)})
    context.caller.tell("note", text="this")
    await done.until("this")
    await asyncio.sleep(0)
    assert context.heard == []


async def test_a_storage_at_the_other_end_keeps_text() -> None:
    """Whoever has it answers three kinds, by area and key."""
    kept = {}

    async def get(*, area: str, key: str) -> "str | None":
        return kept.get(area + key)

    async def put(*, area: str, key: str, value: str) -> None:
        kept[area + key] = value

    async def remove(*, area: str, key: str) -> None:
        kept.pop(area + key, None)

    _, context = talking(
        {
            "storage.get": Kind(get, area=str, key=str),
            "storage.set": Kind(put, area=str, key=str, value=str),
            "storage.remove": Kind(remove, area=str, key=str),
        }
    )
    storage = RemoteStorage(context.caller, area="local")
    assert await storage.get_item("a") is None
    await storage.set_item("a", "text")
    assert await storage.get_item("a") == "text"
    assert kept == {"locala": "text"}
    await storage.remove_item("a")
    assert await storage.get_item("a") is None


async def test_a_listener_is_told_until_it_leaves() -> None:
    """One kind is not another, and a listener's bug is its own."""
    caller, heard = Caller(), Heard()

    def broken(payload: object) -> None:
        raise LookupError(payload)

    caller.on("news", broken)
    undo = caller.on("news", heard)
    with reported() as errors:
        caller.hear('{"event": "news", "payload": 1}')
        caller.hear('{"event": "other", "payload": 2}')
        undo()
        undo()
        caller.hear('{"event": "news", "payload": 3}')
    assert heard.told == [1]
    assert len(errors) == 2
