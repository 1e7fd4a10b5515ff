"""Every text that the page shows from Python: a file for each part, all of them pure.

Whoever translates the page translates these files and `index.html`, and nothing else.
"""
