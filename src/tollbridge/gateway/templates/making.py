"""Making a template: every field checked, and the filled body tried on its provider. No I/O."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers import policy
from tollbridge.gateway.providers.json_object import read_object, write_object
from tollbridge.gateway.providers.presets import PRESETS
from tollbridge.gateway.providers.provider import Provider
from tollbridge.gateway.templates.template import Template, places_in
from tollbridge.wire.paths import TEMPLATE_PREFIX

# A long prompt with its examples. Each call reads and writes all of it.
BODY_BYTES_MAX = 64 * 1024
# Deeper than any API's body, and never near where the interpreter stops to follow.
DEPTH_MAX = 32
VARIABLES_MAX = 32
# A chapter. What a page may send in all, the provider's `max_body_bytes` bounds.
VALUE_CHARS_MAX = 100_000

# What a character may take at most: as a page may escape it, and as it is written on.
_SENT_BYTES_OF_CHAR, _WRITTEN_BYTES_OF_CHAR = 12, 6
# Of what a page sends around its texts: the names, the template's id.
_AROUND_BYTES = 4096

_ID = re.compile(TEMPLATE_PREFIX + r"[A-Za-z0-9._-]{1,60}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True)
class Shorthand:
    """A prompt in the words of the command line, from which the body is made.

    Attributes:
        max_output_tokens: None leaves it to the provider's own limit.
        stream: The answer comes as it is written.
    """

    model: str
    user: str
    system: str = ""
    max_output_tokens: int | None = None
    stream: bool = False

    def body(self, preset: str) -> dict[str, Any]:
        """Return the body in the words of a preset's API.

        Raises:
            ValueError: The preset has no such words.
        """
        made: dict[str, Any] = {"model": self.model}
        turn = {"role": "user", "content": self.user}
        if preset in ("openai-chat", "openai-compatible"):
            system = {"role": "system", "content": self.system}
            made["messages"] = [system, turn] if self.system else [turn]
        elif preset == "anthropic-messages":
            made |= {"system": self.system} if self.system else {}
            made["messages"] = [turn]
        elif preset == "openai-responses":
            made |= {"instructions": self.system} if self.system else {}
            made["input"] = self.user
        else:
            raise ValueError(f"a prompt has no one form for the preset {preset}; give a --body")
        if self.max_output_tokens is not None:
            (rules,) = PRESETS[preset].bodies.values()
            made[rules.output_tokens[0]] = self.max_output_tokens
        return made | ({"stream": True} if self.stream else {})


def make_template(
    template_id: str,
    provider: Provider,
    *,
    body: bytes | Shorthand,
    variables: Mapping[str, int],
    path: str = "",
) -> Template:
    """Make a template of a provider's paywall; see `Template` for what the fields mean.

    Args:
        template_id: Begins with `tpl_`.
        provider: Who is asked.
        body: A JSON object, or the prompt it is made from.
        variables: The most characters of each, by name.
        path: May be left out where the provider takes a POST to one path only.

    Raises:
        ValueError: A field cannot be, a variable has no place or a place no variable, or the
            provider takes no body that large; the message is a sentence.
        Refusal: The provider does not allow the path, or its rules refuse the body.
    """
    if not _ID.fullmatch(template_id):
        raise ValueError(
            f"{template_id!r} is no template id: {TEMPLATE_PREFIX} and at most 60 letters, digits, "
            f". _ and -, such as {TEMPLATE_PREFIX}ask"
        )
    _check_variables(variables)
    given = write_object(body.body(provider.preset)) if isinstance(body, Shorthand) else body
    if len(given) > BODY_BYTES_MAX:
        raise ValueError(f"the body has {len(given)} bytes; it may have {BODY_BYTES_MAX}")
    members = read_object(given)
    _check_depth(members)
    places = Counter(places_in(members))
    _check_places(places, variables)
    _check_size(provider, len(given), places, variables)
    made = Template(
        template_id,
        provider.paywall_id,
        provider.provider_id,
        path=_read_path(path, provider),
        body=members,
        variables=dict(variables),
    )
    policy.check_route(provider, "POST", made.path)
    policy.prepare_body(provider, made.path, made.fill(dict.fromkeys(variables, "x")))
    return made


def _check_variables(variables: Mapping[str, int]) -> None:
    if len(variables) > VARIABLES_MAX:
        raise ValueError(f"a template has at most {VARIABLES_MAX} variables")
    for name, chars_max in variables.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no variable: a letter, then at most 31 letters, digits")
        if not 1 <= chars_max <= VALUE_CHARS_MAX:
            raise ValueError(
                f"the variable {name!r} may have from 1 to {VALUE_CHARS_MAX} characters, "
                f"not {chars_max}"
            )


def _check_depth(value: object) -> None:
    level: list[object] = [value]
    for _ in range(DEPTH_MAX):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)  # type: ignore
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise ValueError(f"the body is nested deeper than {DEPTH_MAX} levels")


def _check_places(places: Counter[str], variables: Mapping[str, int]) -> None:
    for name in places:
        if name not in variables:
            raise ValueError(f"the body has a place for {name!r}: --variable {name}=MAX_CHARS")
    for name in variables:
        if name not in places:
            raise ValueError(f"the body has no place for the variable {name!r}: {{{{{name}}}}}")


def _check_size(
    provider: Provider, body_bytes: int, places: Counter[str], variables: Mapping[str, int]
) -> None:
    sent = _AROUND_BYTES + sum(variables.values()) * _SENT_BYTES_OF_CHAR
    written = body_bytes + _WRITTEN_BYTES_OF_CHAR * sum(
        count * variables[name] for name, count in places.items()
    )
    most = provider.max_body_bytes
    if max(sent, written) > most:
        raise ValueError(
            f"texts of that length may make {max(sent, written)} bytes, and the provider "
            f"{provider.provider_id} takes {most}: shorten the variables, or raise its "
            "--max-body-bytes"
        )


def _read_path(given: str, provider: Provider) -> str:
    if given:
        try:
            return policy.parse_path(given.removeprefix("/").encode())
        except Refusal as refusal:
            raise ValueError(f"{given!r} is no path: {refusal}") from None
    paths = {rule.pattern for rule in provider.allow if rule.method == "POST"}
    if len(paths) != 1 or any("*" in path for path in paths):
        raise ValueError(f"the provider {provider.provider_id} takes more than one path: --path")
    return paths.pop()
