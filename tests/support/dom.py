"""A browser's DOM as far as `tollbridge.ui.dom` uses it, made from HTML. It lays nothing out.

What `ui/dom` sees of it are the names of the browser, so they are spelt as there.
"""

import copy
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from types import ModuleType, SimpleNamespace
from typing import Any

_VOID = {"meta", "link", "br", "img", "input", "path", "rect"}


class JsException(Exception):
    """What a rejected promise raises."""


class Proxy:
    """A Python function as JavaScript holds it; after `destroy` it cannot be called any more."""

    alive = 0

    def __init__(self, function: Callable[..., Any]) -> None:
        """Take hold of a function."""
        self.function: Callable[..., Any] | None = function
        Proxy.alive += 1

    def __call__(self, *args: Any) -> Any:
        """Call it, as the browser does for an event."""
        assert self.function is not None, "called after it was destroyed"
        return self.function(*args)

    def destroy(self) -> None:
        """Let go of the function."""
        assert self.function is not None, "destroyed twice"
        self.function = None
        Proxy.alive -= 1


class Text:
    """A piece of text."""

    nodeType = 3

    def __init__(self, data: str, page: "Page | None" = None) -> None:
        """Start with this text."""
        self.data = data
        self.page = page
        self.parent: Node | None = None
        self.writes = 0

    def appendData(self, text: str) -> None:
        """Add to the end."""
        self.data += text
        self.writes += 1
        if self.page is not None:
            self.page.written.append(self)

    def remove(self) -> None:
        """Take it out of its parent."""
        if self.parent is not None:
            self.parent.page.written.append(self.parent)
            self.parent.children.remove(self)
            self.parent = None


