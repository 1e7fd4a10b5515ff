"""The document lists what there is: every path, every method, every code."""

import re

import pytest

from tests.support.world import open_world
from tollbridge.gateway.openapi import make_document
from tollbridge.gateway.openapi.operations import ANYWHERE, OPERATIONS
from tollbridge.gateway.routes import routes
from tollbridge.wire.codes import STATUS_OF
from tollbridge.wire.paths import GATEWAY

# For whoever watches the process, in a text form that is not ours.
NOT_IN_IT = {("GET", "/metrics")}


def listed():
    """Return every (method, path) of the document."""
    described = make_document("http://gw")["paths"]
    return {(m.upper(), path) for path, methods in described.items() for m in methods}


def test_every_route_is_in_it():
    """And nothing that is no route, but the metered call, which is matched before them."""
    endpoints = [_Anything()] * (routes.__code__.co_argcount)
    found = {
        (method, re.sub(r":\w+}", "}", route.path))
        for route in routes(*endpoints)
        for method in route.methods - {"HEAD"}
    }
    calls = {entry for entry in listed() if entry[1].startswith(GATEWAY)}
    assert found - NOT_IN_IT == listed() - calls
    assert calls == {
        (method, path)
        for method in ("GET", "POST")
        for path in (f"{GATEWAY}/{{provider_id}}", f"{GATEWAY}/{{provider_id}}/{{path}}")
    }


class _Anything:
    """Has whatever attribute a route asks for; routes are listed, not called."""

    def __getattr__(self, name):
        async def endpoint(request):
            raise AssertionError("a route is listed here, not called")

        return endpoint


def test_every_code_is_in_it():
    """A code that no operation lists would be one that nobody can be ready for."""
    codes = {code for operation in OPERATIONS for code in operation.codes} | set(ANYWHERE)
    assert codes | {"not_found"} == set(STATUS_OF)


async def test_it_is_served(tmp_path):
    """Public, and cached for a while."""
    async with open_world(tmp_path) as world, world.client.get(f"{world.url}/openapi.json") as got:
        assert got.status == 200
        assert (await got.json()) == make_document(world.gateway.settings.issuer)
        assert "max-age" in got.headers["Cache-Control"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_each_operation_has_its_own_name(operation):
    """Generators of clients make functions of them."""
    assert [o.name for o in OPERATIONS].count(operation.name) == 1
