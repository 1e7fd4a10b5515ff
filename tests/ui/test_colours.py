"""The colours of `static/tokens.css` can be read, in both schemes (WCAG 2.2 AA)."""

import re

import pytest

from tests.tidy.tree import ROOT

TOKENS = (ROOT / "static" / "tokens.css").read_text("utf-8")
# Each colour is written as `light-dark(#light, #dark)`.
_PAIRS = re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", TOKENS)
SCHEMES = {
    "light": {name: light for name, light, _ in _PAIRS},
    "dark": {name: dark for name, _, dark in _PAIRS},
}

# Text on what it stands on: 4.5 to 1.
TEXT = [
    ("ink", "ground"),
    ("ink", "surface"),
    ("ink", "said"),
    ("ink", "warn-ground"),
    ("ink", "bad-ground"),
    ("ink", "accent-ground"),
    ("ink", "sunken"),
    ("ink-soft", "ground"),
    ("ink-soft", "surface"),
    ("ink-soft", "bad-ground"),
    ("ink-soft", "warn-ground"),
    ("ink-soft", "accent-ground"),
    ("ink-soft", "sunken"),
    ("accent", "ground"),
    ("accent", "bad-ground"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("bad", "bad-ground"),
    ("warn", "surface"),
]
# The edges of what can be used, and the ring of the keyboard: 3 to 1.
EDGES = [
    ("edge-strong", "surface"),
    ("edge-strong", "ground"),
    ("accent", "ground"),
    ("accent", "surface"),
    ("accent", "warn-ground"),
]


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, as WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(scheme: str, one: str, other: str) -> float:
    """The contrast of two tokens."""
    values = SCHEMES[scheme]
    lights = sorted((luminance(values[one]), luminance(values[other])))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("ink", "paper"), TEXT)
def test_text_can_be_read(scheme: str, ink: str, paper: str) -> None:
    """4.5 to 1, also where it is small and soft."""
    assert contrast(scheme, ink, paper) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("edge", "paper"), EDGES)
def test_controls_can_be_seen(scheme: str, edge: str, paper: str) -> None:
    """3 to 1 for the edges of what can be pressed or typed into."""
    assert contrast(scheme, edge, paper) >= 3
