"""What every step of preparing does: it speaks, runs a command, and leaves a stamp when it is done.

Standard library only.
"""

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path


class CannotPrepare(Exception):
    """Something is missing that only the person at the keyboard can provide; the text says what."""


def say(what: str) -> None:
    """Tell what is being prepared; some of it takes a minute, and silence looks like a hang."""
    print(f"preparing: {what} …", flush=True)


def fingerprint(*parts: str | bytes) -> str:
    """One value that changes when any part does."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part)
        digest.update(b"\0")
    return digest.hexdigest()


def is_stamped(path: Path, key: str) -> bool:
    """Whether the step that wrote this stamp was done with the same `key`."""
    return path.is_file() and path.read_text("utf-8") == key


def stamp(path: Path, key: str) -> None:
    """Note that a step is done. Called last, so that a step which broke off is done again."""
    path.write_text(key, "utf-8")


def run(
    command: Sequence[str | Path],
    *,
    what: str,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> None:
    """Run a command quietly; if it fails, its last lines become the message.

    Raises:
        CannotPrepare: It failed. What it had done so far stays; the next run does the step again.
    """
    done = ended(command, cwd=cwd, env=env)
    if done.returncode:
        raise CannotPrepare("\n  ".join([f"{what} failed; its last words:", *tail(done.stdout)]))


def ended(
    command: Sequence[str | Path],
    *,
    told: str = "",
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, however that is; all that it says is in `stdout`.

    Args:
        command: The program and its arguments.
        told: What it reads from its standard input.
        cwd: Where it runs.
        env: Its environment, if not ours.

    Raises:
        OSError: There is no such program.
    """
    return subprocess.run(
        command,
        input=told,
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def tail(output: str) -> list[str]:
    """The last lines of an output, shortened; of lines that begin alike, only the last.

    Without a network pip writes the same long warning for every try, and the reason is in one.
    """
    last_by_beginning: dict[str, str] = {}
    for line in output.splitlines():
        if line.strip():
            last_by_beginning.pop(line[:20], None)
            last_by_beginning[line[:20]] = line[:300]
    return list(last_by_beginning.values())[-5:]


def output_of(command: list[str]) -> str:
    """What a command prints, or nothing if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
