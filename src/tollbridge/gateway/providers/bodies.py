"""Applies the rules of an API to a body: refuse, or rewrite what the rules force. No I/O."""

import re
from collections.abc import Mapping
from typing import Any

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers import body_rules
from tollbridge.gateway.providers.body_rules import BodyRules, Refused
from tollbridge.gateway.providers.json_object import check_spelling, read_object, write_object

Members = dict[str, Any]

# What the model has made for a tool is any JSON, and so is a tool's schema: no content.
_NO_CONTENT = ("arguments", "input", "tools")
# A type that is shown in a message; anything else might be a part of a prompt.
_SHOWN_TYPE = re.compile(r"[A-Za-z0-9_.:$-]{1,64}")
_CONTAINERS = (list, dict)
_SAYS_NOTHING: tuple[object, ...] = (None, [])


def apply_rules(
    rules: BodyRules, body: bytes, *, models: tuple[str, ...], max_output_tokens: int | None
) -> bytes:
    """Return the body that goes out: the same bytes object where nothing must be rewritten.

    What is rewritten keeps every other member, in its place; what is added stands at the end.

    Args:
        rules: Those of the path.
        body: As the page sent it.
        models: Those that may be named.
        max_output_tokens: What the members of `rules.output_tokens` are clamped to; not read
            where there are none.

    Raises:
        Refusal: `invalid_request` where it is no JSON object with one `model` that is text, or
            could be read in two ways; `model_not_allowed`; `body_rule` with `rule` and `field` in
            its details.
        ValueError: The rules need a limit of output tokens, and there is none.
    """
    members = read_object(body)
    check_spelling(members, _ruled_names(rules))
    _check_model(members, models)
    for refused in rules.refused:
        _check_refused(members, refused)
    if rules.tools is not None:
        _check_tools(rules, members.get("tools"), "tools")
    for name in rules.content:
        _check_content(rules, members.get(name), name)
    changes = _forced(rules, members)
    if rules.output_tokens:
        if max_output_tokens is None:
            raise ValueError("these rules need a limit of output tokens")
        changes |= _clamped(rules, members, max_output_tokens)
    if rules.thinking:
        _check_thinking(members, (members | changes)[rules.output_tokens[0]])
    return write_object(members | changes) if changes else body


def _ruled_names(rules: BodyRules) -> tuple[str, ...]:
    names = ["model", "tools", *rules.output_tokens, *rules.ones, *rules.content]
    names += [refused.field.partition(".")[0] for refused in rules.refused]
    names += ["store"] if rules.stores else []
    names += ["thinking"] if rules.thinking else []
    return tuple(names)


def _check_model(members: Members, models: tuple[str, ...]) -> None:
    model = members.get("model")
    if not isinstance(model, str):
        raise Refusal("invalid_request", "The body names no model.")
    if model not in models:
        raise Refusal(
            "model_not_allowed",
            f"This provider does not allow the model {model[:200]!r}.",
            details={"models": list(models)},
        )


def _check_refused(members: Members, refused: Refused) -> None:
    outer, dot, inner = refused.field.partition(".")
    value = members.get(outer)
    if dot:
        if value is not None and not isinstance(value, dict):
            raise _breaks(body_rules.FORM, outer, f"This provider takes `{outer}` as an object.")
        check_spelling(value or {}, (inner,))
        value = (value or {}).get(inner)
    if value is not False and value not in _SAYS_NOTHING and value not in refused.unless:
        raise _breaks(
            refused.rule,
            refused.field,
            f"This provider takes no `{refused.field}`: {refused.reason}.",
        )


def _check_tools(rules: BodyRules, tools: object, where: str) -> None:
    """Refuse tools that the provider would run itself, in a list of tools."""
    if tools is None:
        return
    if not isinstance(tools, list):
        raise _breaks(body_rules.FORM, where, f"This provider takes `{where}` as a list.")
    for number, tool in enumerate(tools):
        field = f"{where}[{number}]"
        if not isinstance(tool, dict):
            raise _breaks(body_rules.FORM, field, f"This provider takes `{field}` as an object.")
        check_spelling(tool, ("type",))
        kind = tool.get("type")
        kind = rules.tool_type if kind is None else kind
        if not isinstance(kind, str) or not (rules.tools and rules.tools.fullmatch(kind)):
            raise _breaks(
                body_rules.SERVER_TOOL,
                f"{field}.type",
                f"This provider takes only tools that the page runs itself, not {_shown(kind)}.",
            )


