"""Tollbridge: metered AI calls from a page that has no backend.

Packages: `wire` (the contract), `sdk` (the headless client), `ui` (what is seen), `pages` (one
module per surface) run in the browser; `gateway` is the server.
"""

__version__ = "0.1.0"
