"""A sealed template and its language: `{{name}}` in a text stands for a text of the page's. No I/O.

That is all there is. What a page sends is put into a string of JSON that was read already, so that
it can end no string and begin no member; and it is looked at once, so that what looks like a place
in it stays as it is.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.json_object import read_object, write_object

_PLACE = re.compile(r"\{\{([A-Za-z][A-Za-z0-9_]{0,31})\}\}")
_MEMBERS = ("template", "variables")
# Of a name that a page made up, this much is said back.
_SHOWN_CHARS_MAX = 64


@dataclass(frozen=True, slots=True)
class Template:
    """What is asked of a provider; `making.make_template` makes one and checks every field.

    Attributes:
        provider_id: Who is asked, a provider of the same paywall.
        path: Where, behind the provider's base URL.
        body: What is asked: a JSON object, with places in its texts.
        variables: The most characters (code points) of each text that fills a place, by name.
    """

    template_id: str
    paywall_id: str
    provider_id: str
    path: str
    body: Mapping[str, Any]
    variables: Mapping[str, int]

    def fill(self, values: Mapping[str, str]) -> bytes:
        """Return the body with a value of each variable in its places."""
        filled = _filled(self.body, values)
        return write_object(filled)


def places_in(value: object) -> Iterator[str]:
    """Give the name in each place of a body's texts, as often as it stands there.

    Raises:
        ValueError: `{{` stands somewhere else than in a place.
    """
    if isinstance(value, str):
        names = _PLACE.findall(value)
        if "{{" in _PLACE.sub(" ", value):
            raise ValueError("'{{' begins the place of a variable, as in {{question}}, and no more")
        yield from names
    elif isinstance(value, list):
        for item in value:
            yield from places_in(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if "{{" in name:
                raise ValueError("a variable stands in a text, not in the name of a member")
            yield from places_in(item)


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACE.sub(lambda place: values[place[1]], value)
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    if isinstance(value, dict):
        return {name: _filled(item, values) for name, item in value.items()}
    return value


def read_values(template: Template, body: bytes) -> dict[str, str]:
    """Read what a page sent for a template: `{"template": ID, "variables": {NAME: TEXT}}`.

    `template` may be left out, since the address names it too.

    Raises:
        Refusal: `invalid_request` where it has another form, a member twice, or names another
            template; `template_variable` where a variable is unknown, missing, no text, or too
            long. Neither says anything of the body of the template.
    """
    sent = read_object(body)
    if not sent.keys() <= set(_MEMBERS):
        raise Refusal("invalid_request", "A call of a template holds `template` and `variables`.")
    if sent.get("template", template.template_id) != template.template_id:
        raise Refusal("invalid_request", "The address and the body name different templates.")
    values = sent.get("variables", {})
    if not isinstance(values, dict):
        raise Refusal("invalid_request", "`variables` must be an object: texts by name.")
    for name in values:
        if name not in template.variables:
            known = ", ".join(template.variables) or "none"
            shown = name[:_SHOWN_CHARS_MAX]
            raise _wrong(shown, "unknown", f"There is no variable {shown!r}; there are: {known}.")
    for name, chars_max in template.variables.items():
        _check_value(name, chars_max, values)
    return values


def _check_value(name: str, chars_max: int, values: Mapping[str, object]) -> None:
    if name not in values:
        raise _wrong(name, "missing", f"The variable {name!r} is missing.", chars_max)
    value = values[name]
    if not isinstance(value, str):
        raise _wrong(name, "type", f"The variable {name!r} must be a text.", chars_max)
    if len(value) > chars_max:
        text = f"The variable {name!r} has {len(value)} characters; {chars_max} are allowed."
        raise _wrong(name, "too_long", text, chars_max)


def _wrong(name: str, problem: str, message: str, chars_max: int | None = None) -> Refusal:
    details: dict[str, Any] = {"variable": name, "problem": problem}
    if chars_max is not None:
        details["max_chars"] = chars_max
    return Refusal("template_variable", message, details=details)
