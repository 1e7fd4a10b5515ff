"""Builds the static site: the page, its styles, the runtimes and our Python, under hashed names.

Every address in the result is relative, so it works at the root of a host and below
`/repository/` on GitHub Pages alike. Whatever carries a hash in its name may be kept by a browser
for ever; only `index.html` is asked for again.
"""

import argparse
import html
import shutil
import sys
from pathlib import Path

from building import library, policy, references, vendored
from building.hosting import next_steps
from building.manifest import Manifest, empty_lock
from building.prefabricated import CannotMake, compiled, compressed
from building.prepare import fingerprint
from building.python_zip import is_sdk, packed, python_files
from building.spare import spare

ROOT = Path(__file__).resolve().parents[2]
_GATEWAY_META = '<meta name="tollbridge-gateway" content="">'
_CHARSET_META = '<meta charset="utf-8">'
OURS_PLACE = "/lib/tollbridge.zip"  # where `static/interpreter.mjs` puts our Python
QUICK, SMALLEST = 5, 11  # of brotli: half a second for a site, or half a minute
_COMPRESSED_SHARE_MAX = 0.9  # above this a `.br` is not worth its file
_COMPRESSED_BYTES_MIN = 512


class CannotBuild(Exception):
    """The sources do not fit together; the text says which file and how."""


class Site:
    """The files of a site while it is put together, and what their source names became."""

    def __init__(self) -> None:
        """Start with an empty site."""
        self.files: dict[str, bytes] = {}
        self.renamed: dict[str, str] = {}
        self.unchanging: list[str] = []

    def add_folder(self, name: str, files: dict[str, bytes]) -> None:
        """Add a folder as a whole: its files refer to each other by name and stay together."""
        folder = f"{name}-{_short_hash(files)}"
        self.files |= {f"{folder}/{inner}": content for inner, content in files.items()}
        self.renamed[f"./{name}/"] = f"./{folder}/"
        self.unchanging.append(f"/{folder}/*")

    def add_file(self, name: str, content: bytes) -> None:
        """Add one file under a name with the hash of its content."""
        stem, _, suffix = name.rpartition(".")
        hashed = f"{stem}-{_short_hash({'': content})}.{suffix}"
        self.files[hashed] = content
        self.renamed[f"./{name}"] = f"./{hashed}"
        self.unchanging.append(f"/{hashed}")

    def built(self, name: str) -> str:
        """What a source name became, seen from one of the site's folders."""
        return f".{self.renamed[name]}"


def build_site(
    out: Path,
    *,
    root: Path = ROOT,
    gateway_url: str = "",
    page: Path | None = None,
    stock_library: bool = False,
    quality: int = QUICK,
) -> None:
    """Write the site into `out`, replacing a site that was built there before.

    Args:
        out: The folder. If it holds anything but an earlier site, it is left alone.
        root: The repository.
        gateway_url: Where the page finds its gateway; empty for its own origin.
        page: Another page than ours to build the site around.
        stock_library: Take Pyodide's standard library as it is, to measure what compiling saves.
        quality: Of the compressed files beside the others, from 0 to 11.

    Raises:
        CannotBuild: Nothing was written or removed.
    """
    marked = out / "_headers"
    ours = marked.is_file() and marked.read_text("utf-8").startswith(policy.HEADERS_MARK)
    if out.exists() and not ours and (out.is_file() or any(out.iterdir())):
        raise CannotBuild(f"{out} holds something else than an earlier site; name another folder")
    files = site_files(root, gateway_url=gateway_url, page=page, stock_library=stock_library)
    files |= compressed_files(files, quality=quality)
    shutil.rmtree(out, ignore_errors=True)
    for name, content in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def site_files(
    root: Path, *, gateway_url: str = "", page: Path | None = None, stock_library: bool = False
) -> dict[str, bytes]:
    """Name → content of the whole site, made from the sources in `root` and perhaps another page.

    Raises:
        CannotBuild: A source is missing or asks for something that is not in the site.
    """
    try:
        rules = policy.content_policy(policy.origin_of(gateway_url))
        site = Site()
        site.add_folder("pyscript", vendored.pyscript_files(root / "node_modules"))
        manifest = _add_runtime(site, root, ours=page is None, stock_library=stock_library)
        site.add_folder("static", _files_below(root / "static") | {"manifest.mjs": manifest})
        config = (root / "pyscript.toml").read_text("utf-8")
        text = (page or root / "index.html").read_text("utf-8")
    except (OSError, ValueError, CannotMake) as reason:
        raise CannotBuild(str(reason)) from reason
    config = references.rewritten(config, site.renamed)
    site.add_file("pyscript.toml", config.encode())
    text = references.rewritten(text, site.renamed)
    if gateway_url:
        text = _replaced(text, _GATEWAY_META, f'{_GATEWAY_META[:-2]}{html.escape(gateway_url)}">')
    text = _replaced(text, _CHARSET_META, f"{_CHARSET_META}\n  {policy.policy_meta(rules)}")
    asked = references.asked_by_page(text) + references.asked_by_config(config)
    if lost := references.missing(asked, site.files):
        raise CannotBuild("the page asks for what is not in the site: " + ", ".join(lost))
    return site.files | {
        "index.html": text.encode(),
        "404.html": Path(__file__).with_name("404.html").read_bytes(),
        "_headers": policy.headers_file(rules, unchanging=site.unchanging).encode(),
        ".nojekyll": b"",  # GitHub Pages would leave out names that begin with an underscore
    }


