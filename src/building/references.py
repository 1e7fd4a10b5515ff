"""What a page asks for: rewriting the names in it, and making sure that each is there."""

import tomllib
from html.parser import HTMLParser

# The tags whose addresses a browser fetches by itself; a link in the text may lead anywhere.
_FETCHING = {"audio", "iframe", "img", "link", "script", "source", "track", "video"}
_ADDRESSES = {"config", "href", "poster", "src"}


def rewritten(text: str, renamed: dict[str, str]) -> str:
    """The text with every source name replaced by the name that it was built under."""
    for source, built in renamed.items():
        text = text.replace(f'"{source}', f'"{built}')
    return text


def asked_by_page(page: str) -> list[str]:
    """The addresses that a browser fetches for this HTML, in order."""
    reader = _Addresses()
    reader.feed(page)
    return reader.found


def asked_by_config(config: str) -> list[str]:
    """The addresses that PyScript fetches for this configuration."""
    settings = tomllib.loads(config)
    return [settings["interpreter"], *settings.get("files", {})]


def missing(asked: list[str], site: dict[str, bytes]) -> list[str]:
    """Those addresses that lead out of the site or to nothing in it.

    An absolute address counts as missing: no file of the page may come from another host, and one
    from the host's root would break below `/repository/`.
    """
    return [address for address in asked if not _is_there(address, site)]


def _is_there(address: str, site: dict[str, bytes]) -> bool:
    """Whether a relative address names a file of the site; `data:` needs none."""
    return address.startswith("data:") or address.removeprefix("./") in site


class _Addresses(HTMLParser):
    """Collects the addresses of the tags that make a browser fetch something."""

    def __init__(self) -> None:
        """Start with nothing found."""
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser for every opening tag."""
        if tag in _FETCHING:
            self.found += [value for name, value in attrs if name in _ADDRESSES and value]
