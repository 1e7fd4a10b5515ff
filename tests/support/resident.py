"""What a process takes of the machine's memory, as the kernel counts it."""

from pathlib import Path

MEGABYTE = 1024 * 1024


class Resident:
    """The growth of a process's memory from the moment this is made.

    The peak is the kernel's own high-water mark, so nothing between two looks is missed.
    """

    def __init__(self, pid: int) -> None:
        """Begin to watch a process."""
        self._folder = Path(f"/proc/{pid}")
        (self._folder / "clear_refs").write_text("5")  # the high-water mark starts anew: proc(5)
        self._before = self._bytes("VmRSS")

    def grown(self) -> int:
        """Return by how many bytes it is larger now."""
        return self._bytes("VmRSS") - self._before

    def peak(self) -> int:
        """Return by how many bytes it was larger at its largest."""
        return self._bytes("VmHWM") - self._before

    def _bytes(self, name: str) -> int:
        for line in (self._folder / "status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise LookupError(name)
