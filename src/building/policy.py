"""The response headers of the static site, as the `_headers` file that static hosts read."""

import base64
import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

HEADERS_MARK = "# Made by Tollbridge's build.py."
_WHY_EVAL = "# 'unsafe-eval' is for PyScript, whose core makes functions from text."
# What a host answers with where there is nothing; it carries its style in itself.
NOT_FOUND_PAGE = Path(__file__).with_name("404.html")
_FOREVER = "public, max-age=31536000, immutable"
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")


def origin_of(url: str) -> str:
    """The origin of a gateway's URL; empty for the page's own origin.

    Raises:
        ValueError: It is not a plain http(s) URL. It would end up in a policy, so it must be one.
    """
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        _ = parts.port  # reads it
    except ValueError:
        parts = urlsplit("")
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    beyond = parts.path.strip("/") or parts.query or parts.fragment
    if not _ORIGIN.fullmatch(origin) or beyond:
        raise ValueError(
            f"a gateway's URL looks like https://gateway.example.com, without a path, not {url!r}"
        )
    return origin


def content_policy(gateway_origin: str) -> dict[str, str]:
    """What the page may load and talk to, by directive."""
    return {
        "default-src": "'self'",
        # PyScript's core makes functions from text, which is what 'unsafe-eval' permits. Pyodide
        # and MicroPython alone need only 'wasm-unsafe-eval'.
        "script-src": "'self' 'unsafe-eval' 'wasm-unsafe-eval'",
        "style-src": "'self'",
        "connect-src": f"'self' {gateway_origin}".strip(),
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "object-src": "'none'",
        "frame-ancestors": "'none'",
    }


def policy_header(policy: dict[str, str]) -> str:
    """The value of the `Content-Security-Policy` header."""
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())


def policy_meta(policy: dict[str, str]) -> str:
    """The same for hosts without headers of one's own, such as GitHub Pages.

    A browser ignores `frame-ancestors` in a `<meta>` and says so in its console: it is left out.
    """
    value = policy_header({k: v for k, v in policy.items() if k != "frame-ancestors"})
    return f'<meta http-equiv="Content-Security-Policy" content="{value}">'


def style_hash(page: str) -> str:
    """The source of a policy that permits a page's one `<style>`, and no other."""
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def headers_file(policy: dict[str, str], *, unchanging: list[str]) -> str:
    """The text of `_headers`: paths, each followed by its indented headers.

    Args:
        policy: From `content_policy`.
        unchanging: Path patterns whose names carry a hash of their content.

    No path is given the same header by two rules, because hosts differ in whether the second
    replaces the first or is added to it.
    """
    styles = f"{policy['style-src']} {style_hash(NOT_FOUND_PAGE.read_text('utf-8'))}"
    everywhere = {
        "Content-Security-Policy": policy_header(policy | {"style-src": styles}),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
    }
    rules = {"/*": everywhere}
    rules |= {path: {"Cache-Control": "no-cache"} for path in ("/", "/index.html", "/404.html")}
    rules |= {path: {"Cache-Control": _FOREVER} for path in unchanging}
    written = [
        "\n".join([path, *(f"  {name}: {value}" for name, value in headers.items())])
        for path, headers in rules.items()
    ]
    return "\n\n".join([f"{HEADERS_MARK}\n{_WHY_EVAL}", *written]) + "\n"
