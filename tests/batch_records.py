"""Records and manifests of batches, with real plans where a test needs them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from pathlib import Path
from typing import Any

from planner.batch.manifest import JobRecord, Manifest
from planner.cli import main

VERSIONS = {"python": "3.11.7", "highspy": "1.15.1"}


def record(name: str = "west", status: str = "optimal", **changes: Any) -> JobRecord:
    """A record; one with a plan says what it costs."""
    planned = status in ("optimal", "stopped")
    report = {"objective_usd": 1000.0, "bound_usd": 999.5, "gap": 0.0005, "saving_usd": 50.0}
    report |= {"shortfall_bn_tokens": 2.5, "decisions": []}
    facts: dict[str, Any] = {
        "name": name,
        "input_path": f"/plans/{name}.xlsx",
        "status": status,
        "good": status == "optimal",
        "exit_code": 0 if planned else 2,
        "attempts": 1,
        "started": "2026-05-04T06:00:00+00:00",
        "finished": "2026-05-04T06:01:00+00:00",
        "seconds": 60.0,
        "peak_mb": 210.5,
        "input_sha256": "a" * 64,
        "data_sha256": "b" * 64,
        "output_sha256": "c" * 64 if planned else "",
        "options": {"gap": 0.001, "set": []},
        "versions": VERSIONS,
        "plan_path": f"jobs/{name}/plan.xlsx" if planned else "",
        "report": report if planned else {},
        "message": "" if planned else "settings!B2: found 'soon', expected a month",
        "reused": False,
    }
    return JobRecord(**facts | changes)


def manifest(*records: JobRecord, **changes: Any) -> Manifest:
    facts: dict[str, Any] = {
        "batch": "weekly",
        "started": "2026-05-04T06:00:00+00:00",
        "finished": "2026-05-04T06:10:00+00:00",
        "planner_version": "0.1.0",
        "records": records,
    }
    return Manifest(**facts | changes)


def solved(folder: Path, name: str, workbook: Path, *words: object, **changes: Any) -> JobRecord:
    """Runs `planner solve` for a job of the batch in `folder`, and the record of it."""
    own = folder / "jobs" / name
    own.mkdir(parents=True, exist_ok=True)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = main(["solve", str(workbook), "-o", str(own / "plan.xlsx"), "--json", "--quiet", *map(str, words)])
    report = json.loads(out.getvalue())
    (own / "plan.run.log").replace(own / "run.log")
    facts: dict[str, Any] = {
        "input_path": str(workbook),
        "good": code == 0,
        "exit_code": code,
        "input_sha256": hashlib.sha256(workbook.read_bytes()).hexdigest(),
        "data_sha256": hashlib.sha256(workbook.read_bytes() + repr(words).encode()).hexdigest(),
        "options": {"gap": report["options"]["gap"], "set": report["options"]["set"]},
        "versions": report["versions"],
        "plan_path": f"jobs/{name}/plan.xlsx",
        "report": report,
        "seconds": report["seconds"]["total"],
        "message": "",
    }
    return record(name, report["status"], **facts | changes)
