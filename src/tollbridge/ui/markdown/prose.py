"""A block's text on the page: writes what is new, and leaves what is certain alone."""

from tollbridge.ui import dom
from tollbridge.ui.markdown.addresses import host_of, shows_host
from tollbridge.ui.markdown.emphasis import joined
from tollbridge.ui.markdown.inline import PIECE_MAX, read
from tollbridge.ui.markdown.links import plain_text
from tollbridge.ui.markdown.reading import Growth
from tollbridge.ui.strings.prose import IMAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.ui.markdown.emphasis import Inline


class Prose:
    """Shows text with its code, links and emphasis in a node of its own."""

    def __init__(self, node: "Any") -> None:
        """Take an empty node."""
        self._node = node
        self._growth = Growth()
        self._rest = ""  # what was read, but is not certain
        self._before = ""
        self._text = ""  # the certain text that stands at the end, which may grow
        # What stands on the page and may still change, each with its node: from that text on.
        self._shown: list[tuple[Inline, Any]] = []

    def show(self, pieces: list[str], *, whole: bool) -> None:
        """Make the node say `pieces`, the lines of a block; `whole` if it is closed."""
        added = self._growth.take(pieces)
        if added is None:
            dom.clear(self._node)
            self._shown = []
            self._rest = self._before = self._text = ""
            added = self._growth.take(pieces) or ""
        elif not added and not whole:
            return
        certain, tail = self._read(added, whole)
        self._write(joined(certain + tail))
        self._text = ""
        last = certain[-1] if certain else None
        if isinstance(last, str):
            self._text = last
            certain.pop()
        del self._shown[: len(certain)]

    def _read(self, added: str, whole: bool) -> "tuple[list[Inline], list[Inline]]":
        """Read on; returns what has become certain, and what the rest looks like."""
        rest = self._rest + added
        certain: list[Inline] = [self._text]
        while True:
            is_last = len(rest) <= PIECE_MAX
            reading = read(rest[:PIECE_MAX], before=self._before, whole=whole and is_last)
            certain.extend(reading.settled)
            self._before = reading.before
            rest = rest[reading.stable :]
            if is_last:
                self._rest = rest
                return joined(certain), reading.tail

    def _write(self, wanted: "list[Inline]") -> None:
        """Make the page say `wanted`, from the last text that is certain on."""
        shown = self._shown
        same = 0
        while same < len(shown) and same < len(wanted) and shown[same][0] == wanted[same]:
            same += 1
        if same == len(wanted) == len(shown):
            return
        for _, node in shown[same + 1 :]:
            dom.remove(node)
        del shown[same + 1 :]
        if same < len(shown):
            was, node = shown.pop()
            now = wanted[same] if same < len(wanted) else None
            if isinstance(was, str) and isinstance(now, str) and now.startswith(was):
                dom.extend(node, now[len(was) :])
                shown.append((now, node))
            else:
                dom.remove(node)
        for item in wanted[len(shown) :]:
            node = _made(item)
            dom.append(self._node, node)
            shown.append((item, node))


def _made(item: "Inline") -> "Any":
    """Make the nodes of an item. Nothing that the text says becomes an attribute but an address."""
    if isinstance(item, str):
        return dom.create_text(item)
    kind, inside, address = item
    node = dom.create("a" if address else kind)
    if kind == "image":
        dom.append(node, dom.create_text(f"{IMAGE}: "))
    for child in inside:
        dom.append(node, _made(child))
    if address:
        dom.set_attribute(node, "href", address)
        dom.set_attribute(node, "rel", "noopener noreferrer nofollow")
        dom.set_attribute(node, "target", "_blank")
        if kind == "image" or not shows_host(plain_text([item]), address):
            host = dom.create("span", "host")
            dom.append(host, dom.create_text(f" ({host_of(address)})"))
            dom.append(node, host)
    return node
