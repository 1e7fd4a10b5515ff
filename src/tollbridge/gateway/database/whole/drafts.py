"""A file that is there whole or not at all, and that only its owner may read."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tollbridge.gateway.errors import StartError


@contextmanager
def draft(path: Path, *, force: bool) -> Iterator[Path]:
    """Lend an empty file (0600) beside `path`, which takes its name when the block ends well.

    It is on the disk by then. When the block fails, nothing is left of it.

    Args:
        path: What it will be called.
        force: Whether it may take the place of a file that is there.

    Raises:
        StartError: There is a file and it may not.
        OSError: The folder is out of reach, or full.
    """
    _refuse_taken(path, force=force)
    name = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    os.close(os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield name
        _sync(name)
        _refuse_taken(path, force=force)  # it may have taken hours
        name.replace(path)
        _sync(path.parent)
    finally:
        name.unlink(missing_ok=True)


def _refuse_taken(path: Path, *, force: bool) -> None:
    if path.is_dir():
        raise StartError(f"{path} is a folder; give the name of a file")
    if not force and os.path.lexists(path):
        raise StartError(f"there is a file {path} already; give another name, or --force")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