def _shown(kind: object) -> str:
    if isinstance(kind, str) and _SHOWN_TYPE.fullmatch(kind):
        return repr(kind)
    return "one without a type"


def _check_content(rules: BodyRules, content: object, where: str) -> None:
    """Refuse what content points to or brings along, at any depth.

    Walked with a list of what is left, not by recursion: the depth is the page's choice, and so
    is the count, for which each step is short.
    """
    if rules.bare_items and isinstance(content, list):
        for number, item in enumerate(content):
            if isinstance(item, dict) and item.get("role") is None and item.get("type") is None:
                raise _stored(f"{where}[{number}]")
    ruled = (*rules.stored, "tools", "type", "role")
    left: list[object] = [content]
    while left:
        value = left.pop()
        if type(value) is list:
            left += [inner for inner in value if type(inner) in _CONTAINERS]
        elif type(value) is dict and value:
            check_spelling(value, ruled)
            _check_block(rules, value, where)
            for name, inner in value.items():
                if type(inner) in _CONTAINERS and name not in _NO_CONTENT:
                    left.append(inner)


def _check_block(rules: BodyRules, block: Mapping[str, Any], where: str) -> None:
    if block.get("type") == "item_reference":
        raise _stored(f"{where}[].type")
    for name in rules.stored:
        if block.get(name) is not None:
            raise _stored(f"{where}[].{name}")
    if "tools" in block:  # found by a search, or given in the middle of a conversation
        _check_tools(rules, block["tools"], f"{where}[].tools")


def _stored(field: str) -> Refusal:
    return _breaks(
        body_rules.STORED,
        field,
        f"This provider takes no `{field}` that points to what its account stores; send the "
        "content itself.",
    )


def _forced(rules: BodyRules, members: Members) -> Members:
    changes: Members = {
        name: 1 for name in rules.ones if name in members and not _is_whole(members[name], 1, 1)
    }
    stands = rules.stores and "store" in members
    if (stands or rules.stores_by_default) and members.get("store") is not False:
        changes["store"] = False
    return changes


def _clamped(rules: BodyRules, members: Members, limit: int) -> Members:
    said = {name: members[name] for name in rules.output_tokens if members.get(name) is not None}
    for name, count in said.items():
        if not _is_whole(count, 1):
            raise _breaks(
                body_rules.OUTPUT_TOKENS, name, f"`{name}` must be a whole number from 1 on."
            )
    changes = {name: limit for name, count in said.items() if count > limit}
    first = rules.output_tokens[0]
    if first not in said and (rules.always_sets_first or not said):
        changes[first] = min(limit, *said.values()) if said else limit
    return changes


def _check_thinking(members: Members, output_tokens: int) -> None:
    thinking = members.get("thinking")
    if thinking is None:
        return
    field = "thinking.budget_tokens"
    if not isinstance(thinking, dict):
        raise _breaks(body_rules.FORM, "thinking", "This provider takes `thinking` as an object.")
    check_spelling(thinking, ("budget_tokens",))
    budget = thinking.get("budget_tokens")
    if budget is None:
        return
    if not _is_whole(budget, 1):
        raise _breaks(
            body_rules.OUTPUT_TOKENS, field, f"`{field}` must be a whole number from 1 on."
        )
    if budget >= output_tokens:
        raise _breaks(
            body_rules.OUTPUT_TOKENS,
            field,
            f"`{field}` is {str(budget)[:20]}; it must be below the {output_tokens} output tokens "
            "that this call may have.",
        )


def _is_whole(value: object, low: int, high: int | None = None) -> bool:
    # By its type: True and 1.0 equal 1 in Python, and are something else to a provider.
    return type(value) is int and value >= low and (high is None or value <= high)


def _breaks(rule: str, field: str, sentence: str) -> Refusal:
    return Refusal("body_rule", sentence, details={"rule": rule, "field": field})
