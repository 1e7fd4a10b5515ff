"""Which files of the npm packages a page needs. Nothing else of them is copied, so nothing is dead.

Each runtime goes into a folder of its own, under the names that it asks for itself.
"""

import re
from pathlib import Path

# Its standard library comes from `library`; of its lock file only a few words go into the manifest.
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")

# The plain one; the others carry a debugger's hooks and a numerical library.
MICROPYTHON = ("micropython.mjs", "micropython.wasm")
_MICROPYTHON_GLOBALS = {
    "Module",
    "loadMicroPython",
    "proxy_js_existing",
    "proxy_js_map",
    "proxy_js_ref",
    "proxy_js_ref_map",
    "proxy_js_ref_next",
    "pyProxyFinalizationRegistry",
}

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
    """Name → content of MicroPython for the browser, which keeps to itself.

    Raises:
        ValueError: It is another release, whose globals are not known.
    """
    package = node_modules / "@micropython" / "micropython-webassembly-pyscript"
    files = {name: (package / name).read_bytes() for name in MICROPYTHON}
    return files | {"micropython.mjs": without_globals(files["micropython.mjs"].decode()).encode()}


def without_globals(module: str) -> str:
    """MicroPython's module with its variables as its own, and not the page's.

    It keeps what Python holds of JavaScript in eight properties of `globalThis`. On a page of
    somebody else's those names, `Module` among them, may be taken, and are none of our business.

    Raises:
        ValueError: It has more of them, or fewer.
    """
    found = {name for name in re.findall(r"\bglobalThis\.(\w+)=(?!=)", module)}
    found -= {"crypto"}  # where there is none: in an old Node
    if found != _MICROPYTHON_GLOBALS:
        raise ValueError(f"micropython.mjs has other globals than are known: {sorted(found)}")
    module = module.replace("globalThis.loadMicroPython=loadMicroPython", "true")
    # Where it is set, a variable of the same name is in the way.
    module = module.replace("globalThis.Module=Module", "setModule(Module)")
    own = sorted(_MICROPYTHON_GLOBALS - {"loadMicroPython"})
    for name in own:
        module = module.replace(f"globalThis.{name}", name)
    return f"let {','.join(own)};const setModule=(it)=>{{Module=it}};{module}"


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
