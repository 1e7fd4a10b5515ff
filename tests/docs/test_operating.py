"""The operator's page names every setting, every limit with its default, and no others."""

import re
from pathlib import Path

from tollbridge.gateway.settings import LIMITS, NAMES, PREFIX

TEXT = (Path(__file__).parents[2] / "docs" / "operating.md").read_text("utf-8")
# Read by one command, and told where that is.
ELSEWHERE = {"OPENAI_MODELS", "ANTHROPIC_MODELS"}


def test_every_limit_stands_there_with_its_default():
    """Whoever changes one changes the page."""
    found = re.findall(r"^\| `([A-Z_]+)` \| (\d+) \|", TEXT, flags=re.MULTILINE)
    assert {name: int(value) for name, value in found} == LIMITS


def test_every_setting_stands_there():
    """And none that there is not."""
    named = {name.removeprefix(PREFIX) for name in re.findall(rf"{PREFIX}[A-Z_]+[A-Z]", TEXT)}
    limits = {f"LIMIT_{name}" for name in LIMITS}
    assert named - {"LIMIT"} == set(NAMES) - limits - ELSEWHERE
