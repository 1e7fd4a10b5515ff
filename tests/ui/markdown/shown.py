"""A Markdown view on a page without a browser, and what it shows as HTML."""

from html import escape

from tests.support.dom import Node, Page, Text
from tollbridge.ui.markdown import MarkdownView
from tollbridge.ui.tasks import Tasks


class Shown:
    """A view in a node of its own.

    Attributes:
        page: The page.
        node: The node that the view has.
        view: The view.
        tasks: What its buttons started.
    """

    def __init__(self, page: Page) -> None:
        """Put an empty view on the page."""
        self.page = page
        self.node: Node = page.document.createElement("div")
        page.document.body.appendChild(self.node)
        self.tasks = Tasks()
        self.view = MarkdownView(self.node, tasks=self.tasks)

    @property
    def html(self) -> str:
        """What stands in the node, neighbouring texts as one."""
        return "".join(_html(child) for child in self.node.children)

    def coming(self, *chunks: str) -> str:
        """Add each chunk and show it; returns what stands there while more is to come."""
        for chunk in chunks:
            self.view.add(chunk)
            self.view.flush()
        return self.html

    def whole(self, text: str) -> str:
        """Show a whole text."""
        self.view.set(text)
        return self.html


def plain(html: str) -> str:
    """The HTML without the attributes that say nothing of a text's meaning."""
    for attribute in (' dir="auto"', ' rel="noopener noreferrer nofollow" target="_blank"'):
        html = html.replace(attribute, "")
    return html


def _html(node: "Node | Text") -> str:
    if isinstance(node, Text):
        return escape(node.data, quote=False)
    words = "".join(f' {name}="{escape(value)}"' for name, value in node.attributes.items())
    return f"<{node.tag}{words}>{''.join(_html(child) for child in node.children)}</{node.tag}>"
