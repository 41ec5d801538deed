"""The plans of a batch as `results.sqlite` holds them: one for each job, and its alternatives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from planner.batch.manifest import JobRecord, Manifest
from planner.formatting import escaped
from planner.reports.plan_store import StoredPlan, write_store
from planner.results.fingerprints import file_sha256


def write_batch_store(path: Path, folder: Path, manifest: Manifest) -> None:
    """Writes the store of a batch's plans, in its folder.

    Raises
    ------
    CannotWrite
        The store cannot be written.
    """
    write_store(path, folder, [each for record in manifest.records for each in _stored(record, folder)])


def _stored(record: JobRecord, folder: Path) -> Iterator[StoredPlan]:
    report = record.report if record.plan_path else {}
    yield StoredPlan(
        job=record.name,
        status=record.status,
        good=record.good,
        objective_usd=report.get("objective_usd"),
        bound_usd=report.get("bound_usd"),
        gap=report.get("gap"),
        seconds=record.seconds,
        input=escaped(record.input_path),  # a name may be no UTF-8
        plan=record.plan_path or "",
        plan_sha256=str(report.get("plan_sha256") or ""),
        started=record.started,
    )
    for number, each in enumerate(report.get("alternatives") or (), start=1):
        path = folder / record.plan_path
        path = path.with_name(f"{path.stem}.alternative-{number}.xlsx")
        if path.is_file():
            yield StoredPlan(
                job=f"{record.name}, alternative {number}",
                status="stopped",
                good=record.good,
                objective_usd=each["cost_usd"],
                input=escaped(record.input_path),  # a name may be no UTF-8
                plan=path.relative_to(folder).as_posix(),
                plan_sha256=file_sha256(path),
            )
