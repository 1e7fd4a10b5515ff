"""The statements about providers. Keys pass through here sealed; `registry.py` seals and opens."""

import json
from typing import Any, NamedTuple

from tollbridge.gateway.database import Script, Statement
from tollbridge.gateway.ids import may_be_id
from tollbridge.gateway.providers.presets import read_output_tokens
from tollbridge.gateway.providers.provider import CostRule, Provider, Rule

_COLUMNS = (
    "provider_id, paywall_id, preset, base_url, query_type, cost, cost_for, models, allow,"
    " charge_on, max_output_tokens, max_body_bytes, first_byte_timeout_s, idle_timeout_s,"
    " key_header, key_sealed, allow_private, anonymous_allowed, only_templates, enabled, created_at"
)


class StoredProvider(NamedTuple):
    """A provider as it is stored.

    Attributes:
        provider: Without its key.
        key_sealed: The key as `Sealer.seal` made it, or None where there is none.
        created_at: Milliseconds since 1970; replacing a provider does not change it.
    """

    provider: Provider
    key_sealed: bytes | None
    created_at: int


def put_provider(provider: Provider, key_sealed: bytes | None, now: int) -> Script[None]:
    """Write a provider, in place of the one that has its id.

    The key of `provider` itself is not looked at. The paywall must exist.

    Raises:
        ValueError: The id is taken by a provider of another paywall. Nothing was changed.
    """
    rows = yield Statement(
        f"insert into providers ({_COLUMNS}) values"
        " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
        " $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)"
        " on conflict (provider_id) do update set preset = excluded.preset,"
        " base_url = excluded.base_url, query_type = excluded.query_type, cost = excluded.cost,"
        " cost_for = excluded.cost_for, max_output_tokens = excluded.max_output_tokens,"
        " models = excluded.models, allow = excluded.allow, charge_on = excluded.charge_on,"
        " max_body_bytes = excluded.max_body_bytes,"
        " first_byte_timeout_s = excluded.first_byte_timeout_s,"
        " idle_timeout_s = excluded.idle_timeout_s, key_header = excluded.key_header,"
        " key_sealed = excluded.key_sealed, allow_private = excluded.allow_private,"
        " anonymous_allowed = excluded.anonymous_allowed,"
        " only_templates = excluded.only_templates, enabled = excluded.enabled"
        " where providers.paywall_id = excluded.paywall_id returning provider_id",
        (
            provider.provider_id,
            provider.paywall_id,
            provider.preset,
            provider.base_url,
            provider.query_type,
            provider.cost,
            json.dumps([str(rule) for rule in provider.cost_for]),
            json.dumps(provider.models),
            json.dumps([str(rule) for rule in provider.allow]),
            provider.charge_on,
            provider.max_output_tokens,
            provider.max_body_bytes,
            provider.first_byte_timeout_s,
            provider.idle_timeout_s,
            provider.key_header,
            key_sealed,
            int(provider.allow_private),
            int(provider.anonymous_allowed),
            int(provider.only_templates),
            int(provider.enabled),
            now,
        ),
    )
    if not rows:
        raise ValueError(f"the id {provider.provider_id!r} belongs to another paywall's provider")


def find_provider(provider_id: str) -> Script[StoredProvider | None]:
    """Read a provider, or None."""
    if not may_be_id(provider_id):
        return None
    rows = yield Statement(
        f"select {_COLUMNS} from providers where provider_id = $1", (provider_id,)
    )
    return _stored(rows[0]) if rows else None


def list_providers(paywall_id: str | None = None) -> Script[list[StoredProvider]]:
    """Read the providers of a paywall, or of all of them, in the order of their ids."""
    if paywall_id is None:
        rows = yield Statement(f"select {_COLUMNS} from providers order by provider_id")
    else:
        rows = yield Statement(
            f"select {_COLUMNS} from providers where paywall_id = $1 order by provider_id",
            (paywall_id,),
        )
    return [_stored(row) for row in rows]


def has_provider(paywall_id: str) -> Script[bool]:
    """Tell whether a paywall has a provider, be it enabled or not."""
    rows = yield Statement("select 1 from providers where paywall_id = $1 limit 1", (paywall_id,))
    return bool(rows)


def set_enabled(provider_id: str, *, enabled: bool) -> Script[bool]:
    """Enable or disable a provider; returns False where there is none of this id."""
    rows = yield Statement(
        "update providers set enabled = $1 where provider_id = $2 returning provider_id",
        (int(enabled), provider_id),
    )
    return bool(rows)


def set_only_templates(provider_id: str, *, only_templates: bool) -> Script[bool]:
    """Close a provider to raw calls, or open it; returns False where there is none of this id."""
    rows = yield Statement(
        "update providers set only_templates = $1 where provider_id = $2 returning provider_id",
        (int(only_templates), provider_id),
    )
    return bool(rows)


def set_key(provider_id: str, key_sealed: bytes) -> Script[bool]:
    """Put a key in place of a provider's; returns False where there is no key to replace."""
    rows = yield Statement(
        "update providers set key_sealed = $1 where provider_id = $2 and key_sealed is not null"
        " returning provider_id",
        (key_sealed, provider_id),
    )
    return bool(rows)


def _stored(row: tuple[Any, ...]) -> StoredProvider:
    fields = dict(zip((name.strip() for name in _COLUMNS.split(",")), row, strict=True))
    key_sealed, created_at = fields.pop("key_sealed"), fields.pop("created_at")
    fields["models"] = tuple(json.loads(fields["models"]))
    fields["allow"] = tuple(Rule.parse(text) for text in json.loads(fields["allow"]))
    fields["cost_for"] = tuple(CostRule.parse(text) for text in json.loads(fields["cost_for"]))
    # Rows from before there was a limit have none, and get the default.
    fields["max_output_tokens"] = read_output_tokens(fields["max_output_tokens"], fields["preset"])
    for name in ("allow_private", "anonymous_allowed", "only_templates", "enabled"):
        fields[name] = bool(fields[name])
    return StoredProvider(Provider(**fields, key=None), key_sealed, created_at)