class Node:
    """An element."""

    nodeType = 1

    def __init__(self, tag: str, attributes: dict[str, str], page: "Page") -> None:
        """Make an element without children."""
        self.tag = tag
        self.attributes = attributes
        self.page = page
        self.children: list[Node | Text] = []
        self.parent: Node | None = None
        self.listeners: list[tuple[str, Proxy]] = []
        self.hidden = "hidden" in attributes
        self.disabled = "disabled" in attributes
        self._value = ""
        self.selected = False
        self.caret = 0
        self.focus_before: Node | None = None
        self.scrollTop = self.scrollHeight = self.clientHeight = 0

    @property
    def textContent(self) -> str:
        """All text below."""
        return "".join(c.data if isinstance(c, Text) else c.textContent for c in self.children)

    @textContent.setter
    def textContent(self, text: str) -> None:
        self.page.written.append(self)
        self.children = [Text(text)] if text else []

    @property
    def value(self) -> str:
        """What stands in a field; of a select, what is chosen among its options."""
        options = [n.attributes.get("value", "") for n in self.below() if n.tag == "option"]
        if self.tag != "select" or self._value in options:
            return self._value
        selected = [n for n in self.below() if "selected" in n.attributes]
        return selected[0].attributes["value"] if selected else (options or [""])[0]

    @value.setter
    def value(self, value: str) -> None:
        self._value = value

    @property
    def lastChild(self) -> "Node | Text | None":
        """The last node below."""
        return self.children[-1] if self.children else None

    @property
    def firstElementChild(self) -> "Node | None":
        """The first element below."""
        return next((c for c in self.children if isinstance(c, Node)), None)

    @property
    def content(self) -> "Node":
        """What a template holds."""
        return self

    @property
    def className(self) -> str:
        """The class attribute."""
        return self.attributes.get("class", "")

    @className.setter
    def className(self, name: str) -> None:
        self.attributes["class"] = name

    def below(self) -> "Iterator[Node]":
        """Every element below, in order; a template's content is no part of its page."""
        for child in self.children:
            if isinstance(child, Node):
                yield child
                if child.tag != "template":
                    yield from child.below()

    def append(self, text: str) -> None:
        """Add text at the end."""
        self.page.written.append(self)
        self.children.append(Text(text))

    def appendChild(self, child: "Node | Text") -> None:
        """Add a node at the end; it is taken from where it was."""
        child.remove()
        self.page.written.append(self)
        child.parent = self
        self.children.append(child)

    def insertBefore(self, child: "Node | Text", later: "Node | Text") -> None:
        """Put a node before one that is here; it is taken from where it was."""
        child.remove()
        self.page.written.append(self)
        child.parent = self
        self.children.insert(self.children.index(later), child)

    def remove(self) -> None:
        """Take it out of its parent; the keyboard that was in it is nowhere then."""
        if self.parent is not None:
            self.page.written.append(self.parent)
            self.parent.children.remove(self)
            self.parent = None
            if self.contains(self.page.document.activeElement):
                self.page.document.activeElement = None

    def cloneNode(self, deep: bool) -> "Node":
        """Copy with everything below, without listeners."""
        assert deep
        assert not any(node.listeners for node in [self, *self.below()])
        parent, self.parent = self.parent, None
        twin = copy.deepcopy(self, {id(self.page): self.page})
        self.parent = parent
        return twin

    def querySelector(self, selector: str) -> "Node | None":
        """Find by `tag[name="value"]`, the one form in use."""
        if selector == "dialog:modal":
            return next(reversed(self.page.modals), None)
        tag, _, rest = selector.partition("[")
        name, _, value = rest.rstrip("]").partition("=")
        wanted = value.strip('"')
        found = (n for n in self.below() if n.attributes.get(name) == wanted)
        return next((n for n in found if tag in ("", n.tag)), None)

    def getAttribute(self, name: str) -> str | None:
        """Read an attribute."""
        return self.attributes.get(name)

    def setAttribute(self, name: str, value: str) -> None:
        """Write an attribute."""
        self.page.written.append(self)
        self.attributes[name] = value

    def removeAttribute(self, name: str) -> None:
        """Take an attribute away."""
        self.attributes.pop(name, None)

    def contains(self, other: "Node | None") -> bool:
        """Whether `other` is this element or below it."""
        return other is self or any(other is node for node in self.below())

    def focus(self) -> None:
        """Move the keyboard here; what is behind a modal dialog does not take it."""
        if not self.page.modals or self.page.modals[-1].contains(self):
            self.page.document.activeElement = self

    def click(self) -> None:
        """Press it, as a script does; a link with a `download` offers its file."""
        if self.tag == "a":
            self.page.take_download(self)
        self.fire("click")

    def setSelectionRange(self, start: int, end: int) -> None:
        """Put the caret into a field."""
        self.caret = end

    @property
    def tagName(self) -> str:
        """The name of the element, as HTML has it."""
        return self.tag.upper()

    @property
    def isContentEditable(self) -> bool:
        """Whether words can be typed into it; fields are no such thing."""
        return False

    def select(self) -> None:
        """Select the text of a field."""
        self.selected = True

    def isSameNode(self, other: "Node") -> bool:
        """Whether `other` is this very element."""
        return other is self

    def showModal(self) -> None:
        """Open a dialog over everything else; it remembers where the keyboard was."""
        assert self not in self.page.modals, "InvalidStateError: it is open already"
        assert self.page.document.contains(self), "InvalidStateError: it is not on the page"
        self.page.modals.append(self)
        self.focus_before = self.page.document.activeElement

    def close(self) -> None:
        """Close a dialog: the keyboard goes back, and `close` is told later."""
        if self in self.page.modals:
            self.page.modals.remove(self)
            if self.focus_before is not None:
                self.focus_before.focus()

    def addEventListener(self, event: str, proxy: Proxy) -> None:
        """Register a listener."""
        self.listeners.append((event, proxy))

    def removeEventListener(self, event: str, proxy: Proxy) -> None:
        """Forget a listener."""
        self.listeners.remove((event, proxy))

    def fire(self, event: str, **fields: Any) -> SimpleNamespace:
        """Let something happen; returns the event, whose `prevented` tells what a listener did."""
        js_event = SimpleNamespace(**{"prevented": False, "detail": 0, "target": self, **fields})
        js_event.preventDefault = lambda: setattr(js_event, "prevented", True)
        for name, proxy in list(self.listeners):
            if name == event:
                proxy(js_event)
        return js_event

    def press(self, key: str, **fields: Any) -> bool:
        """Press a key; returns whether the browser was kept from acting on it."""
        plain = dict.fromkeys(("shiftKey", "ctrlKey", "altKey", "metaKey", "isComposing"), False)
        return bool(self.fire("keydown", **{**plain, "keyCode": 0, "key": key, **fields}).prevented)


