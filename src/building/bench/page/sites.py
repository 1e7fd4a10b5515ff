"""The sites that are compared: ours, the same with the stock library, the same without Python."""

import re
from pathlib import Path

from building import site
from building.bench.figures import CannotMeasure

OURS, STOCK, BARE = "ours", "stock", "bare"
# What the measured page says as soon as Python runs its first statement.
FIRST_STATEMENT = "tollbridge:first-statement"

_IN_PAGE = Path(__file__).with_name("in_page.py")
_SCRIPTS = re.compile(
    r"<script\b.*?</script>|<mpy-config\b.*?</mpy-config>|<link rel=\"(?:module)?preload\"[^>]*>",
    re.DOTALL,
)


def build_sites(folder: Path, *, quality: int) -> dict[str, Path]:
    """Build every site below `folder`.

    Args:
        folder: Where to.
        quality: Of the compression, 11 for what `build.py dist` ships.

    Returns:
        Name → the site's folder.
    """
    sites = {name: folder / name for name in (OURS, STOCK, BARE)}
    site.build_site(sites[OURS], quality=quality)
    site.build_site(sites[STOCK], quality=quality, stock_library=True)
    site.build_site(sites[BARE], quality=quality)
    for name in (OURS, STOCK):
        _mark_first_statement(sites[name])
    _take_scripts_out(sites[BARE] / "index.html")
    return sites


def _mark_first_statement(built: Path) -> None:
    """Let the page's Python say when it begins, and offer what is measured inside of it."""
    (main,) = built.glob("static-*/main.py")
    mark = f'import js\njs.performance.mark("{FIRST_STATEMENT}")\n'
    rewrite(main, f"{mark}{main.read_text('utf-8')}\n{_IN_PAGE.read_text('utf-8')}")


def _take_scripts_out(page: Path) -> None:
    text = page.read_text("utf-8")
    bare = _SCRIPTS.sub("", text)
    if bare == text or "<script" in bare:
        raise CannotMeasure("the page's scripts could not be taken out of it")
    rewrite(page, bare)


def rewrite(path: Path, text: str) -> None:
    """Write a file of a built site anew; what was compressed of it is not true any more."""
    path.write_text(text, "utf-8")
    path.with_name(f"{path.name}.br").unlink(missing_ok=True)
