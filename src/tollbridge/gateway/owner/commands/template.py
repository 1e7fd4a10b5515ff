"""`tollbridge template`: what a page may have asked without saying it."""

import json
from pathlib import Path
from typing import Any

import click

from tollbridge.gateway.clock import rfc3339
from tollbridge.gateway.owner.commands.printing import columns, show
from tollbridge.gateway.owner.commands.running import Open, data_dir_option, json_option, run
from tollbridge.gateway.owner.templates import add_template, drop_template, need_template
from tollbridge.gateway.paywalls import need_paywall
from tollbridge.gateway.templates import Shorthand, list_templates
from tollbridge.gateway.templates.queries import StoredTemplate


@click.group()
def template() -> None:
    """Templates: a page sends texts, and what is asked with them stays here."""


@template.command()
@click.argument("template_id", metavar="ID")
@click.option("--paywall", "paywall_id", required=True, metavar="ID")
@click.option("--provider", "provider_id", required=True, metavar="ID", help="Who is asked.")
@click.option(
    "--variable",
    "variables",
    multiple=True,
    metavar="NAME=MAX_CHARS",
    callback=lambda ctx, parameter, value: read_variables(value),
    help="A text that the page sends for {{NAME}}, and its most characters; repeat.",
)
@click.option(
    "--path",
    default="",
    help="The provider's path, such as v1/things; may be left out where there is only one.",
)
@click.option(
    "--body", type=click.File("rb"), help="A file with the JSON body; - reads the standard input."
)
@click.option("--model", help="Instead of --body, with --user.")
@click.option("--user", help="What the user says: a text with {{NAME}} in it.")
@click.option("--system", help="What comes before it.")
@click.option("--max-output-tokens", type=click.IntRange(1), metavar="N")
@click.option("--stream", is_flag=True, help="The answer comes as it is written.")
@data_dir_option
@json_option
def add(
    template_id: str,
    paywall_id: str,
    provider_id: str,
    variables: dict[str, int],
    path: str,
    data_dir: Path | None,
    as_json: bool,
    **prompt: Any,
) -> None:
    """Add a template, or replace the one that has its id; a running gateway uses it within 2 s."""
    body = read_body(**prompt)

    async def work(store: Open) -> tuple[StoredTemplate, bool]:
        script = add_template(
            template_id,
            store.now,
            paywall_id=paywall_id,
            provider_id=provider_id,
            body=body,
            variables=variables,
            path=path,
        )
        return await store.database.write(script)

    stored, replaced = run(data_dir, work)
    said = f"Template {template_id} is {'replaced' if replaced else 'added'}."
    show(described(stored), [said, *_lines(stored)], as_json=as_json)


@template.command("list")
@click.option("--paywall", "paywall_id", metavar="ID", help="Only this paywall's.")
@data_dir_option
@json_option
def list_(paywall_id: str | None, data_dir: Path | None, as_json: bool) -> None:
    """List templates."""

    async def work(store: Open) -> list[StoredTemplate]:
        if paywall_id is not None:
            await store.database.read(need_paywall(paywall_id))
        return await store.database.read(list_templates(paywall_id))

    found = run(data_dir, work)
    headings = ("template", "paywall", "provider", "path", "variables")
    rows = [
        (
            *(one.template.template_id, one.template.paywall_id, one.template.provider_id),
            *(one.template.path or "/", _variables(one) or None),
        )
        for one in found
    ]
    show(
        {"templates": [described(one) for one in found]},
        columns(headings, rows) if rows else ["No templates."],
        as_json=as_json,
    )


@template.command("show")
@click.argument("template_id", metavar="ID")
@data_dir_option
@json_option
def show_(template_id: str, data_dir: Path | None, as_json: bool) -> None:
    """Show a template with its body."""

    async def work(store: Open) -> StoredTemplate:
        return await store.database.read(need_template(template_id))

    found = run(data_dir, work)
    body = json.dumps(found.template.body, indent=2, ensure_ascii=False)
    said = [f"Template {template_id}", *_lines(found), "", body]
    show(described(found), said, as_json=as_json)


@template.command()
@click.argument("template_id", metavar="ID")
@data_dir_option
@json_option
def remove(template_id: str, data_dir: Path | None, as_json: bool) -> None:
    """Delete a template; calls of it are refused within 2 s."""

    async def work(store: Open) -> None:
        await store.database.write(drop_template(template_id))

    run(data_dir, work)
    show(
        {"id": template_id, "removed": True},
        [f"Template {template_id} is removed."],
        as_json=as_json,
    )


def read_variables(given: tuple[str, ...]) -> dict[str, int]:
    """Read the `--variable` options as names with their most characters."""
    variables: dict[str, int] = {}
    for text in given:
        name, separator, chars_max = text.partition("=")
        if not separator or not (chars_max.isascii() and chars_max.isdigit()):
            raise click.BadParameter(f"write NAME=MAX_CHARS, such as question=2000, not {text!r}")
        if name in variables:
            raise click.BadParameter(f"{name!r} is there twice")
        variables[name] = int(chars_max)
    return variables


def read_body(
    *,
    body: Any,
    model: str | None,
    user: str | None,
    system: str | None,
    max_output_tokens: int | None,
    stream: bool,
) -> bytes | Shorthand:
    """Return what was given of a body: a file's bytes, or a prompt in short form."""
    if body is not None:
        if stream or any(one is not None for one in (model, user, system, max_output_tokens)):
            raise click.UsageError("--body says everything; give no prompt beside it")
        content: bytes = body.read()
        return content
    if model is None or user is None:
        raise click.UsageError("give a --body, or --model and --user")
    return Shorthand(model, user, system or "", max_output_tokens, stream)


def described(stored: StoredTemplate) -> dict[str, Any]:
    """Return a template as JSON shows it to its owner."""
    found = stored.template
    return {
        "id": found.template_id,
        "paywall_id": found.paywall_id,
        "provider_id": found.provider_id,
        "path": found.path,
        "variables": dict(found.variables),
        "body": dict(found.body),
        "created_at": rfc3339(stored.created_at),
    }


def _variables(stored: StoredTemplate) -> str:
    return ", ".join(f"{name}={most}" for name, most in stored.template.variables.items())


def _lines(stored: StoredTemplate) -> list[str]:
    found = stored.template
    return columns(
        ("", ""),
        [
            ("  provider", found.provider_id),
            ("  path", found.path or "/"),
            ("  variables", _variables(stored) or None),
        ],
    )[1:]
