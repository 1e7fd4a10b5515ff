"""What the demo provider says, and the switches that a model's name is. No I/O."""

import re
from typing import Any

from tollbridge.gateway.providers.demo_topics import known_answer

# Who answers where no model is named.
PLAIN = "demo"

# Model names, with what each shows. They are listed on `/v1/models`.
SWITCHES = {
    PLAIN: "A friendly answer that reacts to the last message; streams word by word.",
    "demo-slow": "The same, but the first byte comes after three seconds.",
    "demo-429": "Refuses with 429 and Retry-After, as a provider under load does.",
    "demo-500": "Fails with 500.",
    "demo-401": "Refuses the key with 401, as if the gateway's key were wrong.",
    "demo-redirect": "Answers with a redirect.",
    "demo-drop": "Closes the connection before any header.",
    "demo-cut-before": "Sends 200 and headers, then breaks off before the first byte of the body.",
    "demo-cut": "Breaks off in the middle of the answer.",
    "demo-odd": "Splits its chunks inside of characters and of events.",
    "demo-2mb": "An answer of two megabytes, as fast as it is taken.",
    "demo-endless": "An answer that never stops by itself.",
}

BIG_TEXT_BYTES = 2_000_000
_GREETING = re.compile(r"\s*(hi|hello|hey|hallo|good (morning|evening|day))\b", re.IGNORECASE)
_WORD = re.compile(r"\s*\S+\s*?")


def reply(messages: object) -> str:
    """Return an answer to a conversation, in either API's form; anything else gets one too."""
    said = " ".join(last_user_text(messages).split())
    if known := known_answer(said):
        return known
    if not said:
        start = "You sent no words, so here are some of mine."
    elif _GREETING.match(said):
        start = "Hello to you too!"
    elif said.endswith("?"):
        start = f"“{_shortened(said)}” is a good question, and I am the wrong one to ask."
    else:
        count = len(said.split())
        start = f"You wrote {count} {'word' if count == 1 else 'words'}: “{_shortened(said)}”."
    return (
        f"{start} I am the demo provider that comes with Tollbridge. No model thinks in here, but "
        "everything between us is real: your page asked the gateway, the gateway held a credit, "
        "asked me and passes my words on as I say them. Press Stop and I notice at once. "
        "Give the gateway a key of your own, and a real model answers in my place."
    )


def odd_reply(messages: object) -> str:
    """Return an answer whose characters have one to four bytes."""
    return "Grüße aus Zürich – 你好, мир! 🌉 " + reply(messages)


def big_text() -> str:
    """Return a text of two million bytes, no two lines of which are the same."""
    line = "Line {:>7} of an answer that is large on purpose.\n"
    lines = BIG_TEXT_BYTES // len(line.format(1)) + 1
    return "".join(line.format(number) for number in range(1, lines + 1))[:BIG_TEXT_BYTES]


def big_pieces(text: str) -> list[str]:
    """Split a large text into pieces of some kilobytes, as no model does, but quickly sent."""
    return [text[start : start + 4000] for start in range(0, len(text), 4000)]


def words(text: str) -> list[str]:
    """Split a text into words; joined they are the text again."""
    found = _WORD.findall(text)
    rest = text[sum(map(len, found)) :]
    return [*found, rest] if rest else found


def last_user_text(messages: object) -> str:
    """Return the text of the last message whose role is `user`, or ""."""
    if not isinstance(messages, list):
        return ""
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("role") == "user":
            return _text(message.get("content"))
    return ""


def count_words(messages: object) -> int:
    """Count the words of a conversation; the demo's idea of prompt tokens, at least 1."""
    if not isinstance(messages, list):
        return 1
    texts = (_text(message.get("content")) for message in messages if isinstance(message, dict))
    return max(1, sum(len(text.split()) for text in texts))


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = (part.get("text") for part in content if isinstance(part, dict))
    return " ".join(part for part in parts if isinstance(part, str))


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
