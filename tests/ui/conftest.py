"""The page of index.html, without a browser around it, and a chat on it."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from tests.support import dom as fake
from tests.support.world import World, open_world
from tests.tidy.tree import ROOT

if TYPE_CHECKING:
    from tests.ui.chat import Chat

_HTML = (ROOT / "index.html").read_text("utf-8")

# `ui/dom` imports these where it runs; a test that wants a page gets a new one by fixture.
_ffi = ModuleType("pyodide.ffi")
_ffi.__dict__.update(create_proxy=fake.Proxy, JsException=fake.JsException)
sys.modules.setdefault("js", fake.Page("<html></html>").js)
sys.modules.setdefault("pyodide", ModuleType("pyodide"))
sys.modules.setdefault("pyodide.ffi", _ffi)


@pytest.fixture
def skeleton() -> str:
    """What is painted: `index.html`."""
    return _HTML


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, skeleton: str) -> fake.Page:
    """A page as it is painted before Python is up."""
    page = fake.Page(skeleton)
    # One module object, imported by every file of `ui/dom`: what it holds is the page of this test.
    for name, value in vars(page.js).items():
        if not name.startswith("__"):
            monkeypatch.setitem(vars(sys.modules["js"]), name, value)
    monkeypatch.setattr(fake.Proxy, "alive", 0)
    from tollbridge.ui.dom import frames

    monkeypatch.setattr(frames, "_frames", frames._Frames())  # none is due from another test
    return page


def hint(paywall_id: str, user_id: str, query_type: str) -> str:
    """The line that the demo's gateway would send."""
    return f"tollbridge user grant --user {user_id} --amount 5"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A gateway that knows a hint."""
    async with open_world(tmp_path, hint=hint) as world:
        yield world


@pytest.fixture
async def chat(page: fake.Page, world: World) -> "AsyncIterator[Chat]":
    """A page that is signed in and has counted."""
    from tests.ui.chat import open_chat

    async with open_chat(page, world) as chat:
        yield chat
