"""The archive of our Python that a page unpacks: what runs in a browser, and never the gateway."""

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

# What a page may load of ours; the gateway's code stays on the server.
PAGE_PACKAGES = ("wire", "sdk", "ui", "pages")
# What only CPython can use: it needs a package that no page has.
_NOT_IN_A_PAGE = {"tollbridge/sdk/transport/http.py"}
_GATEWAY_IMPORT = re.compile(r"^\s*(?:from|import)\s+tollbridge\.gateway\b", re.MULTILINE)
# A fixed time, the earliest that the format knows, so that equal sources give an equal archive.
_ARCHIVED_AT = (1980, 1, 1, 0, 0, 0)


def python_files(package: Path, *, also: Sequence[str] = ()) -> dict[str, bytes]:
    """Name in the archive → content, for `tollbridge/__init__.py` and the packages of the page.

    Args:
        package: Where they are.
        also: Further packages, where they are there.

    Raises:
        ValueError: A package is missing, or one of its files would need the gateway.
    """
    paths = [package / "__init__.py"]
    for name in PAGE_PACKAGES:
        below = sorted((package / name).rglob("*.py"))
        if not below:
            raise ValueError(f"src/tollbridge/{name} has no Python in it")
        paths += below
    for name in also:
        paths += sorted((package / name).rglob("*.py"))
    files = {f"tollbridge/{p.relative_to(package).as_posix()}": p.read_bytes() for p in paths}
    refuse_gateway(files)
    return {name: content for name, content in files.items() if name not in _NOT_IN_A_PAGE}


def is_sdk(name: str) -> bool:
    """Whether a file belongs to the SDK proper: the clients, without what is seen."""
    return name.split("/")[1] in ("__init__.py", "wire", "sdk")


def refuse_gateway(files: dict[str, bytes]) -> None:
    """Raise `ValueError` if a file is the gateway's or imports it."""
    for name, content in files.items():
        if "gateway" in name.split("/")[:-1] or _GATEWAY_IMPORT.search(content.decode()):
            raise ValueError(f"{name} would bring the gateway into the page")


def packed(files: dict[str, bytes], *, deflated: bool = False) -> bytes:
    """The files as a zip archive; the same files in any order give the same bytes.

    Stored unless asked otherwise: a host compresses the whole better than a zip single files.
    """
    how = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=_ARCHIVED_AT)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name], compress_type=how)
    return buffer.getvalue()
