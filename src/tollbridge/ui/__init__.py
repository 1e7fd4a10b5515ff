"""What is seen: the chat, the counter, the upgrade dialog.

A page of one's own imports `PaywallUI` from here. Outside a browser there is no such name, so that
what is pure here can be imported anywhere.
"""

from tollbridge.sdk.platform import HAS_JS

TYPE_CHECKING = False
if TYPE_CHECKING or HAS_JS:
    from tollbridge.ui.paywall import PaywallUI as PaywallUI
