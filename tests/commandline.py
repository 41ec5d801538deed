"""The `planner` command in a process of its own or in ours, and workbooks to give it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sheets import LEASE, Tables

import planner


@dataclass
class Said:
    """What a finished command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on standard output."""
        return json.loads(self.out)


class Run(Protocol):
    """Runs `planner` with these words in the test's folder."""

    def __call__(self, *words: object, **environment: str) -> Said: ...


def environment(**extra: str) -> dict[str, str]:
    """Ours without any option in it, and the planner under test importable from any folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLANNER_")}
    return kept | {"PYTHONPATH": str(Path(planner.__file__).parents[1]), "PYTHONUNBUFFERED": "1"} | extra


def command(*words: object, patch: str = "") -> list[str]:
    start = f"{patch}\nimport sys\nfrom planner.cli import main\nsys.exit(main(sys.argv[1:]))"
    return [sys.executable, *(["-c", start] if patch else ["-m", "planner"]), *map(str, words)]


def in_a_process(folder: Path, *words: object, patch: str = "", **extra: str) -> Said:
    """A process of its own; `patch` is Python that goes first, to break something on purpose."""
    done = subprocess.run(
        command(*words, patch=patch), cwd=folder, env=environment(**extra), capture_output=True, text=True
    )
    assert "Traceback" not in done.stdout + done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


def decision(**changes: Any) -> Tables:
    """A year in which leasing beats on-demand."""
    return {
        "settings": {"first_month": "2026-01", "months": 12},
        "demand": [
            {"segment": "chat", "region": "us", "month": f"2026-{m:02d}", "tokens_bn_per_day": 8} for m in range(1, 13)
        ],
        "fleet": [],
        **LEASE,
        "leases": [{"lease": "L", "provider": "neo", "region": "us", "units_max": 20}],
        "lease_terms": [{"lease": "L", "term_months": 12, "usd_per_accelerator_hour": 2}],
        "on_demand": [{"provider": "spot", "region": "us", "hardware": "H100", "usd_per_accelerator_hour": 5}],
        **changes,
    }


def endless() -> Tables:
    """Plans are found at once, but no solver proves the best one in minutes: odd clusters to be put together."""
    draw = random.Random(1)
    kinds = [f"h{i}" for i in range(5)]
    leases = [f"l{j}" for j in range(60)]
    holds = {name: {kind: draw.randrange(1, 100) for kind in kinds} for name in leases}
    return {
        "settings": {"first_month": "2026-01", "months": 1},
        "hardware": [{"hardware": kind, "kw": 1} for kind in kinds],
        "throughput": [{"workload": kind, "hardware": kind, "tokens_per_second": 1e9 / 86400} for kind in kinds],
        "segments": [{"segment": kind, "workload": kind} for kind in kinds],
        "demand": [{"segment": kind, "region": "us", "month": "2026-01", "tokens_bn_per_day": 1500} for kind in kinds],
        "fleet": [],
        "leases": [{"lease": name, "provider": "neo", "region": "us"} for name in leases],
        "lease_hardware": [
            {"lease": name, "hardware": kind, "accelerators": count}
            for name in leases
            for kind, count in holds[name].items()
        ],
        "lease_terms": [
            {
                "lease": name,
                "term_months": 1,
                "usd_per_unit_month": 100 * sum(holds[name].values()) + draw.randrange(1, 500),
            }
            for name in leases
        ],
    }


def left_by(tmp_path: Path, name: str) -> tuple[dict[str, Any], str, bool]:
    """run.json, run.log and whether there is a plan, of the one run of workbook `name`."""
    (folder,) = (tmp_path / "outputs" / name).iterdir()
    document = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return document, (folder / "run.log").read_text(encoding="utf-8"), (folder / "plan.xlsx").exists()
