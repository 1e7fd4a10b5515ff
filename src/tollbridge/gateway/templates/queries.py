"""The statements about templates."""

import json
from typing import Any, NamedTuple

from tollbridge.gateway.database import Script, Statement
from tollbridge.gateway.ids import may_be_id
from tollbridge.gateway.templates.template import Template

_COLUMNS = "template_id, paywall_id, provider_id, path, body, variables, created_at"


class StoredTemplate(NamedTuple):
    """A template as it is stored.

    Attributes:
        created_at: Milliseconds since 1970; replacing a template does not change it.
    """

    template: Template
    created_at: int


def put_template(template: Template, now: int) -> Script[None]:
    """Write a template, in place of the one that has its id; paywall and provider must exist.

    Raises:
        ValueError: The id is taken by a template of another paywall. Nothing was changed.
    """
    rows = yield Statement(
        f"insert into templates ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7)"
        " on conflict (template_id) do update set provider_id = excluded.provider_id,"
        " path = excluded.path, body = excluded.body, variables = excluded.variables"
        " where templates.paywall_id = excluded.paywall_id returning template_id",
        (
            template.template_id,
            template.paywall_id,
            template.provider_id,
            template.path,
            json.dumps(template.body),  # in ASCII: not every store takes every character
            json.dumps(template.variables),
            now,
        ),
    )
    if not rows:
        raise ValueError(f"the id {template.template_id!r} belongs to another paywall's template")


def find_template(template_id: str) -> Script[StoredTemplate | None]:
    """Read a template, or None."""
    if not may_be_id(template_id):
        return None
    rows = yield Statement(
        f"select {_COLUMNS} from templates where template_id = $1", (template_id,)
    )
    return _stored(rows[0]) if rows else None


def list_templates(paywall_id: str | None = None) -> Script[list[StoredTemplate]]:
    """Read the templates of a paywall, or of all of them, in the order of their ids."""
    if paywall_id is None:
        rows = yield Statement(f"select {_COLUMNS} from templates order by template_id")
    else:
        rows = yield Statement(
            f"select {_COLUMNS} from templates where paywall_id = $1 order by template_id",
            (paywall_id,),
        )
    return [_stored(row) for row in rows]


def remove_template(template_id: str) -> Script[bool]:
    """Delete a template; returns False where there is none of this id."""
    rows = yield Statement(
        "delete from templates where template_id = $1 returning template_id", (template_id,)
    )
    return bool(rows)


def _stored(row: tuple[Any, ...]) -> StoredTemplate:
    template_id, paywall_id, provider_id, path, body, variables, created_at = row
    template = Template(
        template_id, paywall_id, provider_id, path, json.loads(body), json.loads(variables)
    )
    return StoredTemplate(template, created_at)
