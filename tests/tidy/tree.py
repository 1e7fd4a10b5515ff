"""The files of the repository as a test sees them: everything but what tools made or fetched."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "src" / "tollbridge"
_MADE = {".git", ".venv", "node_modules", "build", "dist", "var", "__pycache__", ".hypothesis"}


def repository_files() -> Iterator[Path]:
    """Every file that is committed or could be, without asking git, which a download may lack."""
    folders = [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.name in _MADE or path.name.endswith("_cache"):
                continue
            if path.is_dir() and not path.is_symlink():
                folders.append(path)
            elif path.is_file():
                yield path


def python_sources() -> list[Path]:
    """The Python that people read as the product: `src` and the one door."""
    return [*sorted((ROOT / "src").rglob("*.py")), ROOT / "build.py"]


def packages() -> list[Path]:
    """Every package inside the shipped one."""
    return sorted(path.parent for path in SHIPPED.rglob("*/__init__.py"))


def name_of(path: Path) -> str:
    """How a message names a file."""
    return path.relative_to(ROOT).as_posix()
