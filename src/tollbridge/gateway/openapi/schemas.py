"""The shapes of bodies, as JSON Schema. Data only."""

from typing import Any

Schema = dict[str, Any]

_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 512}


def ref(name: str) -> Schema:
    """Return a reference to a schema of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: Schema, *optional: str, closed: bool = False) -> Schema:
    shape: Schema = {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }
    return {**shape, "additionalProperties": False} if closed else shape


def _list_of(name: str) -> Schema:
    return {"type": "array", "items": ref(name)}


_TOKENS: Schema = {
    "access_token": {"type": "string"},
    "refresh_token": {"type": "string"},
    "expires_in": {"type": "integer", "description": "Seconds."},
    "expires_at": {"type": "integer", "description": "Seconds since 1970."},
    "token_type": {"const": "bearer"},
}

SCHEMAS: dict[str, Schema] = {
    "Error": _object(
        {
            "error": {"type": "string", "description": "One of the listed codes."},
            "message": {"type": "string", "description": "A sentence for a person."},
            "details": {"type": ["object", "null"]},
            "request_id": {"type": "string"},
        },
        "details",
    ),
    "OldError": _object(
        {
            "error": {"type": "string", "description": "A sentence, as the older API has it."},
            "code": {"type": "string", "description": "One of the listed codes."},
            "request_id": {"type": "string"},
        }
    ),
    "Balance": _object(
        {
            "type": {"type": "string"},
            "count": {**_COUNT, "description": "Whole credits left."},
            "version": {**_COUNT, "description": "Rises with every change of the count."},
            "granted": {**_COUNT, "description": "Sum of the grants that live."},
        }
    ),
    "Balances": _object({"balances": _list_of("Balance"), "tokenization": {"type": "boolean"}}),
    "Provider": _object(
        {
            "id": {"type": "string"},
            "preset": {"type": "string", "description": "How its API speaks."},
            "path": {"type": "string", "description": "Of a call; empty where `allow` tells."},
            "allow": {"type": "array", "items": {"type": "string"}},
            "models": {"type": "array", "items": {"type": "string"}},
            "query_type": {"type": "string"},
            "cost": {**_COUNT, "description": "Whole credits for a call."},
            "sign_in_required": {"type": "boolean"},
        }
    ),
    "Providers": _object({"providers": _list_of("Provider")}),
    "Tokens": _object(_TOKENS),
    "SignedIn": _object(
        {
            **_TOKENS,
            "user": _object(
                {
                    "id": {"type": "string"},
                    "email": {"type": ["string", "null"]},
                    "is_anonymous": {"type": "boolean"},
                }
            ),
            "trial": _object(
                {
                    "granted": {"type": "boolean"},
                    "reason": {"enum": ["address", "origin", "paywall"]},
                },
                "reason",
            ),
        }
    ),
    "Receipt": _object(
        {
            "call_id": {"type": "string"},
            "provider_id": {"type": "string", "description": "What was called: or a template's."},
            "query_type": {"type": "string"},
            "state": {
                "enum": [
                    *("running", "ok", "aborted", "broken", "failed"),
                    *("refused", "swept", "lost"),
                ]
            },
            "credits_charged": _COUNT,
            "created_at": {"type": "string", "format": "date-time"},
            "ended_at": _TIME,
            "provider_status": {"type": ["integer", "null"]},
        }
    ),
    "Receipts": _object({"calls": _list_of("Receipt")}),
    "Done": _object({"ok": {"const": True}}),
    "TelegramRequest": _object(
        {
            "init_data": {
                "type": "string",
                "minLength": 1,
                "maxLength": 4096,
                "description": "What Telegram signed, as it is; or send Authorization: tma …",
            },
            "reload_key": {
                "type": "string",
                "pattern": "^[A-Za-z0-9_-]{22,128}$",
                "description": "Random; a reload of the page brings the same one.",
            },
        },
        "reload_key",
    ),
    "RefreshRequest": _object({"refresh_token": TEXT}),
    "VoucherRequest": _object({"code": TEXT}),
    "Redeemed": _object(
        {
            "type": {"type": "string"},
            "amount": _COUNT,
            "repeated": {
                "type": "boolean",
                "description": "This user had it before; nothing was added now.",
            },
            "balances": _list_of("Balance"),
        }
    ),
    "ChangeRequest": {
        **_object(
            {
                "user_id": TEXT,
                "email": TEXT,
                "type": TEXT,
                "amount": {"type": "integer", "minimum": 1, "maximum": 1_000_000_000},
                "op": {"enum": ["credit", "debit"]},
            },
            "user_id",
            "email",
        ),
        "anyOf": [{"required": ["user_id"]}, {"required": ["email"]}],
    },
    "Changed": _object(
        {
            "success": {"const": True},
            "user_id": {"type": "string"},
            "type": {"type": "string"},
            "count": _COUNT,
            "balances": _list_of("Balance"),
        }
    ),
    "WithdrawRequest": _object(
        {
            "paywall_id": TEXT,
            "user_id": TEXT,
            "tokens": {"type": "integer", "minimum": 1, "maximum": 1_000_000_000},
            "token_type": TEXT,
        },
        "token_type",
    ),
    "Withdrawn": _object({"success": {"const": True}, "remaining": _COUNT}),
    "Keys": _object({"keys": {"type": "array", "items": {"type": "object"}}}),
    "Anything": {"type": "object"},
    "TemplateCall": _object(
        {
            "template": {"type": "string", "description": "As in the address."},
            "variables": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "template",
        closed=True,
    ),
    "ProviderOrTemplateCall": {"anyOf": [ref("TemplateCall"), ref("Anything")]},
}
