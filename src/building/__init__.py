"""What `build.py` calls: preparing, building the page, running the checks. Never shipped.

`prepare` runs on the system's Python before anything is installed, so it uses the standard library
only; the others run in `.venv`.
"""
