"""The files of a site while it is put together, under names that carry a hash of their content."""

import base64
import hashlib

from building.steps import fingerprint


class HashedFiles:
    """Files by name, and what their source names became.

    Attributes:
        files: Name → content.
        renamed: The name in a source, such as `./static/`, → the name in the site.
        unchanging: Path patterns of the names that carry a hash, which browsers may keep for ever.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self.files: dict[str, bytes] = {}
        self.renamed: dict[str, str] = {}
        self.unchanging: list[str] = []

    def add_folder(self, name: str, files: dict[str, bytes]) -> str:
        """Add a folder as a whole: its files refer to each other by name and stay together.

        Returns:
            Its name in the site, with a slash at its end.
        """
        folder = f"{name}-{_short_hash(files)}"
        self.files |= {f"{folder}/{inner}": content for inner, content in files.items()}
        self.renamed[f"./{name}/"] = f"./{folder}/"
        self.unchanging.append(f"/{folder}/*")
        return f"{folder}/"

    def add_file(self, name: str, content: bytes) -> str:
        """Add one file under a name with the hash of its content, and return that name."""
        stem, _, suffix = name.rpartition(".")
        hashed = f"{stem}-{_short_hash({'': content})}.{suffix}"
        self.files[hashed] = content
        self.renamed[f"./{name}"] = f"./{hashed}"
        self.unchanging.append(f"/{hashed}")
        return hashed


def integrity(content: bytes, kind: str = "sha384") -> str:
    """What an `integrity` attribute says of a file."""
    return f"{kind}-{base64.b64encode(hashlib.new(kind, content).digest()).decode()}"


def _short_hash(files: dict[str, bytes]) -> str:
    """Ten characters that change when a name or a content does: enough to tell two builds apart."""
    parts = [part for name in sorted(files) for part in (name.encode(), files[name])]
    return fingerprint(*parts)[:10]
