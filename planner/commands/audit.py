"""`planner audit`: a written plan worked out again from the two workbooks."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.audit import AuditReport, audit
from models.audit.report import Findings
from models.audit.scenario_set import RULE, WORDS, _size, audit_together
from models.dataset import Dataset
from models.stochastic.risk import Measure, expected_cost
from models.stochastic.tree import ScenarioTree
from planner import __version__
from planner.console import Console
from planner.errors import ExitCode
from planner.excel.plan_reader import made_from_something_else

if TYPE_CHECKING:
    from planner.excel.scenario_plan_reader import WrittenPlans
if TYPE_CHECKING:
    from models.audit import AuditReport
    from models.dataset import Dataset


def audit_plan(console: Console, file: Path, plan_path: Path, overrides: tuple[str, ...]) -> int:
    """Recomputes a written plan from the two workbooks; exit 6 when a rule is broken."""
    from models.faults import FaultyWorkbook
    from planner.excel.workbook_reader import read
    from planner.formatting import fault_lines
    from planner.reports.run_json import audit_json, faults_json
    from planner.reports.terminal import audit_lines

    told: dict[str, Any] = {"input_path": str(file), "plan_path": str(plan_path), "planner_version": __version__}
    result = read(file, overrides)
    faults = result.errors
    report = None
    if result.dataset is not None:
        try:
            report = _audited(result.dataset, plan_path)
        except FaultyWorkbook as faulty:
            faults = faulty.faults
    notes = [] if report is None else made_from_something_else(plan_path, result.sha256, overrides)
    told |= {"audit": audit_json(report), "checks": _checks(report), "faults": faults_json(faults), "notes": notes}
    console.give(told)
    if report is None:
        console.tell(fault_lines(faults), urgent=True)
        return ExitCode.WRONG_INPUT
    console.tell([*audit_lines(report), *notes], urgent=not report.passed)
    verdict = "keeps every rule and costs what it says" if report.passed else "is rejected"
    console.tell([f"{plan_path} {verdict}: {len(report.checks)} rules looked at."], urgent=not report.passed)
    return ExitCode.OK if report.passed else ExitCode.REJECTED_BY_AUDIT


def _audited(dataset: Dataset, plan_path: Path) -> AuditReport:
    """The audit of a written plan; of the plans of all scenarios, where the workbook has some."""
    if dataset.scenarios:
        from planner.excel.scenario_plan_reader import read_written_plans

        return audit_written(dataset, read_written_plans(plan_path, dataset))
    from planner.excel.plan_reader import read_written_plan

    written = read_written_plan(plan_path, dataset)
    return audit(dataset, written.plan, objective_usd=written.objective_usd)


def _checks(report: AuditReport | None) -> list[dict[str, Any]]:
    keys = ("rule", "what", "passed", "places", "failed", "where", "found", "limit", "violation")
    return [{key: _strict(getattr(each, key)) for key in keys} for each in report.checks] if report else []


def _strict(value: Any) -> Any:
    """The value as strict JSON knows it: a number that is none is null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def audit_written(dataset: Dataset, written: WrittenPlans) -> AuditReport:
    """The audit of plans that were read back, with the figures recorded beside them."""
    report = audit_together(dataset, written.plans, written.costs)
    probability = ScenarioTree(dataset).probability
    costs = {name: plan.objective_usd for name, plan in written.plans.items()}
    findings = Findings({RULE: WORDS}, 1e-6)
    if written.expected_usd is not None:
        mean = expected_cost(costs, probability)
        findings.equal(RULE, "expected cost", written.expected_usd, mean, _size(costs))
    measure = _measure(dataset, written)
    if written.objective_usd is not None and measure is not None:
        findings.equal(RULE, "objective", written.objective_usd, measure.value(costs, probability), _size(costs))
    of_all = findings.report()
    return replace(
        report,
        checks=(*report.checks, *of_all.checks),
        passed=report.passed and of_all.passed,
        largest_violation=max(report.largest_violation, of_all.largest_violation),
    )


def _measure(dataset: Dataset, written: WrittenPlans) -> Measure | None:
    """What was minimised, as recorded; None where it cannot be worked out again."""
    if written.risk == "worst":
        return replace(Measure.of(dataset), kind="worst")
    if written.risk == "regret":
        least = {name: cost for name, cost in written.certain.items() if cost is not None}
        known = len(least) == len(written.plans)
        return replace(Measure.of(dataset), kind="regret", least_usd=least) if known else None
    return Measure.of(dataset)
