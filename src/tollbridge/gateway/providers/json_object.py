"""A JSON object read so that no other parser can read it as something else, and written again.

No I/O. What is checked here is read once more by the provider, with a parser that we do not know:
where two parsers could differ, the text is refused.
"""

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tollbridge.gateway.errors import Refusal


def read_object(body: bytes) -> dict[str, Any]:
    """Read a body that must be one JSON object, in UTF-8 and without a byte order mark.

    Raises:
        Refusal: `invalid_request` where it is no JSON object, names a member twice at any level
            (some parsers keep the first and some the last), holds a number that no double can, or
            is nested deeper than our parser goes.
    """
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_members,
            parse_constant=_no_number,
            parse_float=_finite,
        )
    except (ValueError, RecursionError):  # malformed, too deep, or thousands of digits
        raise Refusal("invalid_request", "The body is not JSON that an API reads.") from None
    if not isinstance(value, dict):
        raise Refusal("invalid_request", "The body is not a JSON object.")
    return value


def write_object(value: Mapping[str, Any]) -> bytes:
    """Write what `read_object` read, with every member in its place.

    Raises:
        Refusal: `invalid_request` where it is nested too deep to be written.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        raise Refusal("invalid_request", "The body is not JSON that an API reads.") from None
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a pair of surrogates stands in JSON as an escape only
        return json.dumps(value, separators=(",", ":")).encode()


def check_spelling(members: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """Refuse a member that some parser takes for one of `names` though it is spelled otherwise.

    Go's standard library takes `Model` for `model`, and the letters that Unicode folds into
    ASCII; protobuf's JSON takes `maxTokens` for `max_tokens`.

    Raises:
        Refusal: `invalid_request`; it names the right spelling.
    """
    for name in members:
        if name not in names:
            meant = _by_folded(names).get(_folded(name))
            if meant is not None:
                raise Refusal("invalid_request", f"The body spells {meant!r} in another way.")


@lru_cache(maxsize=64)  # the rules know a dozen such sets of names
def _by_folded(names: tuple[str, ...]) -> dict[str, str]:
    return {_folded(name): name for name in names}


def _folded(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Refusal("invalid_request", "The body names a member more than once.")
    return members


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number beyond what a double holds")
    return value
