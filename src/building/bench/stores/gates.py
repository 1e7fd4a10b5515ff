"""Has several processes begin at the same moment: each says that it is ready, then a gate opens.

The gate is a file that appears; who is ready makes one beside it with a number of its own.
"""

import time
from pathlib import Path

from building.bench.figures import CannotMeasure

# Interpreters start on a busy core within seconds; one that is not ready by then has failed.
READY_S = 60.0
LOOK_AGAIN_S = 0.001


def stand_ready(gate: Path, number: int) -> None:
    """Say that a process is ready, and wait for the gate.

    Raises:
        CannotMeasure: It did not open.
    """
    _beside(gate, number).touch()
    _wait_for(gate)


def open_gate(gate: Path, processes: int) -> None:
    """Wait until all processes are ready, and let them begin.

    Raises:
        CannotMeasure: One was not ready in time.
    """
    for number in range(processes):
        _wait_for(_beside(gate, number))
    gate.touch()


def take_away(gate: Path) -> None:
    """Remove a gate and what stands beside it."""
    for path in gate.parent.glob(f"{gate.name}*"):
        path.unlink()


def _beside(gate: Path, number: int) -> Path:
    return gate.with_name(f"{gate.name}-{number}")


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + READY_S
    while not path.exists():
        if time.monotonic() > deadline:
            raise CannotMeasure("the processes that were to begin together were not ready in time")
        time.sleep(LOOK_AGAIN_S)
