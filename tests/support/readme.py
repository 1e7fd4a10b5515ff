"""The README's code blocks, so that tests run what a newcomer would copy."""

import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def blocks(language: str) -> list[str]:
    """Return the README's code blocks in a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text("utf-8"), re.M | re.S)


def page_of_ones_own() -> str:
    """Return the page that a newcomer saves as `mine.html`."""
    (page,) = blocks("html")
    return page


def command_lines(program: str) -> list[str]:
    """Return the lines of the shell blocks that run a program, continued lines joined."""
    lines = "".join(blocks("sh")).replace("\\\n", " ").splitlines()
    return [line.partition(" #")[0].strip() for line in lines if program in line]
