"""What a browser keeps for one tab, for tests of `tollbridge.ui` that have no browser."""

import asyncio
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tollbridge.sdk import platform


class TabStorage:
    """A `sessionStorage`, at the one door to it that the SDK has, and as a page's scripts see it.

    Attributes:
        items: What is kept.
        refuses: Whether the browser keeps nothing.
        asked: Set once something was asked of it.
        answers: While it is clear, what was asked has begun and does not come back.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Be the storage of the page that the test has."""
        self.items: dict[str, str] = {}
        self.refuses = False
        self.asked = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()
        js = vars(sys.modules["js"])
        monkeypatch.setitem(js, "sessionStorage", SimpleNamespace(setItem=self._keep))
        monkeypatch.setattr(platform, "web_storage", self._call)

    def _keep(self, key: str, text: str) -> None:
        if self.refuses:
            raise platform.JsException("QuotaExceededError")
        self.items[key] = text

    async def _call(self, area: str, method: str, key: str, text: str = "") -> Any:
        assert (area, method) in (("sessionStorage", "setItem"), ("sessionStorage", "removeItem"))
        self.asked.set()
        await self.answers.wait()
        if self.refuses:
            raise platform.JsException("QuotaExceededError")
        if method == "setItem":
            self.items[key] = text
        else:
            self.items.pop(key, None)
