"""What docs/widget.md says of the widget is what the widget has."""

import re
from pathlib import Path

from building.widget import THEMED

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "widget.md").read_text("utf-8")
SOURCE = "\n".join(
    path.read_text("utf-8")
    for path in [ROOT / "static" / "widget.js", *(ROOT / "static" / "widget").glob("*.mjs")]
)


def _list(name: str) -> list[str]:
    """The texts of a list or a table in the loader's source."""
    found = re.search(rf"const {name} = [\[{{](.*?)[\]}}];", SOURCE, re.DOTALL)
    assert found is not None
    return re.findall(r'"([^"]+)"', found[1])


def test_every_attribute_is_described() -> None:
    """What gets from the tag onto the element, and nothing else."""
    (told,) = re.findall(r'"\^data-\((.*?)\)\$"', SOURCE, re.DOTALL)
    told = re.sub(r'"\s*\+\s*"', "", told)
    known = {f"data-{name}".replace("var-.+", "var-NAME") for name in told.split("|")}
    rows = [row.split("|")[1] for row in DOCUMENT.splitlines() if row.startswith("| `data-")]
    assert {name for row in rows for name in re.findall(r"`([^`]+)`", row)} == known


def test_every_event_and_command_is_described() -> None:
    """W-M6: each by its name."""
    rows = [row.split("|")[1] for row in DOCUMENT.splitlines() if row.startswith("| `")]
    assert set(_list("EVENTS")) <= {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    for command in _list("COMMANDS"):
        assert f"`{command}(" in DOCUMENT


def test_every_mark_part_and_property_is_described() -> None:
    """For who measures, and for who paints."""
    for mark in _list("MARKS"):
        assert f"`{mark}`" in DOCUMENT
    parts = re.findall(r'\bpart: "(\w+)"', SOURCE) + re.findall(r'iconButton\("(\w+)"', SOURCE)
    for part in parts:
        assert f"`{part}`" in DOCUMENT, part
    for name in THEMED:
        assert f"-{name}`" in DOCUMENT, name
