"""Builds the Chrome extension: a folder to load unpacked, or the archive for the store.

Everything that it runs is in it. Its pages have the policy of the site's strict ones; the gateway
is the only host that they may talk to, and the manifest says the same for its workers.
"""

import argparse
import json
import re
import shutil
import sys
from pathlib import Path

from building import policy
from building.hashed import HashedFiles
from building.pages import Page, built_page
from building.prefabricated import CannotMake
from building.python_zip import packed
from building.references import asked_by_page
from building.runtimes import add_runtimes
from building.wheel import version_of

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "extension"  # where Chrome loads it from, unpacked
ARCHIVE = "extension.zip"
MANIFEST = "manifest.json"
# The places where the one page of the chat is shown; each becomes a page of its own.
PLACES = ("popup", "panel")
HOST_MODULE = "tollbridge.pages.extension"  # in the worker of the offscreen document
VIEW_MODULE = "tollbridge.pages.extension_view"  # `static/extension/view.mjs` starts it
_PLACE = re.compile(r'(data-place|name="tollbridge-place" content)="popup"')
# What modules ask for by a string: imports, and the worker that is started by its address.
_ASKED = re.compile(r'(?:from|import\(|import|new URL\()\s*"(\.{1,2}/[^"]+)"')
_NUMBERS = re.compile(r"\d+(?:\.\d+){0,3}")


def extension_files(root: Path, *, gateway_url: str, paywall_id: str = "") -> dict[str, bytes]:
    """Name → content of the whole extension.

    Args:
        root: The repository.
        gateway_url: Where it finds its gateway, the only host that it may ask.
        paywall_id: The app; empty for the demo's.

    Raises:
        CannotMake: Node is missing.
        ValueError: A source is missing or asks for something that is not in the extension.
    """
    origin = policy.origin_of(gateway_url)
    if not origin:
        raise ValueError("an extension has no origin that could be its gateway's: name one")
    source = root / "static" / "extension"
    pages = extension_pages(source)
    site = HashedFiles()
    manifest = add_runtimes(
        site,
        root,
        pyodide_page=HOST_MODULE,
        trim=False,  # a store's reviewer compares it with what npm has
        micropython_pages=[VIEW_MODULE],
        packages={},
    )
    generated = {"manifest.mjs": manifest.module()}
    site.add_folder("static", _loaded(root / "static", pages, generated))
    built = {
        page.name: built_page(
            page, site.files, site.renamed, gateway_url=gateway_url, paywall_id=paywall_id
        ).encode()
        for page in pages
    }
    icons = {f"icons/{path.name}": path.read_bytes() for path in (source / "icons").glob("*.png")}
    return {
        **site.files,
        **built,
        **icons,
        MANIFEST: manifest_file(root, origin),
        "service_worker.js": (source / "service_worker.js").read_bytes(),
    }


def extension_pages(source: Path) -> list[Page]:
    """The offscreen document, and the chat for each of its places."""
    chat = (source / "view.html").read_text("utf-8")
    hidden = Page("offscreen.html", (source / "offscreen.html").read_text("utf-8"))
    views = [Page(f"{place}.html", _PLACE.sub(rf'\1="{place}"', chat)) for place in PLACES]
    return [hidden, *views]


def manifest_file(root: Path, gateway_origin: str) -> bytes:
    """The manifest: the source's, with version, host permission and policy."""
    manifest = json.loads((root / "static" / "extension" / MANIFEST).read_text("utf-8"))
    version = version_of(root / "src" / "tollbridge" / "__init__.py")
    numbers = _NUMBERS.match(version)
    manifest["version"] = numbers[0] if numbers else "0"
    manifest["version_name"] = version
    manifest["host_permissions"] = [f"{gateway_origin}/*"]
    manifest["content_security_policy"]["extension_pages"] = policy.policy_header(
        {
            "default-src": "'self'",
            "script-src": "'self' 'wasm-unsafe-eval'",
            "object-src": "'self'",
            "connect-src": f"'self' {gateway_origin}",
            "img-src": "'self' data:",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        }
    )
    return json.dumps(manifest, indent=2).encode() + b"\n"


def write_folder(out: Path, files: dict[str, bytes]) -> None:
    """Write the extension where Chrome loads it from unpacked, in place of an earlier one.

    Raises:
        ValueError: The folder holds something else. Nothing was written or removed.
    """
    if out.exists() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise ValueError(f"{out} holds something else than an earlier extension")
    shutil.rmtree(out, ignore_errors=True)
    for name, content in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def archive(files: dict[str, bytes]) -> bytes:
    """The extension as the store takes it."""
    return packed(files, deflated=True)


def _loaded(static: Path, pages: list[Page], generated: dict[str, bytes]) -> dict[str, bytes]:
    """Name below `static/` → content of what the pages load, and what that asks for in turn."""
    prefix = "./static/"
    wanted = [
        address.removeprefix(prefix)
        for page in pages
        for address in asked_by_page(page.text)
        if address.startswith(prefix)
    ]
    found: dict[str, bytes] = {}
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        found[name] = generated.get(name) or (static / name).read_bytes()
        if name.endswith("js"):
            folder = (static / name).parent
            for asked in _ASKED.findall(found[name].decode()):
                path = (folder / asked).resolve()
                if path.is_relative_to(static.resolve()):  # the others are told to be generated
                    wanted.append(path.relative_to(static.resolve()).as_posix())
    return found


def main() -> int:
    """Build it into `--into` for the store and into `FOLDER` for a developer, and say where."""
    parser = argparse.ArgumentParser(prog="building.extension")
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--paywall", default="")
    parser.add_argument("--into", type=Path, required=True)
    options = parser.parse_args()
    if not options.gateway:
        print("no extension: its own origin has no gateway, so it needs --gateway")
        return 0
    try:
        files = extension_files(
            ROOT, gateway_url=options.gateway.rstrip("/"), paywall_id=options.paywall
        )
        write_folder(FOLDER, files)
    except (OSError, ValueError, CannotMake) as reason:
        print(f"cannot build the extension: {reason}", file=sys.stderr)
        return 2
    packed_up = archive(files)
    (options.into / ARCHIVE).write_bytes(packed_up)
    size_mb = len(packed_up) / 1e6
    print(f"built the extension: {options.into / ARCHIVE} ({size_mb:.1f} MB)")
    print(f"  unpacked, for chrome://extensions: {FOLDER}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
