"""`planner audit`: costs and rules of a written plan, worked out again from the two workbooks."""

from __future__ import annotations

from pathlib import Path

from planner.command import CommandResult, command, subject
from planner.console import Console
from planner.errors import ExitCode
from planner.options.shared import input_argument, override_option, plan_argument


@command(short_help="Check a plan independently of the model.")
@input_argument
@plan_argument
@override_option
def audit(console: Console, input_path: Path, plan_path: Path, overrides: tuple[str, ...]) -> CommandResult:
    """Work out all costs and rules of PLAN again from FILE, independently of the model that found it.

    A plan solved with --set is audited with the same --set.
    """
    from models.faults import FaultyWorkbook
    from planner.analysis.plan_audit import audit_plan_file
    from planner.excel.plan_reader import provenance_warnings
    from planner.excel.told_apart import problem_and_plan
    from planner.formatting import fault_lines, faults_json
    from planner.problem_reader import read
    from planner.reports.run_json import audit_json, checks_json
    from planner.reports.terminal import audit_lines

    input_path, plan_path = problem_and_plan(input_path, plan_path)
    result = read(input_path, overrides)
    faults, report, notes = result.errors, None, []
    if result.dataset is not None:
        try:
            report = audit_plan_file(result.dataset, plan_path)
            notes = provenance_warnings(plan_path, result.sha256, overrides)
        except FaultyWorkbook as error:
            faults = error.faults
    document = {
        **subject(input_path=input_path, plan_path=plan_path),
        "audit": audit_json(report),
        "checks": checks_json(report),
        "faults": faults_json(faults),
        "notes": notes,
    }
    if report is None:
        return CommandResult(list(fault_lines(faults)), document, ExitCode.WRONG_INPUT)
    verdict = "keeps every rule and costs what it says" if report.passed else "is rejected"
    lines = [
        *audit_lines(report),
        *(f"Note: {note}" for note in notes),
        f"{plan_path} {verdict}: {report.recomputed} rules recomputed.",
    ]
    return CommandResult(lines, document, ExitCode.OK if report.passed else ExitCode.REJECTED_BY_AUDIT)
