"""What came of it: one table for people, one object for programs."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tollbridge.gateway.torture.checks import Check

# Differences shown of each check; more of them seldom say more.
EXAMPLES_MAX = 5


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a run.

    Attributes:
        seed: Repeats the choices.
        modes: When the providers' calls were charged.
        checks: In the order of the table.
        counts: What was done, by name: `calls`, `requests`, `kills`, …
        states: How many attempts came to what.
        kept: The folder that was kept to be looked at, or None.
    """

    seed: int
    modes: tuple[str, ...]
    checks: list[Check]
    counts: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    kept: Path | None = None

    @property
    def ok(self) -> bool:
        """Nothing differs."""
        return all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON shows it."""
        return {
            "ok": self.ok,
            "seed": self.seed,
            "charge_on": list(self.modes),
            **self.counts,
            "states": self.states,
            "checks": [
                {
                    "name": check.name,
                    "looked_at": check.looked_at,
                    "differences": len(check.differences),
                    "ok": check.ok,
                    "examples": check.differences[:EXAMPLES_MAX],
                }
                for check in self.checks
            ],
            "kept": None if self.kept is None else str(self.kept),
        }

    def table(self) -> list[tuple[str, int, int, str]]:
        """Return a row for each check: its name, looked at, differing, the verdict."""
        return [
            (
                check.name,
                check.looked_at,
                len(check.differences),
                "ok" if check.ok else "DIFFERS",
            )
            for check in self.checks
        ]

    def examples(self) -> list[str]:
        """Return some differences of each check that has any, as sentences."""
        return [
            f"{check.name}: {difference}"
            for check in self.checks
            for difference in check.differences[:EXAMPLES_MAX]
        ]
