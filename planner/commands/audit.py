"""`planner audit`: a written plan worked out again from the two workbooks."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from planner import __version__
from planner.console import Console, messages_to
from planner.errors import ExitCode
from planner.options import PATH, common_options, override_option

if TYPE_CHECKING:
    from models.audit import AuditReport


@click.command(short_help="Work out every cost and rule of PLAN again.")
@click.argument("file", type=PATH)
@click.argument("plan", type=PATH)
@override_option
@common_options
def audit(file: Path, plan: Path, overrides: tuple[str, ...], **common: Any) -> int:
    """Work out every cost and rule of PLAN again from FILE, without the model that found it.

    A plan solved with --set is audited with the same --set.
    """
    with messages_to(common) as console:
        return audit_plan(console, file, plan, overrides)


def audit_plan(console: Console, file: Path, plan_path: Path, overrides: tuple[str, ...]) -> int:
    """Recomputes a written plan from the two workbooks; exit 6 when a rule is broken."""
    from models.faults import FaultyWorkbook
    from planner.analysis.plan_audit import audit_plan_file
    from planner.excel.plan_reader import provenance_warnings
    from planner.formatting import fault_lines
    from planner.problem_reader import read
    from planner.reports.run_json import audit_json, faults_json
    from planner.reports.terminal import audit_lines

    told: dict[str, Any] = {"input_path": str(file), "plan_path": str(plan_path), "planner_version": __version__}
    result = read(file, overrides)
    faults = result.errors
    report = None
    if result.dataset is not None:
        try:
            report = audit_plan_file(result.dataset, plan_path)
        except FaultyWorkbook as faulty:
            faults = faulty.faults
    notes = [] if report is None else provenance_warnings(plan_path, result.sha256, overrides)
    told |= {"audit": audit_json(report), "checks": _checks(report), "faults": faults_json(faults), "notes": notes}
    console.give(told)
    if report is None:
        console.tell(fault_lines(faults), urgent=True)
        return ExitCode.WRONG_INPUT
    console.tell([*audit_lines(report), *notes], urgent=not report.passed)
    verdict = "keeps every rule and costs what it says" if report.passed else "is rejected"
    console.tell([f"{plan_path} {verdict}: {len(report.checks)} rules looked at."], urgent=not report.passed)
    return ExitCode.OK if report.passed else ExitCode.REJECTED_BY_AUDIT


def _checks(report: AuditReport | None) -> list[dict[str, Any]]:
    keys = ("rule", "what", "passed", "places", "failed", "where", "found", "limit", "violation")
    return [{key: _strict(getattr(each, key)) for key in keys} for each in report.checks] if report else []


def _strict(value: Any) -> Any:
    """The value as strict JSON knows it: a number that is none is null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
