"""What the benchmarks need besides Tollbridge: nginx, wrk, and the peers, each installed once."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from building import prepare, steps
from building.bench.arguments import LITELLM, PORTKEY
from building.steps import CannotPrepare

# Program → Debian's package.
DEBIAN = {"nginx": "nginx", "wrk": "wrk"}
_HERE = Path(__file__).parent


def prepare_tools(root: Path, peers: Sequence[str]) -> dict[str, Path]:
    """Make ready nginx, wrk and the peers.

    Returns:
        Peer → where it is installed.

    Raises:
        CannotPrepare: Something cannot be had; the message says how to do without it.
    """
    # Debian keeps programs of the administrator's where a person's PATH may not look.
    os.environ["PATH"] = os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin"
    _prepare_programs()
    makers = {LITELLM: _prepare_litellm, PORTKEY: _prepare_portkey}
    installed = {}
    for peer in peers:
        try:
            installed[peer] = makers[peer](root)
        except CannotPrepare as reason:
            raise CannotPrepare(f"{reason}\nTo measure without it: --without {peer}") from None
    return installed


def programs_complaint(missing: Sequence[str], *, is_root: bool, apt_get: str | None) -> str | None:
    """Why missing programs cannot be installed from here, or None when they can."""
    if not missing or (is_root and apt_get):
        return None
    packages = " ".join(DEBIAN[program] for program in missing)
    it = "it" if len(missing) == 1 else "them"
    how = f"as root: apt-get install {packages}" if apt_get else f"the packages {packages}"
    return f"The benchmarks need {' and '.join(missing)}: install {it} ({how}) and run this again."


def _prepare_programs() -> None:
    missing = [program for program in DEBIAN if shutil.which(program) is None]
    if complaint := programs_complaint(
        missing, is_root=os.geteuid() == 0, apt_get=shutil.which("apt-get")
    ):
        raise CannotPrepare(complaint)
    if not missing:
        return
    steps.say(" and ".join(missing))
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    steps.run(["apt-get", "update", "-q"], what="apt-get update", env=quiet)
    packages = [DEBIAN[program] for program in missing]
    install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
    steps.run(install, what=f"apt-get install {' '.join(packages)}", env=quiet)


def _prepare_litellm(root: Path) -> Path:
    # A virtual environment of its own: it pins a hundred packages that are not ours.
    lock = root / "requirements" / "litellm.txt"
    venv = root / "build" / "bench" / LITELLM
    key = steps.fingerprint(lock.read_bytes(), sys.version, str(venv))
    if steps.is_stamped(venv / ".stamp", key):
        return venv
    steps.say("LiteLLM, 750 MB in a virtual environment of its own")
    venv.parent.mkdir(parents=True, exist_ok=True)
    make: list[str | Path] = [sys.executable, "-m", "venv", "--clear", venv]
    steps.run(make, what="python -m venv", cwd=venv.parent)
    python = venv / "bin" / "python"
    prepare.pip_install(python, "--require-hashes", "--only-binary", ":all:", "-r", str(lock))
    steps.stamp(venv / ".stamp", key)
    return venv


def _prepare_portkey(root: Path) -> Path:
    node, npm = shutil.which("node"), shutil.which("npm")
    version = steps.output_of([node, "--version"]) if node else ""
    if complaint := prepare.node_complaint(version, has_npm=npm is not None):
        raise CannotPrepare(complaint)
    folder = root / "build" / "bench" / PORTKEY
    sources = [*sorted((_HERE / PORTKEY).glob("package*.json")), root / ".npmrc"]
    key = steps.fingerprint(*(path.read_bytes() for path in sources))
    if steps.is_stamped(folder / ".stamp", key):
        return folder
    steps.say("Portkey's gateway")
    folder.mkdir(parents=True, exist_ok=True)
    for path in sources:
        shutil.copy(path, folder)
    steps.run([npm or "npm", "ci"], what="npm ci", cwd=folder)
    steps.stamp(folder / ".stamp", key)
    return folder
