"""Builds the static site: the pages, their styles, the runtimes and our Python, hashed by name.

Every address in the result is relative, so it works at the root of a host and below
`/repository/` on GitHub Pages alike. Whatever carries a hash in its name may be kept by a browser
for ever; pages are asked for again.
"""

import argparse
import shutil
import sys
from pathlib import Path

from building import policy, references, vendored, widget
from building.hashed import HashedFiles
from building.hosting import next_steps, widget_tag
from building.packages import WHEELS, Wheel, read_wheels, with_needs
from building.pages import HOSTS, INDEX, PYSCRIPT, Page, built_page, files_beside, read_pages
from building.prefabricated import CannotMake, compressed
from building.runtimes import add_runtimes, add_sources
from building.wheel import wheel

ROOT = Path(__file__).resolve().parents[2]
QUICK, SMALLEST = 5, 11  # of brotli: half a second for a site, or half a minute
_SOON_BYTES_MAX = 32 * 1024  # compressed as far as it goes in a moment
EXTENSION = "extension"  # built by `building.extension`
PAGE = "tollbridge.pages.spa"  # what our `index.html` starts
WORKER = "sw.js"  # at the root, since it sees to what lies below it
_MOCK = ("telegram_mock.mjs", "telegram_mock.css")
_COMPRESSED_SHARE_MAX = 0.9  # above this a `.br` is not worth its file
_COMPRESSED_BYTES_MIN = 512


class CannotBuild(Exception):
    """The sources do not fit together; the text says which file and how."""


def build_site(
    out: Path,
    *,
    root: Path = ROOT,
    gateway_url: str = "",
    paywall_id: str = "",
    page: Path | None = None,
    host: str = PYSCRIPT,
    mock_telegram: bool = False,
    stock_library: bool = False,
    quality: int = QUICK,
) -> None:
    """Write the site into `out`, replacing a site that was built there before.

    Args:
        out: The folder. If it holds anything but an earlier site, it is left alone.
        root: The repository.
        gateway_url: Where the pages find their gateway; empty for their own origin.
        paywall_id: The app, where a page says the demo's; empty for what it says.
        page: Another page than ours in place of `index.html`, with the files beside it that it
            names.
        host: What starts Python in our `index.html`, one of `pages.HOSTS`.
        mock_telegram: Add what opens the Mini App outside Telegram, for development.
        stock_library: Take Pyodide's standard library as it is, to measure what compiling saves.
        quality: Of the compressed files beside the others, from 0 to 11.

    Raises:
        CannotBuild: Nothing was written or removed.
    """
    marked = out / "_headers"
    ours = marked.is_file() and marked.read_text("utf-8").startswith(policy.HEADERS_MARK)
    if out.exists() and not ours and (out.is_file() or any(out.iterdir())):
        raise CannotBuild(f"{out} holds something else than an earlier site; name another folder")
    files = site_files(
        root,
        gateway_url=gateway_url,
        paywall_id=paywall_id,
        page=page,
        host=host,
        mock_telegram=mock_telegram,
        stock_library=stock_library,
    )
    files |= compressed_files(files, quality=quality)
    shutil.rmtree(out, ignore_errors=True)
    for name, content in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def site_files(
    root: Path,
    *,
    gateway_url: str = "",
    paywall_id: str = "",
    page: Path | None = None,
    host: str = PYSCRIPT,
    mock_telegram: bool = False,
    stock_library: bool = False,
) -> dict[str, bytes]:
    """Name → content of the whole site, made from the sources in `root` and perhaps another page.

    Raises:
        CannotBuild: A source is missing or asks for something that is not in the site.
    """
    try:
        pages = read_pages(root, page, host, mock_telegram=mock_telegram)
        site = HashedFiles()
        _add_parts(site, root, pages, ours=page is None, stock_library=stock_library)
        if page is not None:
            site.files |= files_beside(page, site)
        headers = widget.headers(site.renamed, site.files)
        site.files |= widget.loader(root, site.files, site.renamed, gateway_url=gateway_url)
        built = {}
        for one in pages:
            text = built_page(
                one, site.files, site.renamed, gateway_url=gateway_url, paywall_id=paywall_id
            )
            built[one.name] = text.encode()
            rules = policy.page_policy(one.name, policy.origin_of(gateway_url), strict=one.strict)
            headers |= policy.page_headers(one.name, rules)
        sdk = wheel(root)
    except (OSError, ValueError, CannotMake) as reason:
        raise CannotBuild(str(reason)) from reason
    headers |= policy.page_headers("404.html", policy.not_found_policy())
    name, content = sdk
    headers |= {
        f"/{name}": policy.FOR_EVERY_ORIGIN,
        f"/{WORKER}": {"Cache-Control": policy.ASK_AGAIN},
    }
    return (
        site.files
        | built
        | {
            name: content,
            WORKER: (root / "static" / WORKER).read_bytes(),
            "404.html": policy.not_found_page().encode(),
            "_headers": policy.headers_file(headers, unchanging=site.unchanging).encode(),
            ".nojekyll": b"",  # GitHub Pages would leave out names that begin with an underscore
        }
    )


