"""SIGHUP: an operator's wish to restart, or a terminal that was closed."""

import asyncio
import os
import signal
from collections.abc import Callable


def on_hang_up(restart: Callable[[], None]) -> None:
    """Have SIGHUP call `restart`; needs a running event loop.

    Where the process was started at a terminal and that is gone, it ends as on SIGTERM: nobody
    would know of it any more.
    """
    had_terminal = os.isatty(0)

    def hear() -> None:
        if had_terminal and not os.isatty(0):
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            restart()

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hear)
