"""What a site's pages may load and talk to, and the `_headers` file that static hosts read."""

import base64
import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

HEADERS_MARK = "# Made by Tollbridge's build.py."
_WHY_EVAL = "# 'unsafe-eval' is for PyScript, whose core makes functions from text."
# What a host answers with where there is nothing; it carries its style in itself.
NOT_FOUND_PAGE = Path(__file__).with_name("404.html")
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
# What pages on other origins load too, under a name that stays.
READABLE = {"Access-Control-Allow-Origin": "*"}
FOR_EVERY_ORIGIN = READABLE | {"Cache-Control": ASK_AGAIN}
# Pages that others may frame; the others may be framed by nobody. Telegram Web puts a Mini App into
# an iframe.
FRAMED_BY = {"miniapp.html": "https://web.telegram.org"}
# In a frame Telegram's script puts a `<style>` without a word on the page; this is its hash.
EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
_CHARSET_META = '<meta charset="utf-8">'
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")

Headers = dict[str, dict[str, str]]


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


def page_policy(name: str, gateway_origin: str, *, strict: bool) -> dict[str, str]:
    """What a page may load and talk to, by directive.

    Args:
        name: The page's file name.
        gateway_origin: Where its gateway is; empty for its own origin.
        strict: It does without PyScript, whose core makes functions from text, which is what
            'unsafe-eval' permits. Pyodide and MicroPython alone need only 'wasm-unsafe-eval'.
    """
    scripts = "'wasm-unsafe-eval'" if strict else "'unsafe-eval' 'wasm-unsafe-eval'"
    rules = {
        "default-src": "'self'",
        "script-src": f"'self' {scripts}",
        "style-src": f"'self' {EMPTY_STYLE}" if name in FRAMED_BY else "'self'",
        "connect-src": f"'self' {gateway_origin}".strip(),
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "object-src": "'none'",
        "frame-ancestors": FRAMED_BY.get(name, "'none'"),
    }
    if strict:
        # Text becomes a script nowhere; the one script that is named by text is the service worker.
        rules |= {"require-trusted-types-for": "'script'", "trusted-types": "tollbridge"}
    return rules


def not_found_policy() -> dict[str, str]:
    """What the page for what is not there may do: show itself."""
    style = style_hash(NOT_FOUND_PAGE.read_text("utf-8"))
    return {"default-src": "'none'", "style-src": style, "frame-ancestors": "'none'"}


def not_found_page() -> str:
    """That page, with its policy in itself: hosts serve it at addresses that no rule knows."""
    text = NOT_FOUND_PAGE.read_text("utf-8")
    return with_policy(text, not_found_policy())


def with_policy(text: str, policy: dict[str, str]) -> str:
    """A page with its policy as a `<meta>`, for hosts without headers of one's own.

    Raises:
        ValueError: It does not declare its character set, which has to come first.
    """
    if _CHARSET_META not in text:
        raise ValueError(f"the page lacks the line {_CHARSET_META}")
    return text.replace(_CHARSET_META, f"{_CHARSET_META}\n  {policy_meta(policy)}", 1)


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


def page_headers(name: str, policy: dict[str, str]) -> Headers:
    """The headers of a page, by the paths under which hosts serve it.

    The policy stands here and not at `/*`, because hosts differ in whether a second rule replaces
    the first or is added to it, and pages differ in what they may do.
    """
    headers = {"Content-Security-Policy": policy_header(policy), "Cache-Control": ASK_AGAIN}
    # Cloudflare Pages serves `/page.html` as `/page`.
    short = "/" if name == "index.html" else f"/{name.removesuffix('.html')}"
    return {short: headers, f"/{name}": headers}


def headers_file(rules: Headers, *, unchanging: list[str]) -> str:
    """The text of `_headers`: paths, each followed by its indented headers.

    Args:
        rules: Path pattern → headers.
        unchanging: Path patterns whose names carry a hash of their content.
    """
    everywhere = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
    }
    rules = {"/*": everywhere} | rules
    rules |= {path: rules.get(path, {}) | {"Cache-Control": FOREVER} for path in unchanging}
    written = [
        "\n".join([path, *(f"  {name}: {value}" for name, value in headers.items())])
        for path, headers in rules.items()
    ]
    return "\n\n".join([f"{HEADERS_MARK}\n{_WHY_EVAL}", *written]) + "\n"