def _add_parts(
    site: HashedFiles, root: Path, pages: list[Page], *, ours: bool, stock_library: bool
) -> None:
    """Add everything that the pages load."""
    packages = _packages(root, [name for page in pages for name in page.packages])
    manifest = add_runtimes(
        site,
        root,
        pyodide_page=PAGE if ours else None,
        stock_library=stock_library,
        micropython_pages=sorted(
            {widget.PAGE, *(name for page in pages for name in page.micropython_pages)}
        ),
        packages=packages,
    )
    add_sources(site, root, packages=packages)
    static = _files_of_pages(root) | {"manifest.mjs": manifest.module()}
    static[widget.LATER] = widget.later_styles(root / "static")
    asked = " ".join(page.text for page in pages)
    if "./static/telegram_mock" not in asked:  # nothing of it in a site that is copied elsewhere
        static = {name: content for name, content in static.items() if name not in _MOCK}
    site.add_folder("static", static)
    if "./telegram/" in asked:
        site.add_folder("telegram", vendored.telegram_files(root / "node_modules"))
    if all(page.strict for page in pages):
        return
    site.add_folder("pyscript", vendored.pyscript_files(root / "node_modules"))
    config = (root / "pyscript.toml").read_text("utf-8")
    config = references.rewritten(config, site.renamed)
    if lost := references.missing(references.asked_by_config(config), site.files):
        raise ValueError("pyscript.toml asks for what is not in the site: " + ", ".join(lost))
    site.add_file("pyscript.toml", config.encode())


def _packages(root: Path, names: list[str]) -> dict[str, Wheel]:
    """The packages that pages name, and what they need."""
    return with_needs(names, read_wheels(root / WHEELS)) if names else {}


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
    small = [name for name in names if len(files[name]) <= _SOON_BYTES_MAX]
    large = [name for name in names if len(files[name]) > _SOON_BYTES_MAX]
    try:
        smaller = compressed([files[name] for name in small], quality=SMALLEST)
        smaller += compressed([files[name] for name in large], quality=quality)
    except CannotMake as reason:
        raise CannotBuild(str(reason)) from reason
    return {
        f"{name}.br": content
        for name, content in zip(small + large, smaller, strict=True)
        if len(content) <= _COMPRESSED_SHARE_MAX * len(files[name])
    }


def _files_of_pages(root: Path) -> dict[str, bytes]:
    """Relative name → content of what pages load from `static/`; pages themselves stand outside."""
    folder = root / "static"
    outside = {WORKER, widget.ENTRY, widget.FOLDER, EXTENSION}
    paths = sorted(
        p
        for p in folder.rglob("*")
        if p.is_file() and p.suffix != ".html" and p.relative_to(folder).parts[0] not in outside
    )
    if not paths:
        raise ValueError("static/ is missing or empty")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def main() -> int:
    """Build into `--out` and say where; a source that does not fit is a sentence, not a trace.

    With `--gateway`, be it empty, it is a site to copy elsewhere: what is left to do is said too.
    """
    parser = argparse.ArgumentParser(prog="building.site")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--gateway")
    parser.add_argument("--paywall", default="")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--host", choices=HOSTS, default=PYSCRIPT)
    parser.add_argument("--mock-telegram", action="store_true", help="for development")
    parser.add_argument("--smallest", action="store_true", help="compress as far as it goes")
    options = parser.parse_args()
    gateway_url = (options.gateway or "").rstrip("/")
    try:
        build_site(
            options.out,
            gateway_url=gateway_url,
            paywall_id=options.paywall,
            page=options.page,
            host=options.host,
            mock_telegram=options.mock_telegram,
            quality=SMALLEST if options.smallest else QUICK,
        )
    except CannotBuild as reason:
        print(f"cannot build the page: {reason}", file=sys.stderr)
        return 2
    size = sum(path.stat().st_size for path in options.out.rglob("*") if path.is_file())
    print(f"built the page: {options.out} ({size / 1e6:.1f} MB)", flush=True)
    if options.gateway is not None:
        page = (options.out / INDEX).read_text("utf-8")
        told = (options.out / widget.HASH).read_text("utf-8").strip()
        print(next_steps(page, gateway_url), flush=True)
        print(widget_tag(page, widget.PINNED, told), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
