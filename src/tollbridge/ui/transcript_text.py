"""A transcript as text and back, to be kept over a reload. Pure.

What could not end because the page was left comes back as `broken`, or `failed` without words; a
message that still waited comes back as not sent.
"""

import json

from tollbridge.ui.failure import Failure
from tollbridge.ui.strings.causes import cause_of
from tollbridge.ui.transcript import ASSISTANT, USER, Facts, Transcript, Turn, Version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FORMAT = 1
# A tab may keep five million characters for everything; the oldest turns go first.
CHARS_MAX = 2_000_000

_STATES = {
    USER: ("waiting", "sent", "not_sent"),
    ASSISTANT: ("streaming", "done", "stopped", "broken", "failed"),
}
_NUMBERS = ("first_ms", "total_ms", "tokens_in", "tokens_out", "credits")


def to_text(transcript: Transcript, *, chars_max: int = CHARS_MAX) -> str:
    """Return what is kept; "" of an empty transcript. It has at most about `chars_max`."""
    kept: list[str] = []
    chars = 0
    for turn in reversed(transcript.turns):
        text = json.dumps(turn_to_json(turn))
        chars += len(text) + 1
        if chars > chars_max:
            break
        kept.append(text)
    kept.reverse()
    if not kept:
        return ""
    return f'{{"format":{FORMAT},"spent":{transcript.spent},"turns":[{",".join(kept)}]}}'


def from_text(text: str) -> Transcript:
    """Read what `to_text` wrote; an empty transcript where it is something else."""
    transcript = Transcript()
    try:
        fields = json.loads(text)
        if fields["format"] != FORMAT:
            return transcript
        turns = [turn_from_json(value) for value in fields["turns"]]
        transcript.spent = _whole(fields["spent"]) or 0
    except (ValueError, LookupError, TypeError, AttributeError, RuntimeError):
        return transcript
    transcript.turns = turns
    return transcript


def turn_to_json(turn: Turn) -> "dict[str, Any]":
    """Return a turn as it is kept, and as it is told to another context."""
    fields: dict[str, Any] = {
        "role": turn.role,
        "shown": turn.shown,
        "versions": [_of_version(version) for version in turn.versions],
    }
    if turn.key:
        fields["key"] = turn.key
        fields["fingerprint"] = turn.fingerprint
    return fields


def _of_version(version: Version) -> "dict[str, Any]":
    facts = version.facts
    told: dict[str, Any] = {name: getattr(facts, name) for name in _NUMBERS}
    told.update(
        model=facts.model,
        request_id=facts.request_id,
        call_id=facts.call_id,
        cut_short=facts.cut_short,
    )
    fields: dict[str, Any] = {"text": version.text, "state": version.state, "facts": told}
    if version.slow:
        fields["slow"] = True
    failure = version.failure
    if failure is not None:
        fields["failure"] = {
            "cause": failure.cause,
            "code": failure.code,
            "request_id": failure.request_id,
            "charged": failure.charged,
            "retry_after_s": failure.retry_after_s,
        }
    return fields


def turn_from_json(fields: "dict[str, Any]", *, is_live: bool = False) -> Turn:
    """Read what `turn_to_json` wrote.

    Args:
        fields: What it wrote.
        is_live: Somebody still writes on it, so what streams or waits goes on doing so.

    Raises:
        LookupError: It is something else.
        ValueError: As before.
        TypeError: As before.
        AttributeError: As before.
    """
    role = fields["role"]
    versions = [_version(value, role, is_live=is_live) for value in fields["versions"]]
    turn = Turn(role, versions[0])
    turn.versions = versions
    turn.shown = min(max(0, int(fields["shown"])), len(versions) - 1)
    turn.key = str(fields.get("key") or "")
    turn.fingerprint = str(fields.get("fingerprint") or "")
    return turn


def _version(fields: "dict[str, Any]", role: str, *, is_live: bool) -> Version:
    text, state = fields["text"], fields["state"]
    if not isinstance(text, str) or state not in _STATES[role]:
        raise ValueError("no version of a turn")
    version = Version(text, state)
    version.facts = _facts(fields["facts"])
    failure = fields.get("failure")
    if failure is not None:
        version.failure = Failure(
            str(failure["cause"]),
            str(failure["code"]),
            request_id=str(failure["request_id"]),
            charged=_whole(failure["charged"]),
            retry_after_s=_whole(failure.get("retry_after_s")) if is_live else None,
        )
    if is_live:
        version.slow = fields.get("slow") is True
    elif state == "streaming":
        version.state = "broken" if text else "failed"
        request_id = version.facts.request_id
        version.failure = Failure(cause_of("page_left", 0, ""), "page_left", request_id=request_id)
    elif state == "waiting":
        version.state = "not_sent"
    return version


def _facts(fields: "dict[str, Any]") -> Facts:
    facts = Facts(str(fields["model"]))
    for name in _NUMBERS:
        setattr(facts, name, _whole(fields[name]))
    facts.request_id = str(fields["request_id"])
    facts.call_id = str(fields["call_id"])
    facts.cut_short = fields["cut_short"] is True
    return facts


def _whole(value: object) -> "int | None":
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole else None  # type: ignore[return-value]
