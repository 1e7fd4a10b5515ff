"""What a test of an answer's Markdown has Python do in a tab, on Pyodide and MicroPython alike."""

import json

import js

from tollbridge.ui.markdown import MarkdownView


def made():
    """Put a node for an answer on the page."""
    node = js.document.createElement("div")
    node.className = "words prose"
    js.document.body.appendChild(node)
    return node


async def show(text, step):
    """Show a text in steps of so many letters, and again at once; return the HTML of both."""
    streamed, whole = made(), made()
    view = MarkdownView(streamed)
    for at in range(0, len(text), step):
        view.add(text[at : at + step])
        view.flush()
    view.finish()
    view.close()
    other = MarkdownView(whole)
    other.set(text)
    other.close()
    return [streamed.innerHTML, whole.innerHTML]


async def run(name, options):
    """Run the one check with options in JSON; return its result in JSON."""
    return json.dumps(await {"show": show}[name](**json.loads(options)))
