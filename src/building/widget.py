"""The widget's loader as pages of other people load it: `static/widget.js` with what it must know.

One text under two addresses: `v1/widget.js`, which is asked for again at every visit, and
`v<version>/widget.js`, which never changes and whose hash stands beside it. Both know the files
that follow by name and hash.
"""

import json
import re
from pathlib import Path

from building import policy
from building.bundle import bundle_name
from building.hashed import integrity
from tollbridge import __version__

PAGE = "tollbridge.pages.widget"
FIRST = f"{PAGE}_session"
# Of `static/`; they are no files of a site of their own.
ENTRY, FOLDER = "widget.js", "widget"
LATER = "widget-styles.mjs"
FLOATING = "v1/widget.js"
PINNED = f"v{__version__}/widget.js"
HASH = f"{PINNED}.sha384"

_PLACEHOLDER = '"BUILT"'
_IMPORT = re.compile(r'^import \{[^}]*\} from "(\./[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|let|class|function|async function) )", re.MULTILINE)
_TOP_NAME = re.compile(
    r"^(?:export )?(?:const|let|class|function|async function) (\w+)", re.MULTILINE
)
_DECLARED = re.compile(r"--[\w-]+:[^;]*;")
_MODULE_WORD = re.compile(r"^(?:import [^(]|export ).*", re.MULTILINE)
# What somebody who comes near the launcher will need, of the folder `static`.
_EARLY = ("boot.mjs", "downloads.mjs", "manifest.mjs", "sse_pump.mjs", LATER)
# The tokens that a page may set, as `--tollbridge-…` on the widget's element.
THEMED = ("accent", "accent-strong", "on-accent", "surface", "ink", "ink-soft", "font", "radius-l")
_REM_PX = 16  # what a rem is unless a page says otherwise


def loader(
    root: Path, files: dict[str, bytes], renamed: dict[str, str], *, gateway_url: str
) -> dict[str, bytes]:
    """Name → content of the loader, under both addresses, and of its hash.

    Args:
        root: The repository.
        files: All that a site holds which the widget loads.
        renamed: What source names became, such as `./static/`.
        gateway_url: Where the widget finds its gateway; empty for the origin that it came from.

    Raises:
        ValueError: The source has no place for what it is told.
    """
    folder = renamed["./static/"].removeprefix("./")
    runtime = renamed["./micropython/"].removeprefix("./")
    bundle = renamed[f"./{bundle_name(PAGE)}"].removeprefix("./")

    def known(names: list[str]) -> list[tuple[str, str]]:
        # The shortest that browsers take: nothing else in the loader resists compression.
        return [(name, integrity(files[name], "sha256")) for name in names]

    built = {
        "boot": f"{folder}boot.mjs",
        "later": f"{folder}{LATER}",
        "page": PAGE,
        "first": FIRST,
        "gateway": policy.origin_of(gateway_url),
        "early": known([folder + name for name in _EARLY]),
        "modules": known([f"{runtime}micropython.mjs"]),
        "fetched": [(f"{runtime}micropython.wasm", ""), (bundle, "")],
        "styles": shell_styles(root / "static"),
    }
    text = joined(root / "static" / ENTRY)
    if text.count(_PLACEHOLDER) != 1:
        raise ValueError(f"static/{ENTRY} and what it imports lack the place {_PLACEHOLDER}")
    script = text.replace(_PLACEHOLDER, json.dumps(built)).encode()
    return {FLOATING: script, PINNED: script, HASH: f"{integrity(script)}\n".encode()}


def headers(renamed: dict[str, str], files: dict[str, bytes]) -> policy.Headers:
    """The headers that let pages of every origin load it, and what it loads."""
    pinned = policy.FOR_EVERY_ORIGIN | {"Cache-Control": policy.FOREVER}
    rules = {f"/{FLOATING}": policy.FOR_EVERY_ORIGIN, f"/{PINNED}": pinned, f"/{HASH}": pinned}
    loaded = [f"{renamed[name][1:]}*" for name in ("./static/", "./micropython/")]
    loaded += [f"/{name}" for name in files if name.endswith(".romfs")]
    return rules | dict.fromkeys(loaded, policy.READABLE)


def joined(entry: Path) -> str:
    """A module and those that it imports as one classic script, each behind what it imports.

    Raises:
        ValueError: Two of them have the same name at their top, or one says more of an import or
            an export than that.
    """
    texts: dict[Path, str] = {}
    names: list[str] = []
    begun: set[Path] = set()

    def add(path: Path) -> None:
        if path in begun:
            return
        begun.add(path)
        source = path.read_text("utf-8")
        for address in _IMPORT.findall(source):
            add((path.parent / address).resolve())
        names.extend(_TOP_NAME.findall(source))
        texts[path] = without_comments(_EXPORT.sub("", _IMPORT.sub("", source)))

    add(entry.resolve())
    script = "".join(texts.values())
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"files of the widget share the names {', '.join(twice)}")
    if left := _MODULE_WORD.search(script):
        raise ValueError(f"the widget cannot be joined for {left[0]}")
    return f"(() => {{\n{script}}})();\n"


def shell_styles(static: Path) -> str:
    """The styles of what is there before Python."""
    shell = (static / FOLDER / "shell.css").read_text("utf-8")
    return _packed(_tokens(static, shell), shell)


def later_styles(static: Path) -> bytes:
    """The module of the other styles, which a press loads, with the tokens that only they use."""
    names = ("prose.css", f"{FOLDER}/answers.css")
    later = "\n".join((static / name).read_text("utf-8") for name in names)
    shell = (static / FOLDER / "shell.css").read_text("utf-8")
    known = set(_DECLARED.findall(_tokens(static, shell)))
    more = [one for one in _DECLARED.findall(_tokens(static, later)) if one not in known]
    styles = _packed(f".root {{ {' '.join(more)} }}", later)
    return f"export default {json.dumps(styles)};\n".encode()


def _tokens(static: Path, styles: str) -> str:
    """The tokens that some styles use, and those that these use; some of them a page's to set."""
    tokens = (static / "tokens.css").read_text("utf-8").replace(":root", ".root")
    for name in THEMED:
        pattern = rf"--{name}: ([^;]+);"
        tokens, count = re.subn(pattern, rf"--{name}: var(--tollbridge-{name}, \1);", tokens)
        if count != 1:
            raise ValueError(f"tokens.css sets --{name} {count} times")
    while True:
        names = re.findall(r"^ +--([\w-]+):", tokens, re.MULTILINE)
        unused = [name for name in names if f"var(--{name})" not in tokens + styles]
        if not unused:
            return tokens
        for name in unused:
            tokens = re.sub(rf"^ +--{name}:[^;]*;\n", "", tokens, flags=re.MULTILINE)


def _packed(*styles: str) -> str:
    """Styles as one text, in which no size is told by rem: what that is the page says around it."""
    text = re.sub(r"/\*.*?\*/", "", "\n".join(styles), flags=re.DOTALL)
    text = re.sub(r"([\d.]+)rem\b", lambda size: f"{float(size[1]) * _REM_PX:g}px", text)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r" ?([{};,>]) ?", r"\1", text).replace(": ", ":")
    return text.replace(";}", "}").strip()


def without_comments(script: str) -> str:
    """A script without its indents and comments: those in `/* */`, and lines that begin with `//`.

    It reads no more of the language than that: a text with `/*` in it would lose its end.
    """
    text = re.sub(r"/\*.*?\*/ ?", "", script, flags=re.DOTALL)
    lines = (line.strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))
