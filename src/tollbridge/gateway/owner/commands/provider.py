"""`tollbridge provider`: what the gateway forwards to."""

import sys
from pathlib import Path
from typing import Any

import click

from tollbridge.gateway.clock import rfc3339
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.owner.commands.printing import columns, show
from tollbridge.gateway.owner.commands.provider_options import (
    CLOSED,
    options_of_a_provider,
    read_key,
)
from tollbridge.gateway.owner.commands.running import (
    Open,
    data_dir_option,
    json_option,
    open_sealer,
    run,
)
from tollbridge.gateway.owner.probe import Finding, probe
from tollbridge.gateway.owner.providers import add_provider, need_provider, rotate_key
from tollbridge.gateway.paywalls import need_paywall
from tollbridge.gateway.providers.presets import make_provider
from tollbridge.gateway.providers.provider import Provider
from tollbridge.gateway.providers.queries import (
    StoredProvider,
    list_providers,
    set_enabled,
    set_only_templates,
)
from tollbridge.gateway.providers.registry import open_provider


@click.group()
def provider() -> None:
    """Providers: the HTTP APIs that a paywall's users call, with their keys."""


@provider.command()
@click.argument("provider_id", metavar="ID")
@options_of_a_provider
@data_dir_option
@json_option
def add(
    provider_id: str, key_env: str | None, data_dir: Path | None, as_json: bool, **fields: Any
) -> None:
    """Add a provider, or replace the one that has its id."""
    key = None if key_env is None else read_key(key_env)
    made = make_provider(provider_id, key=key, **fields)

    async def work(store: Open) -> tuple[StoredProvider, bool]:
        sealer = None if made.key is None else await open_sealer(store)
        return await store.database.write(add_provider(made, sealer, store.now))

    stored, replaced = run(data_dir, work)
    said = [
        f"Provider {provider_id} is {'replaced' if replaced else 'added'}.",
        *_lines(stored),
    ]
    show(described(stored), said, as_json=as_json)


@provider.command("list")
@click.option("--paywall", "paywall_id", metavar="ID", help="Only this paywall's.")
@data_dir_option
@json_option
def list_(paywall_id: str | None, data_dir: Path | None, as_json: bool) -> None:
    """List providers."""

    async def work(store: Open) -> list[StoredProvider]:
        if paywall_id is not None:
            await store.database.read(need_paywall(paywall_id))
        return await store.database.read(list_providers(paywall_id))

    found = run(data_dir, work)
    headings = (
        "provider",
        "paywall",
        "preset",
        "base URL",
        "type",
        "cost",
        "tokens",
        "key",
        "state",
    )
    rows = [
        (
            *(one.provider.provider_id, one.provider.paywall_id, one.provider.preset),
            *(one.provider.base_url, one.provider.query_type, _costs(one.provider)),
            one.provider.max_output_tokens,
            "***" if one.key_sealed else None,
            _state(one.provider),
        )
        for one in found
    ]
    show(
        {"providers": [described(one) for one in found]},
        columns(headings, rows) if rows else ["No providers."],
        as_json=as_json,
    )


@provider.command()
@click.argument("provider_id", metavar="ID")
@data_dir_option
@json_option
def test(provider_id: str, data_dir: Path | None, as_json: bool) -> None:
    """Make one cheap request with the stored key; exit code 1 if it fails or the key is refused."""

    async def work(store: Open) -> Finding:
        stored = await store.database.read(need_provider(provider_id))
        if stored.key_sealed is None:
            return await probe(stored.provider)
        return await probe(open_provider(stored, await open_sealer(store)))

    found = run(data_dir, work)
    said = f"Provider {provider_id} answers {found.status} after {found.duration_ms} ms."
    if not (found.ok or as_json):
        raise Refusal("provider_unreachable", found.problem)
    show(
        {
            "id": provider_id,
            "ok": found.ok,
            "reachable": found.status is not None,
            "status": found.status,
            "ms": found.duration_ms,
            "problem": found.problem or None,
        },
        [said],
        as_json=as_json,
    )
    if not found.ok:
        sys.exit(1)


@provider.command()
@click.argument("provider_id", metavar="ID")
@data_dir_option
@json_option
def disable(provider_id: str, data_dir: Path | None, as_json: bool) -> None:
    """Have calls of a provider refused, within 2 s."""
    _switch(provider_id, data_dir, as_json, enabled=False)


