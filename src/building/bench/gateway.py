"""Our gateway as an operator runs it: `tollbridge serve` on a fresh store, SQLite unless told."""

import contextlib
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from building.bench.client import Target, call
from building.bench.figures import CannotMeasure
from building.bench.payloads import QUESTION
from building.bench.processes import Process, started
from building.prepare import venv_program
from tollbridge.gateway.settings import LIMITS, PREFIX

PAYWALL = "pw_bench"
QUERY_TYPE = "standard"
# The most that a paywall gives; no round of a benchmark comes near.
TRIAL_CREDITS = 1_000_000
# The gateway serves within seconds even on a busy machine.
START_S = 30.0
# What the gateway prints once it serves.
_SAYS_WHERE = "Tollbridge serves on "

User = dict[str, str]  # the headers of a user's calls


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway.

    Attributes:
        process: It.
        port: Where it listens on the loopback.
        begun_s: When its process was started, monotonic.
    """

    process: Process
    port: int
    begun_s: float

    async def sign_in(self) -> User:
        """Make a new user, who has `TRIAL_CREDITS`."""
        path = f"/api/v1/paywall/{PAYWALL}/auth/anonymous/signin"
        answer = await call(Target("gateway", self.port, path, b"{}"))
        if answer.status != 200:
            raise CannotMeasure(f"signing in was answered with {answer.status}")
        token = answer.json()["access_token"]
        return {"Authorization": f"Bearer {token}", "X-Paywall-Id": PAYWALL}

    async def credits(self, user: User) -> int:
        """How many credits a user has left."""
        path = f"/api/v1/paywall/{PAYWALL}/balances"
        answer = await call(Target("gateway", self.port, path, b"", user, method="GET"))
        left = {row["type"]: row["count"] for row in answer.json()["balances"]}
        count: int = left[QUERY_TYPE]
        return count

    def target(self, upstream: str, *users: User, body: bytes = QUESTION) -> Target:
        """A metered call of an upstream; several users take turns."""
        path = f"/api/v1/api-gateway/{provider_id(upstream)}/v1/chat/completions"
        return Target(
            "gateway", self.port, f"{path}?paywall_id={PAYWALL}", body, variants=tuple(users)
        )


@dataclass(frozen=True, slots=True)
class Folder:
    """A data folder with a paywall and a provider for each of some upstreams."""

    root: Path
    path: Path
    environment: dict[str, str]

    def run(self, *words: str) -> str:
        """Run a command of `tollbridge` on it; return what it printed.

        Raises:
            CannotMeasure: It failed; the message has its last line.
        """
        command = [str(venv_program(self.root, "tollbridge")), *words]
        done = subprocess.run(
            [*command, "--data-dir", str(self.path)],
            env={"PATH": os.environ["PATH"], **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip().splitlines()[-1:]
            raise CannotMeasure(f"`tollbridge {words[0]} {words[1]}` failed: {said}")
        return done.stdout


def make_folder(
    root: Path, path: Path, upstreams: dict[str, int], *, database_url: str | None = None
) -> Folder:
    """Make a data folder as an owner would.

    Args:
        root: The repository.
        path: Where it is made.
        upstreams: Names and ports of the loopback.
        database_url: An empty database of PostgreSQL; None: SQLite in the folder.
    """
    # The guard against one caller is not what is measured: all callers here are one address.
    environment = {
        f"{PREFIX}LIMIT_{name}": "off"
        for name in LIMITS
        if name.startswith(("USER_", "ADDRESS_")) or name.endswith("_TRIAL_CREDITS")
    }
    if database_url is not None:
        environment[f"{PREFIX}DATABASE_URL"] = database_url
    key = {"BENCH_PROVIDER_KEY": secrets.token_urlsafe(24)}
    folder = Folder(root, path, environment)
    folder.run("paywall", "create", PAYWALL, "--query-type", f"{QUERY_TYPE}={TRIAL_CREDITS}")
    with_key = replace(folder, environment={**environment, **key})
    for name, port in upstreams.items():
        with_key.run(
            *("provider", "add", provider_id(name), "--paywall", PAYWALL, "--preset", "http"),
            *("--base-url", f"http://127.0.0.1:{port}", "--key-env", "BENCH_PROVIDER_KEY"),
            *("--query-type", QUERY_TYPE, "--allow", "POST v1/*", "--allow-private"),
        )
    return folder


def provider_id(upstream: str) -> str:
    """The provider that stands for an upstream."""
    return f"prov_{upstream}"


@contextlib.contextmanager
def running(folder: Folder, *, core: int, workers: int = 1) -> Iterator[Gateway]:
    """Run a gateway until the block ends; it serves when the block begins."""
    begun_s = time.monotonic()
    command: list[str | Path] = [venv_program(folder.root, "tollbridge"), "serve", "--port", "0"]
    if workers > 1:
        command += ["--workers", str(workers)]
    with started(
        "the gateway",
        [*command, "--data-dir", folder.path],
        core=core,
        log_file=folder.path.with_suffix(".log"),
        env=folder.environment,
    ) as process:
        line = process.wait_for_line(_SAYS_WHERE, within_s=START_S)
        yield Gateway(process, int(line.rpartition(":")[2]), begun_s)
