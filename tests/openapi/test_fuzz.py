"""A fuzzer that reads the document asks whatever it allows, and whatever it does not."""

import asyncio
import warnings

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.scripted_provider import Answer
from tests.support.world import PAYWALL, PROVIDER, open_world
from tollbridge.gateway.openapi.document import codes_of
from tollbridge.gateway.openapi.operations import OPERATIONS
from tollbridge.wire.codes import STATUS_OF

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

TEMPLATE = "tpl_say"
SHORT, LONG = 25, 1000
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


RIGHTLY = list(OPERATIONS)
WRONGLY = [one for one in OPERATIONS if "{" in one.path or one.takes or one.query]


def name_of(operation):
    """Return what an operation is called."""
    return operation.name


@pytest.fixture
def examples(request):
    """Give how many requests are made of each kind."""
    return LONG if request.config.getoption("--long") else SHORT


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize("operation", RIGHTLY, ids=name_of)
async def test_nothing_is_answered_that_the_document_lacks(tmp_path, store, operation, examples):
    """No status, no code, no shape, where an operation is asked as it wants; on either store."""
    await fuzz(tmp_path, operation, GenerationMode.POSITIVE, examples)


@pytest.mark.parametrize("operation", WRONGLY, ids=name_of)
async def test_nor_when_it_is_asked_wrongly(tmp_path, store, operation, examples):
    """And never `internal_error`; the stores differ in what they can hold, so on both."""
    await fuzz(tmp_path, operation, GenerationMode.NEGATIVE, examples)


async def fuzz(folder, operation, mode, examples):
    """Ask a world of its own for an operation, so many times."""
    async with open_world(folder) as world:
        world.provider.always(Answer.json({"ok": True}))
        visitor, key = await world.sign_in(), await world.add_key()
        await world.grant(visitor, 100_000)
        await world.add_template(
            TEMPLATE, body={"say": ["{{a}}", "{{b}}"]}, variables={"a": 3, "b": 100}
        )
        door = _Door(world.url, visitor, key)
        await asyncio.to_thread(_fuzz, door, operation, mode, examples)
        assert await world.verify() == []


class _Door:
    """What a fuzzer may know: ids that exist, and what opens them."""

    def __init__(self, url, visitor, key):
        self.url = url
        self.visitor = visitor
        self.key = key

    def furnish(self, case, operation, number):
        """Give a case ids and keys that are real, in three of four cases."""
        case.headers = dict(case.headers or {})
        if number % 4 == 3:
            return
        called_id = TEMPLATE if number % 4 == 1 else PROVIDER
        for name, value in (("paywall_id", PAYWALL), ("provider_id", called_id)):
            if name in case.path_parameters:
                case.path_parameters[name] = value
            if name == "paywall_id" and "paywall_id" in operation.query:
                case.query = {**(case.query or {}), name: value}
        if "path" in case.path_parameters and number % 2 == 0:
            case.path_parameters["path"] = "v1/things"
        case.headers.pop("X-Paywall-Id", None)
        if "token" in operation.auth:
            case.headers["Authorization"] = f"Bearer {self.visitor.token}"
        elif "ownerKey" in operation.auth:
            case.headers["X-Api-Key"] = self.key
            if isinstance(case.body, dict) and "user_id" in case.body:
                case.body["user_id"] = self.visitor.user_id
                case.body.update({"paywall_id": PAYWALL} if "paywall_id" in case.body else {})


def _fuzz(door, operation, mode, examples):
    schema = schemathesis.openapi.from_url(f"{door.url}/openapi.json")
    schema.config.generation.update(modes=[mode])
    described = schema[operation.path][operation.method]
    numbers = iter(range(10**9))

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described.as_strategy(generation_mode=mode))
    def ask(case):
        door.furnish(case, operation, next(numbers))
        response = case.call(base_url=door.url, timeout=20)
        case.validate_response(response, checks=CHECKS)
        _check_code(operation, response)

    ask()


def _check_code(operation, response):
    if response.headers.get("x-error-source", ["gateway"])[0] == "provider":
        return
    if response.status_code < 400:
        return
    body = response.json()
    code = body.get("code") or body["error"]
    assert code != "internal_error", body
    assert STATUS_OF[code] == response.status_code
    # A filled-in id that holds a slash, or nothing, is another path.
    assert code in codes_of(operation) | {"not_found"}, body
