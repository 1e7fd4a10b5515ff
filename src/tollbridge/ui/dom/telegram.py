"""Telegram's client around a Mini App, by the script that it gives (`Telegram.WebApp`).

The one place where that is touched. A client says which version of the interface it speaks; what it
does not know is left out here, so that nobody else has to ask. Outside Telegram the script speaks
to nobody: everything is harmless then, and `init_data` is "".
"""

import json

import js

try:
    from pyodide.ffi import create_proxy
except ImportError:  # MicroPython
    from jsffi import create_proxy

from tollbridge.ui.dom.events import listen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SUCCESS, FAILURE = "success", "error"


class Client:
    """What a Mini App asks of the client that it runs in."""

    def __init__(self) -> None:
        """Find it.

        Raises:
            LookupError: Telegram's script is not on the page.
        """
        js_telegram = getattr(js.globalThis, "Telegram", None)
        if not js_telegram:
            raise LookupError("telegram-web-app.js is not on the page")
        self._js_app = js_telegram.WebApp
        self._shown_back = False
        self._asks_before_closing = False
        self._swipes_close = True

    @property
    def init_data(self) -> str:
        """What Telegram signed of this launch, "" outside Telegram; never shown to anybody."""
        return str(self._js_app.initData)

    @property
    def language(self) -> str:
        """The person's language as Telegram tells it, such as `pt-br`; "" where it does not."""
        return self._of_user("language_code")

    @property
    def account(self) -> str:
        """Telegram's number of the person, as digits; "" where it does not tell.

        Nobody has checked it, so it opens nothing: it keeps apart what one device keeps for two.
        """
        return self._of_user("id")

    def knows(self, version: str) -> bool:
        """Return whether the client speaks this version of the interface, such as `6.1`."""
        return bool(self._js_app.isVersionAtLeast(version))

    def show_back(self, shown: bool) -> None:
        """Show the button that goes back, or take it away."""
        if shown == self._shown_back or not self.knows("6.1"):
            return
        self._shown_back = shown
        js_button = self._js_app.BackButton
        (js_button.show if shown else js_button.hide)()

    def on_back(self, handler: "Callable[[], None]") -> "Callable[[], None]":
        """Call `handler()` when that button is pressed; returns the undo."""
        if not self.knows("6.1"):
            return lambda: None
        return _listen(self._js_app.BackButton, handler)

    def show_main(self, text: str) -> None:
        """Show the large button below the page with this text."""
        self._js_app.MainButton.setText(text)
        self._js_app.MainButton.show()

    def hide_main(self) -> None:
        """Take that button away."""
        self.show_progress(False)
        self._js_app.MainButton.hide()

    def show_progress(self, running: bool) -> None:
        """Have that button turn, and take no presses, while something runs."""
        js_button = self._js_app.MainButton
        if running:
            js_button.showProgress(False)
        elif js_button.isProgressVisible:
            js_button.hideProgress()

    def on_main(self, handler: "Callable[[], None]") -> "Callable[[], None]":
        """Call `handler()` when that button is pressed; returns the undo."""
        return _listen(self._js_app.MainButton, handler)

    def feel(self, kind: str) -> None:
        """Let the device be felt: `SUCCESS` or `FAILURE`."""
        if self.knows("6.1"):
            self._js_app.HapticFeedback.notificationOccurred(kind)

    def ask_before_closing(self, wanted: bool) -> None:
        """Have the client ask before the app is closed, or close it at once."""
        if wanted == self._asks_before_closing or not self.knows("6.2"):
            return
        self._asks_before_closing = wanted
        js_app = self._js_app
        (js_app.enableClosingConfirmation if wanted else js_app.disableClosingConfirmation)()

    def let_swipes_close(self, wanted: bool) -> None:
        """Have a swipe down close the app, or leave it to the page, which may be scrolled by it."""
        if wanted == self._swipes_close or not self.knows("7.7"):
            return
        self._swipes_close = wanted
        js_app = self._js_app
        (js_app.enableVerticalSwipes if wanted else js_app.disableVerticalSwipes)()

    def open_links(self) -> "Callable[[], None]":
        """Have the client open the page's links, which not every client does by itself.

        Returns:
            The undo. Calling it twice is harmless.
        """

        def pressed(js_event: "Any") -> None:
            js_link = js_event.target.closest("a[href]")
            if js_link and self.init_data and self._open(str(js_link.href)):
                js_event.preventDefault()

        return listen(js.document, "click", pressed)

    def close(self) -> None:
        """Close the app; the person opens it again from the chat with the bot."""
        self._js_app.close()

    def _open(self, url: str) -> bool:
        if url[:13] == "https://t.me/" and self.knows("6.1"):
            self._js_app.openTelegramLink(url)
        elif url[:8] == "https://" or url[:7] == "http://":
            self._js_app.openLink(url)
        else:
            return False
        return True

    def _of_user(self, name: str) -> str:
        # As text: MicroPython would cut the number to 32 bits.
        told = json.loads(str(js.JSON.stringify(self._js_app.initDataUnsafe)))
        user = told.get("user")
        value = user.get(name) if isinstance(user, dict) else None
        return str(value) if isinstance(value, (str, int)) else ""


def _listen(js_button: "Any", handler: "Callable[[], None]") -> "Callable[[], None]":
    proxies = [create_proxy(lambda *args: handler())]
    js_button.onClick(proxies[0])

    def undo() -> None:
        if proxies:
            js_proxy = proxies.pop()
            js_button.offClick(js_proxy)
            if hasattr(js_proxy, "destroy"):  # MicroPython's go with their last user
                js_proxy.destroy()

    return undo
