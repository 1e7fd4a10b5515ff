"""The page of index.html, without a browser around it."""

import sys
from types import ModuleType

import pytest

from tests.support import dom as fake
from tests.tidy.tree import ROOT

_HTML = (ROOT / "index.html").read_text("utf-8")

# `ui/dom.py` imports these where it runs; a test that wants a page gets a new one by fixture.
_ffi = ModuleType("pyodide.ffi")
_ffi.__dict__.update(create_proxy=fake.Proxy, JsException=fake.JsException)
sys.modules.setdefault("js", fake.Page("<html></html>").js)
sys.modules.setdefault("pyodide", ModuleType("pyodide"))
sys.modules.setdefault("pyodide.ffi", _ffi)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> fake.Page:
    """A page as it is painted before Python is up."""
    from tollbridge.ui import dom

    page = fake.Page(_HTML)
    monkeypatch.setattr(dom, "js", page.js)
    monkeypatch.setattr(fake.Proxy, "alive", 0)
    return page