def compressed_files(files: dict[str, bytes], *, quality: int) -> dict[str, bytes]:
    """`name.br` → content, for every file that visitors ask for and that gets smaller by it.

    Raises:
        CannotBuild: Node is missing.
    """
    names = [
        name
        for name, content in files.items()
        if len(content) >= _COMPRESSED_BYTES_MIN and not name.startswith("_")
    ]
    try:
        smaller = compressed([files[name] for name in names], quality=quality)
    except CannotMake as reason:
        raise CannotBuild(str(reason)) from reason
    return {
        f"{name}.br": content
        for name, content in zip(names, smaller, strict=True)
        if len(content) <= _COMPRESSED_SHARE_MAX * len(files[name])
    }


def _add_runtime(site: Site, root: Path, *, ours: bool, stock_library: bool) -> bytes:
    """Add Pyodide, its standard library and our Python; gives the manifest's module.

    Args:
        site: What to add to.
        root: The repository.
        ours: The page is ours, so it is known which modules of the library it needs.
        stock_library: Not compiled, and whole.
    """
    modules = root / "node_modules"
    python = python_files(root / "src" / "tollbridge")
    sources = {name: spare(content) for name, content in python.items()}
    if stock_library:
        standard = library.stock_library(modules)
    elif ours:
        standard = library.our_library(modules, python)
    else:
        standard = library.whole_library(modules)
    archives = {
        "python_stdlib.zip": standard,
        "tollbridge_compiled.zip": compiled(packed(python), modules, place=OURS_PLACE, bare=True),
        # For MicroPython, which reads no byte code of CPython, and for who wants the SDK alone.
        "tollbridge.zip": packed(sources),
        "tollbridge_sdk.zip": packed({n: c for n, c in sources.items() if is_sdk(n)}),
    }
    runtime = vendored.pyodide_files(modules)
    site.add_folder("pyodide", runtime)
    for name, content in archives.items():
        site.add_file(name, content)
    folder, wasm = site.built("./pyodide/"), "pyodide.asm.wasm"
    loaded = {
        name: site.built(f"./{name}") for name in ("python_stdlib.zip", "tollbridge_compiled.zip")
    }
    sizes = {built: len(archives[name]) for name, built in loaded.items()}
    return Manifest(
        pyodide=folder,
        library=loaded["python_stdlib.zip"],
        ours=loaded["tollbridge_compiled.zip"],
        files={f"{folder}{wasm}": len(runtime[wasm])} | sizes,
        lock=empty_lock(vendored.pyodide_lock(modules)),
    ).module()


def _files_below(folder: Path) -> dict[str, bytes]:
    """Relative name → content of every file in a folder."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    if not paths:
        raise ValueError(f"{folder.name}/ is missing or empty")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _short_hash(files: dict[str, bytes]) -> str:
    """Ten characters that change when a name or a content does: enough to tell two builds apart."""
    parts = [part for name in sorted(files) for part in (name.encode(), files[name])]
    return fingerprint(*parts)[:10]


def _replaced(text: str, source: str, built: str) -> str:
    """The page with a line that it must have replaced by another."""
    if source not in text:
        raise CannotBuild(f"the page lacks the line {source}")
    return text.replace(source, built, 1)


def main() -> int:
    """Build into `--out` and say where; a source that does not fit is a sentence, not a trace.

    With `--gateway`, be it empty, it is a site to copy elsewhere: what is left to do is said too.
    """
    parser = argparse.ArgumentParser(prog="building.site")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--gateway")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--smallest", action="store_true", help="compress as far as it goes")
    options = parser.parse_args()
    gateway_url = (options.gateway or "").rstrip("/")
    try:
        build_site(
            options.out,
            gateway_url=gateway_url,
            page=options.page,
            quality=SMALLEST if options.smallest else QUICK,
        )
    except CannotBuild as reason:
        print(f"cannot build the page: {reason}", file=sys.stderr)
        return 2
    size = sum(path.stat().st_size for path in options.out.rglob("*") if path.is_file())
    print(f"built the page: {options.out} ({size / 1e6:.1f} MB)", flush=True)
    if options.gateway is not None:
        print(next_steps((options.out / "index.html").read_text("utf-8"), gateway_url), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
