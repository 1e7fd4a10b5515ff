"""Refusals come in one order: form, origin, token, paywall, provider, policy, body, hold.

Every request here is wrong in two ways at once; it is told of the earlier one.
"""

from dataclasses import dataclass, field, replace
from itertools import combinations

import pytest

from tests.support.scripted_provider import Answer
from tests.support.world import CALL, open_world
from tollbridge.gateway.paywalls import Paywall
from tollbridge.gateway.paywalls.queries import store_paywall

HOME = "https://app.example"


@dataclass(frozen=True)
class Asked:
    """A request that is in order until something is changed in it."""

    token: str
    other_token: str
    provider_id: str = "prov_things"
    path: str = "v1/things"
    origin: str = HOME
    body: bytes = b"{}"
    user_ids: tuple[str, ...] = field(default=())

    def lines(self):
        """Return the request line and the headers."""
        return (
            f"POST /api/v1/api-gateway/{self.provider_id}/{self.path} HTTP/1.1",
            f"Authorization: Bearer {self.token}",
            "X-Paywall-Id: pw_test",
            f"Origin: {self.origin}",
            "Content-Type: application/json",
            f"Content-Length: {len(self.body)}",
            *(f"X-User-Id: {user_id}" for user_id in self.user_ids),
        )


# What can be wrong, in the order in which it is told.
MISTAKES = {
    "form": (lambda asked: replace(asked, user_ids=("a", "b")), 400, "invalid_request"),
    "origin": (lambda asked: replace(asked, origin="https://x.example"), 403, "origin_not_allowed"),
    "token": (lambda asked: replace(asked, token="nonsense"), 401, "invalid_token"),
    "paywall": (lambda asked: replace(asked, token=asked.other_token), 400, "paywall_mismatch"),
    "provider": (lambda asked: replace(asked, provider_id="prov_x"), 404, "provider_not_found"),
    "policy": (lambda asked: replace(asked, path="v2/x"), 403, "path_not_allowed"),
    "body": (lambda asked: replace(asked, body=b" " * 200), 413, "body_too_large"),
}


async def ask(world, asked):
    """Send the request; return status and code of what came back."""
    line, *headers = asked.lines()
    async with await world.connect() as connection:
        await connection.request(line, *headers, body=asked.body)
        answer = await connection.read_answer()
    assert answer.header("access-control-allow-origin") == asked.origin
    return answer.status, answer.json()["error"]


@pytest.fixture
async def asked(world):
    """A request whose paywall lists one origin and whose user has no credits, hence a 402."""
    types = {"standard": 20}
    await world.write(store_paywall(Paywall("pw_test", origins=(HOME,), query_types=types)))
    await world.add_paywall("pw_other")
    await world.add_provider(max_body_bytes=100)
    visitor, other = await world.sign_in(), await world.sign_in("pw_other")
    await world.drain(visitor, 0)
    return Asked(visitor.token, other.token)


async def test_the_earlier_mistake_is_told(world, asked):
    """Each pair of mistakes, and each mistake at an empty balance."""
    assert await ask(world, asked) == (402, "not-enough-queries")
    for change, *told in MISTAKES.values():
        assert await ask(world, change(asked)) == tuple(told)
    for (earlier, *told), (later, *_) in combinations(MISTAKES.values(), 2):
        assert await ask(world, earlier(later(asked))) == tuple(told)
    assert world.provider.requests == []


async def test_a_mistake_of_the_body_precedes_the_hold(tmp_path):
    """A model that is not allowed is no call: nothing is held, no row is written."""
    async with open_world(tmp_path) as world:
        await world.add_provider("prov_chat", preset="openai-compatible", models=("good",))
        visitor = await world.sign_in()
        world.provider.always(Answer.json({}))
        path, typed = "v1/chat/completions", {"Content-Type": "application/json"}
        for body, code in [
            (b'{"model": "bad"}', "model_not_allowed"),
            (b'{"model": "good", "model": "bad"}', "invalid_request"),
            (b"{", "invalid_request"),
            (b"", "invalid_request"),
        ]:
            calling = world.call(visitor, path, provider_id="prov_chat", data=body, headers=typed)
            async with calling as answer:
                assert (await answer.json())["error"] == code
        for media_type in ("text/plain", "multipart/form-data; boundary=x", ""):
            typed = {"Content-Type": media_type}
            for body in (b'{"model": "bad"}', b""):
                calling = world.call(
                    visitor, path, provider_id="prov_chat", data=body, headers=typed
                )
                async with calling as answer:
                    assert (answer.status, (await answer.json())["error"]) == (
                        415,
                        "unsupported_body",
                    )
        assert world.provider.requests == []
        assert await world.balance(visitor) == 20


@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        (f"PUT {CALL}/v1/things HTTP/1.1", 405, "method_not_allowed"),
        (f"POST {CALL}/v1/../things HTTP/1.1", 403, "path_not_allowed"),
        (f"POST {CALL}/v1/things?paywall_id=pw_other HTTP/1.1", 400, "paywall_mismatch"),
        (f"POST {CALL}/v1/%zz HTTP/1.1", 400, "invalid_request"),
        ("POST /api/v1/api-gateway/pr%20ov/v1/things HTTP/1.1", 400, "invalid_request"),
    ],
)
async def test_form_is_the_first_of_all(world, line, status, code):
    """Whoever calls, and for whichever paywall: the form of a request needs no look-up."""
    async with await world.connect() as connection:
        await connection.request(line, "X-Paywall-Id: pw_unknown", "Content-Length: 0")
        answer = await connection.read_answer()
    assert (answer.status, answer.json()["error"]) == (status, code)
