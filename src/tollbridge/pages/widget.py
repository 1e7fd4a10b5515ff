"""The widget: a panel on somebody else's page, which `static/widget.js` has drawn before Python."""

import json

import tollbridge_widget  # registered by `static/widget.js`

from tollbridge.pages.widget_session import clients_for
from tollbridge.sdk import ConfigError
from tollbridge.ui.panel import Panel, Settings
from tollbridge.ui.tasks import Tasks

try:
    from pyodide.ffi import create_proxy
except ImportError:  # MicroPython
    from jsffi import create_proxy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Shell:
    """What `static/widget.js` does for a panel; see `ui.panel`.

    Attributes:
        node: The panel's node.
    """

    def __init__(self, js_panel: "Any") -> None:
        """Take over the panel's object."""
        self._js_panel = js_panel
        self.node = js_panel.node

    def busy(self, busy: bool) -> None:
        """Show Stop in place of Send, or back."""
        self._js_panel.busy(busy)

    def give_back(self, text: str) -> None:
        """Put an unsent question into the draft, if that is empty."""
        self._js_panel.giveBack(text)

    def focus(self) -> None:
        """Move the keyboard to the draft."""
        self._js_panel.focus()

    def tell(self, event: str, detail: "dict[str, Any]") -> None:
        """Tell the host page."""
        self._js_panel.tell(event, json.dumps(detail))

    def mark(self, name: str) -> None:
        """Note the moment, for who measures."""
        self._js_panel.mark(name)


class Desk:
    """The panels of a page."""

    def __init__(self) -> None:
        """Start with none."""
        self._tasks = Tasks()

    def welcome(self, js_panel: "Any") -> None:
        """Take over a panel."""
        settings = Settings.from_text(js_panel.settings)
        shell = Shell(js_panel)
        try:
            auth, billing = clients_for(settings.paywall, settings.gateway, keeps=settings.keeps)
        except ConfigError as error:
            js_panel.fail()
            shell.tell("error", {"code": error.code, "message": error.message})
            return
        panel = Panel(settings, shell, auth=auth, billing=billing)
        close = create_proxy(lambda: self._tasks.start(panel.close()))
        queue = js_panel.join(create_proxy(panel.send), create_proxy(panel.stop), close)
        panel.begin(json.loads(queue))


def main() -> None:
    """Take over every panel that is open, and those that are opened later."""
    tollbridge_widget.welcome(create_proxy(_desk.welcome))


_desk = Desk()
