"""MicroPython reads a text into the same blocks and words as CPython."""

import importlib
import json

import pytest

from tests.tidy.micropython import run_all
from tests.tidy.tree import SHIPPED
from tests.ui.markdown.answers import ANSWER
from tests.ui.markdown.test_blocks import BLOCKS, CODES
from tests.ui.markdown.test_hostile import HOSTILE
from tests.ui.markdown.test_links import LINKS, REFUSED
from tests.ui.markdown.test_words import WORDS

# In the order in which each needs only those before it. The others write to a page.
_PURE = ["addresses", "entities", "emphasis", "links", "ticks", "reading", "lines", "inline"]
_PURE += ["blocks"]

# Reads texts as `MarkdownView` does, a few letters at a time, and prints what they are.
_PROGRAM = """
import json
from tollbridge.ui.markdown.blocks import Blocks
from tollbridge.ui.markdown.inline import PIECE_MAX, read


def outline(block):
    words = []
    for piece in block.pieces:
        before = ""
        while True:
            is_last = len(piece) <= PIECE_MAX
            reading = read(piece[:PIECE_MAX], before=before, whole=is_last)
            words.append(reading.settled)
            if is_last:
                break
            piece = piece[reading.stable:]
            before = reading.before
    inside = [outline(child) for child in block.children]
    return [block.kind, block.detail, block.is_closed, words, inside]


def told(text):
    blocks = Blocks()
    lines = text.split("\\n")
    for line in lines:
        blocks.glimpse(line[: len(line) // 2])
        blocks.add_line(line)
    blocks.close()
    return outline(blocks.document)


for text in json.loads(TEXTS):
    print(json.dumps(told(text)))
"""
# Puts the modules where MicroPython imports from.
_INSTALL = """
import json, os, sys
sys.path.append("/code")
for folder in ("/code", "/code/tollbridge", "/code/tollbridge/ui", "/code/tollbridge/ui/markdown"):
    os.mkdir(folder)
    with open(folder + "/__init__.py", "w") as file:
        file.write("")
for name, source in json.loads(SOURCES).items():
    with open("/code/tollbridge/ui/markdown/" + name + ".py", "w") as file:
        file.write(source)
"""


def test_micropython_reads_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """UX-M2: every text of these tests, hostile ones too, without its page."""
    texts = [pair[0] for pair in [*BLOCKS.values(), *CODES.values(), *WORDS.values()]]
    texts += [pair[0] for pair in LINKS.values()]
    texts += [f"[a]({address})" for address in REFUSED if address.isprintable()]
    texts += [text * (3000 // len(text)) for text in HOSTILE.values()] + [ANSWER * 3]
    folder = SHIPPED / "ui" / "markdown"
    sources = {name: (folder / f"{name}.py").read_text("utf-8") for name in _PURE}
    told = json.dumps(texts, ensure_ascii=False)  # MicroPython takes halves of a pair apart
    given = f"SOURCES = {json.dumps(sources)!r}\nTEXTS = {told!r}\n"
    (run,) = run_all([given + _INSTALL + _PROGRAM])
    assert run.error is None, run.printed[-3:]
    for name in _PURE:
        importlib.import_module(f"tollbridge.ui.markdown.{name}")
    exec(compile(_PROGRAM, "program", "exec"), {"TEXTS": told})
    expected = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [json.loads(line) for line in run.printed] == expected
    assert len(expected) == len(texts)
