"""Where Chromium is and how it is started, for the tests and for the screenshots alike."""

import shutil

# Debian's name comes first; the others are what distributions and Google call the same program.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The same engine without a browser's windows around it. Most tests take it where it is: they need
# a fifth less of the processor. It has no extensions.
HEADLESS_SHELL = "chromium-headless-shell"

# Chromium watches the memory of a few processes, drawn by lot, and notes who allocated what by
# walking the stack. On a stack that WebAssembly has switched to, as it does for Pyodide, the walk
# goes over the end and the tab crashes: seldom, yet in every third tab where it notes a lot. So
# nobody is drawn. The first two are Playwright's own, of whose switch this one takes the place.
FEATURES = (
    "CDPScreenshotNewSurface",
    "SkipListAccountsWithoutGaiaCookies",
    "GwpAsanMalloc:ProcessSamplingProbability/0",
    "GwpAsanPartitionAlloc:ProcessSamplingProbability/0",
)

# `--no-sandbox`: root, as in a CI container, cannot start it otherwise; it shows our pages only.
# The rest keeps it from looking for servers of its own, which a closed network answers with errors.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--enable-features={','.join(FEATURES)}",
)


def find_chromium() -> str | None:
    """The path of an installed Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def find_headless_shell() -> str | None:
    """The path of Chromium's headless shell, or of Chromium where there is none, or None."""
    return shutil.which(HEADLESS_SHELL) or find_chromium()
