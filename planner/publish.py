"""Publishes what a run found: the plan where it was asked for, or where it can be kept, and alternatives beside it."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from models.dataset import Dataset
from planner.errors import CannotWrite, why_not
from planner.fingerprints import file_sha256, output_sha256, output_sha256_of_all
from planner.outputs import PLAN_SHEETS, free_name, sheet_names
from planner.report import RunReport
from planner.write import write_plan, write_plan_for_all


def published(report: RunReport, dataset: Dataset, wanted: Path) -> CannotWrite | None:
    """Writes the plan; where its place has become unwritable meanwhile, keeps it elsewhere and says so.

    `report.plan_path` is where the plan is then, "" when it is nowhere.
    """
    failure: CannotWrite | None = None
    for path in (wanted, free_name(wanted), free_name(Path(tempfile.gettempdir()) / wanted.name)):
        report.plan_path = str(path)
        try:
            _write(report, dataset, path)
        except (CannotWrite, OSError) as error:
            failure = failure or (error if isinstance(error, CannotWrite) else CannotWrite(path, why_not(error)))
            continue
        return CannotWrite(wanted, f"{failure.reason}; the plan is kept in {path}") if failure else None
    report.plan_path = ""
    return failure


def _write(report: RunReport, dataset: Dataset, path: Path) -> None:
    if report.together is not None:
        write_plan_for_all(path, dataset, report.together, report)
        report.output_sha256 = output_sha256_of_all(dataset, report.together)
    elif report.plan is not None:
        write_plan(path, dataset, report.plan, report)
        report.output_sha256 = output_sha256(dataset, report.plan)
        _write_alternatives(report, dataset, path)
    report.plan_sha256 = file_sha256(path)


def _write_alternatives(report: RunReport, dataset: Dataset, path: Path) -> None:
    """Each alternative as a plan workbook of its own beside the plan: `plan.alternative-1.xlsx`, …"""
    for number, each in enumerate(report.alternatives, start=1):
        beside = path.with_name(f"{path.stem}.alternative-{number}.xlsx")
        if beside.exists() and not sheet_names(beside) >= PLAN_SHEETS:
            beside = free_name(beside)  # somebody else's
        own = replace(
            report,
            plan_name=f"{report.plan_name}, alternative {number}",
            status="stopped",
            plan=each.plan,
            audit=each.audit,
            objective_usd=each.cost_usd,
            bound_usd=report.bound_usd,
            gap=None,
            marginal=None,
            kept=None,
            alternatives=(),
            plan_path=str(beside),
        )
        write_plan(beside, dataset, each.plan, own)
