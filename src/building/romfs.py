"""MicroPython's read-only file system: an image that it mounts as it is, at `/rom`.

Much quicker than writing files into its file system, which is JavaScript's: modules are found and
read without leaving WebAssembly. The format is that of MicroPython's `vfs_rom.c`: records of a
kind, a length and a content, the numbers in groups of seven bits.
"""

_MAGIC = b"\xd2\xcd\x31"  # "RM" with the bits that tell it from text, and the kind of the outermost
_CONTENT, _FOLDER, _FILE = 2, 4, 5

Tree = dict[str, "bytes | Tree"]


def image(files: dict[str, bytes]) -> bytes:
    """The image of these files, by path; the same files in any order give the same bytes."""
    root: Tree = {}
    for path, content in files.items():
        *folders, name = path.split("/")
        place = root
        for folder in folders:
            inner = place.setdefault(folder, {})
            if isinstance(inner, bytes):
                raise ValueError(f"{path}: {folder} is a file")
            place = inner
        place[name] = content
    records = _records(root)
    return _MAGIC + _number(len(records)) + records


def _records(tree: Tree) -> bytes:
    return b"".join(
        _record(_FILE, _text(name) + _record(_CONTENT, inner))
        if isinstance(inner, bytes)
        else _record(_FOLDER, _text(name) + _records(inner))
        for name, inner in sorted(tree.items())
    )


def _record(kind: int, content: bytes) -> bytes:
    return _number(kind) + _number(len(content)) + content


def _text(name: str) -> bytes:
    return _number(len(name.encode())) + name.encode()


def _number(value: int) -> bytes:
    """Seven bits a byte, the highest first; all but the last byte have their eighth bit set."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(0x80 | value & 0x7F)
    return bytes(reversed(groups))
