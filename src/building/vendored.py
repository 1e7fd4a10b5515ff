"""Which files of the npm packages a page needs. Nothing else of them is copied, so nothing is dead.

Each runtime goes into a folder of its own, under the names that it asks for itself.
"""

import re
from pathlib import Path

# Its standard library comes from `library`; of its lock file only a few words go into the manifest.
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")

# The plain one; the others carry a debugger's hooks and a numerical library.
MICROPYTHON = ("micropython.mjs", "micropython.wasm")

# Under the name that Telegram gives it; the package's other files are for React.
TELEGRAM = "telegram-web-app.js"

# PyScript loads parts of itself when a page asks for them: the reader of a pyscript.toml, and its
# plugins, whose first small files it loads for the interpreter that a page does not configure, too.
# What those in turn load once they are used (an editor, a terminal) stays out.
PYSCRIPT_CHUNKS = (
    "deprecations-manager-",
    "donkey-",
    "error-",
    "py-editor-",
    "py-game-",
    "py-terminal-",
    "toml-",
)

_STATIC_IMPORT = re.compile(r"""(?:from|import)\s*["']\./([^"']+)["']""")
_DYNAMIC_IMPORT = re.compile(r"""import\(\s*["']\./([^"']+)["']""")


def pyodide_files(node_modules: Path) -> dict[str, bytes]:
    """Name → content of what Pyodide fetches at a start without extra packages."""
    package = node_modules / "pyodide"
    return {name: (package / name).read_bytes() for name in PYODIDE}


def micropython_files(node_modules: Path) -> dict[str, bytes]:
    """Name → content of MicroPython for the browser."""
    package = node_modules / "@micropython" / "micropython-webassembly-pyscript"
    return {name: (package / name).read_bytes() for name in MICROPYTHON}


def telegram_files(node_modules: Path) -> dict[str, bytes]:
    """Name → content of the script by which a Mini App speaks to Telegram's client, as it is."""
    package = node_modules / "@twa-dev" / "sdk"
    return {
        TELEGRAM: (package / "dist" / "telegram-web-apps.js").read_bytes(),
        "LICENSE": (package / "LICENSE").read_bytes(),
    }


def pyodide_lock(node_modules: Path) -> bytes:
    """The list of the packages that Pyodide could load, none of which is in the npm package."""
    return (node_modules / "pyodide" / "pyodide-lock.json").read_bytes()


def pyscript_files(node_modules: Path) -> dict[str, bytes]:
    """Name → content of PyScript's core and everything that it imports on our page.

    Found by following the imports, because the file names carry hashes that change by release.
    """
    package = node_modules / "@pyscript" / "core"
    files = {"core.css": (package / "dist" / "core.css").read_bytes()}
    wanted = ["core.js"]
    while wanted:
        name = wanted.pop()
        if name in files:
            continue
        files[name] = (package / "dist" / name).read_bytes()
        text = files[name].decode()
        wanted += _STATIC_IMPORT.findall(text)
        wanted += [n for n in _DYNAMIC_IMPORT.findall(text) if n.startswith(PYSCRIPT_CHUNKS)]
    # Its licence asks to travel with it.
    return files | {path.name: path.read_bytes() for path in package.glob("LICENSE*")}
