"""The OpenAPI 3.1 document, put together from `operations.py` and `schemas.py`. No I/O."""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import tollbridge
from tollbridge.gateway.openapi.operations import ANYWHERE, OPERATIONS, Operation
from tollbridge.gateway.openapi.schemas import SCHEMAS, ref
from tollbridge.wire.codes import status_of
from tollbridge.wire.paths import TEMPLATE_PREFIX, WITHDRAW_TOKENS

SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "A user's access token."},
    "ownerKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
}
HEADERS = {
    "X-Paywall-Id": "The paywall, where the address does not name it.",
    "X-User-Id": "Whom the owner's key acts for, where there is no token.",
    "Idempotency-Key": "1 to 255 visible ASCII characters; the same key is charged once.",
}
# What these must be, a provider decides; perhaps nothing.
BY_THE_PROVIDER = ("Anything", "ProviderOrTemplateCall")
_PROVIDER_ID = f"Of a provider, or of a template: {TEMPLATE_PREFIX}…"
_EXAMPLES = {"provider_id": "prov_demo_chat", "path": "v1/chat/completions"}
_ID = {"type": "string", "minLength": 1, "maxLength": 64}


def make_document(server_url: str) -> dict[str, Any]:
    """Return the document of a gateway at `server_url`."""
    described: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        described.setdefault(operation.path, {})[operation.method.lower()] = _describe(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tollbridge gateway",
            "version": tollbridge.__version__,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server_url}],
        "paths": described,
        "components": {"schemas": SCHEMAS, "securitySchemes": SECURITY},
    }


def codes_of(operation: Operation) -> set[str]:
    """Return every code that an operation may answer."""
    return {*ANYWHERE, *operation.codes}


def _describe(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.says,
        "parameters": [*_parameters(operation)],
        "responses": _responses(operation),
        "security": [{name: []} for name in operation.auth],
    }
    if operation.takes:
        described["requestBody"] = {
            "required": operation.takes not in BY_THE_PROVIDER,
            "content": {"application/json": {"schema": ref(operation.takes)}},
        }
    return described


def _parameters(operation: Operation) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", operation.path):
        schema = {"type": "string", "minLength": 1} if name == "path" else _ID
        found: dict[str, Any] = {"name": name, "in": "path", "required": True, "schema": schema}
        if name == "provider_id":
            found["description"] = _PROVIDER_ID
        yield {**found, "example": _EXAMPLES[name]} if name in _EXAMPLES else found
    for name in operation.query:
        required = name == "key"
        yield {"name": name, "in": "query", "required": required, "schema": {"type": "string"}}
    for name in operation.headers:
        yield {
            "name": name,
            "in": "header",
            "description": HEADERS[name],
            "schema": {"type": "string"},
        }


def _responses(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    if operation.answers:
        responses["200"] = _json("It is done.", ref(operation.answers))
    else:
        for kind in ("2XX", "4XX", "5XX"):
            responses[kind] = {"description": "What the provider answered, as it is."}
    for status, codes in _by_status(codes_of(operation)):
        old = operation.path == WITHDRAW_TOKENS
        name, field = ("OldError", "code") if old else ("Error", "error")
        listed = {"properties": {field: {"enum": codes}}}
        schema = {"allOf": [ref(name), listed]}
        if not operation.answers:  # a provider may answer the same status in words of its own
            schema = {"anyOf": [schema, {}]}
        responses[str(status)] = _json(", ".join(codes), schema)
    return responses


def _by_status(codes: Iterable[str]) -> Iterable[tuple[int, list[str]]]:
    for status, found in groupby(sorted(codes, key=status_of), key=status_of):
        yield status, sorted(found)


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