class Page(HTMLParser):
    """A page, and the `js` module that shows it.

    Attributes:
        document: Its document.
        window: Listens to `focus`; a node like any other here.
        copied: What was written to the clipboard; None while the browser refuses.
        selected: The node whose text was selected last.
        modals: The modal dialogs that are open, the topmost last.
        written: What was written to, once per write, the latest last.
        frames: How many frames were painted for which somebody had asked.
        downloads: The files that were offered, by name.
        scope: What other scripts of the page have left there.
    """

    def __init__(self, html: str, *, origin: str = "https://page.example") -> None:
        """Parse the HTML."""
        super().__init__()
        self.copied: list[str] | None = []
        self.selected: Node | None = None
        self.modals: list[Node] = []
        self.written: list[Node | Text] = []
        self.frames = 0
        self.downloads: dict[str, str] = {}
        self._asked_for_frame: list[Proxy] = []
        self._blobs: list[str] = []
        self.document: Any = Node("#document", {}, self)
        self.window: Any = Node("#window", {}, self)
        self._open: list[Node] = [self.document]
        self.feed(html)
        self.document.documentElement = self.document.firstElementChild
        self.document.activeElement = None
        self.document.body = self._body()
        self.document.getElementById = lambda node_id: self.document.querySelector(
            f'[id="{node_id}"]'
        )
        self.document.createElement = lambda tag: Node(tag, {}, self)
        self.document.createTextNode = lambda text: Text(text, self)
        self.document.hidden = False
        self.window.requestAnimationFrame = self._ask_for_frame
        self.window.getSelection = lambda: SimpleNamespace(
            selectAllChildren=lambda node: setattr(self, "selected", node)
        )
        self.scope = SimpleNamespace()
        self.js = ModuleType("js")
        self.js.__dict__.update(
            document=self.document,
            window=self.window,
            globalThis=self.scope,
            performance=SimpleNamespace(now=lambda: time.monotonic() * 1000),
            location=SimpleNamespace(origin=origin),
            navigator=SimpleNamespace(
                clipboard=SimpleNamespace(writeText=self._write), onLine=True
            ),
            Object=SimpleNamespace(new=SimpleNamespace),
            Array=SimpleNamespace(of=lambda *items: list(items)),
            Blob=SimpleNamespace(new=lambda parts, options: "".join(parts)),
            URL=SimpleNamespace(createObjectURL=self._offer, revokeObjectURL=lambda url: None),
        )

    def paint(self) -> None:
        """Paint the next frame, if somebody asked for one."""
        asked, self._asked_for_frame = self._asked_for_frame, []
        self.frames += bool(asked)
        for proxy in asked:
            proxy(0.0)

    def take_download(self, link: Any) -> None:
        """Note the file that a link offers."""
        self.downloads[link.download] = self._blobs[int(link.href.partition(":")[2])]

    def _ask_for_frame(self, proxy: Proxy) -> None:
        self._asked_for_frame.append(proxy)

    def _offer(self, text: str) -> str:
        self._blobs.append(text)
        return f"blob:{len(self._blobs) - 1}"

    def _body(self) -> Node | None:
        return next((node for node in self.document.below() if node.tag == "body"), None)

    def node(self, node_id: str) -> Node:
        """The element with this id."""
        found: Node = self.document.querySelector(f'[id="{node_id}"]')
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        node = Node(tag, {name: value or "" for name, value in attrs}, self)
        self._open[-1].appendChild(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        """Close an element."""
        if tag not in _VOID:
            assert self._open.pop().tag == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        """Add text, as long as it says something."""
        if data.strip():
            self._open[-1].append(data)

    async def _write(self, text: str) -> None:
        if self.copied is None:
            raise JsException("NotAllowedError")
        self.copied.append(text)
