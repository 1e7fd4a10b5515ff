"""A conversation as a file that a person keeps. Pure."""

import json

from tollbridge.ui.strings.chat import ASSISTANT, YOU, info_line
from tollbridge.ui.transcript import USER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.ui.transcript import Transcript


def to_markdown(transcript: "Transcript") -> str:
    """Return the versions that are shown, under headings; answers are Markdown already."""
    parts = []
    for turn in transcript.turns:
        who = YOU if turn.role == USER else ASSISTANT
        parts.append(f"## {who}\n\n{turn.text.strip()}\n")
        line = info_line(turn.version.facts) if turn.role != USER else ""
        if line:
            parts.append(f"*{line}*\n")
    return "\n".join(parts)


def to_json(transcript: "Transcript") -> str:
    """Return every turn with all its versions, for programs.

    `{"credits", "turns": [{"role", "shown", "versions": [{"text", "state", "model", "request_id",
    "credits"}]}]}`; what is not known is null.
    """
    turns = []
    for turn in transcript.turns:
        versions = []
        for version in turn.versions:
            facts = version.facts
            versions.append(
                {
                    "text": version.text,
                    "state": version.state,
                    "model": facts.model or None,
                    "request_id": facts.request_id or None,
                    "credits": facts.credits,
                }
            )
        turns.append({"role": turn.role, "shown": turn.shown, "versions": versions})
    return json.dumps({"credits": transcript.spent, "turns": turns})