@provider.command()
@click.argument("provider_id", metavar="ID")
@data_dir_option
@json_option
def enable(provider_id: str, data_dir: Path | None, as_json: bool) -> None:
    """Let a disabled provider be called again."""
    _switch(provider_id, data_dir, as_json, enabled=True)


@provider.command("rotate-key")
@click.argument("provider_id", metavar="ID")
@click.option(
    "--key-env",
    required=True,
    metavar="VAR",
    help="The environment variable that holds the new key; read once, now, and stored sealed.",
)
@data_dir_option
@json_option
def rotate_key_(provider_id: str, key_env: str, data_dir: Path | None, as_json: bool) -> None:
    """Replace a provider's key; calls use the new one within 2 s. Nothing else changes."""
    key = read_key(key_env)

    async def work(store: Open) -> None:
        await store.database.read(need_provider(provider_id))  # before a master key is asked for
        await store.database.write(rotate_key(provider_id, key, await open_sealer(store)))

    run(data_dir, work)
    show(
        {"id": provider_id, "rotated": True},
        [f"Provider {provider_id} has a new key."],
        as_json=as_json,
    )


@provider.command("set")
@click.argument("provider_id", metavar="ID")
@click.option("--only-templates", type=click.Choice(["on", "off"]), required=True, help=CLOSED)
@data_dir_option
@json_option
def set_(provider_id: str, only_templates: str, data_dir: Path | None, as_json: bool) -> None:
    """Close a provider to calls but those of templates, or open it, within 2 s."""
    closed = only_templates == "on"

    async def work(store: Open) -> StoredProvider:
        await store.database.write(set_only_templates(provider_id, only_templates=closed))
        return await store.database.read(need_provider(provider_id))

    stored = run(data_dir, work)
    ways = "through templates only" if closed else "by every page of its paywall"
    show(described(stored), [f"Provider {provider_id} can be called {ways}."], as_json=as_json)


def _switch(provider_id: str, data_dir: Path | None, as_json: bool, *, enabled: bool) -> None:
    async def work(store: Open) -> bool:
        return await store.database.write(set_enabled(provider_id, enabled=enabled))

    if not run(data_dir, work):
        raise Refusal("provider_not_found", f"There is no provider {provider_id}.")
    state = "enabled" if enabled else "disabled"
    show(
        {"id": provider_id, "enabled": enabled},
        [f"Provider {provider_id} is {state}."],
        as_json=as_json,
    )


def described(stored: StoredProvider) -> dict[str, Any]:
    """Return a provider as JSON shows it; of its key only that there is one."""
    found = stored.provider
    return {
        "id": found.provider_id,
        "paywall_id": found.paywall_id,
        "preset": found.preset,
        "base_url": found.base_url,
        "query_type": found.query_type,
        "cost": found.cost,
        "cost_for": [str(rule) for rule in found.cost_for],
        "models": list(found.models),
        "allow": [str(rule) for rule in found.allow],
        "charge_on": found.charge_on,
        "max_output_tokens": found.max_output_tokens,
        "max_body_bytes": found.max_body_bytes,
        "first_byte_timeout_s": found.first_byte_timeout_s,
        "idle_timeout_s": found.idle_timeout_s,
        "key_header": found.key_header,
        "key": "***" if stored.key_sealed else None,
        "allow_private": found.allow_private,
        "anonymous_allowed": found.anonymous_allowed,
        "only_templates": found.only_templates,
        "enabled": found.enabled,
        "created_at": rfc3339(stored.created_at),
    }


def _state(found: Provider) -> str:
    if not found.enabled:
        return "disabled"
    return "templates only" if found.only_templates else "enabled"


def _costs(found: Provider) -> str:
    return ", ".join([str(found.cost), *(str(rule) for rule in found.cost_for)])


def _lines(stored: StoredProvider) -> list[str]:
    found = stored.provider
    return columns(
        ("", ""),
        [
            ("  preset", found.preset),
            ("  base URL", found.base_url),
            ("  query type", f"{found.query_type}, {found.cost} a call"),
            ("  costs", ", ".join(str(rule) for rule in found.cost_for) or None),
            ("  models", ", ".join(found.models) or None),
            ("  output tokens", found.max_output_tokens),
            ("  allows", ", ".join(str(rule) for rule in found.allow)),
            ("  called", "through templates only" if found.only_templates else "by every page"),
            ("  key", f"*** in {found.key_header}" if stored.key_sealed else "none"),
        ],
    )[1:]
