"""What a run found, on a few lines for the terminal and the log."""

from __future__ import annotations

from collections.abc import Iterator

from models.audit import AuditReport
from planner.formatting import fault_lines
from planner.reports.plan_report import report_of
from planner.reports.run_result import RunResult

STATUS_WORDS = {
    "optimal": "Plan found, proven within the requested gap",
    "stopped": "Stopped early; the best plan found so far",
    "infeasible": "No plan exists that keeps every rule of the workbook",
    "no_plan": "Stopped early, before any plan was found",
    "invalid": "The workbook has faults",
    "rejected": "The plan failed its audit and is not published",
}


def summary_lines(result: RunResult) -> Iterator[str]:
    """What came out, on a few lines."""
    words = STATUS_WORDS[result.status]
    if result.status == "invalid" and result.dataset is not None:
        words = "A plan that it was to be solved with cannot be used"
    if result.status == "no_plan" and result.dataset is not None and result.dataset.resilience:
        words += " that survives what resilience names"  # progress has told of plans that do not
    yield f"{result.plan_name}: {words}."
    if result.status == "invalid":
        yield from fault_lines(result.faults)
    if result.status == "infeasible" and result.dataset is not None:
        yield from _infeasible(result)
    if result.status == "rejected" and result.audit is not None:
        yield from (f"  {line}" for line in audit_lines(result.audit))
    if result.has_plan:
        yield from report_of(result).lines(result)
    if result.plan_path:
        yield f"  Plan              {result.plan_path}"


def audit_lines(report: AuditReport) -> Iterator[str]:
    """The rules that are broken, worst first: what each says, and where it is broken most."""
    for check in report.failed:
        more = f", and in {check.failed - 1} more" if check.failed > 1 else ""
        yield f"BROKEN  {check.what}: found {check.found:,.9g}, limit {check.limit:,.9g} at {check.where}{more}"


def _infeasible(result: RunResult) -> Iterator[str]:
    assert result.dataset is not None
    if result.repairs is not None:
        from planner.reports.infeasibility import repair_lines

        yield from repair_lines(result.repairs, result.dataset.in_scenario(result.infeasible_scenario))[1:]
        yield f"  Explanation       {result.explanation_path}"
    else:
        yield report_of(result).no_plan
