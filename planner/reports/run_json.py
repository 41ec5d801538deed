"""`run.json`: what one run did and found, as strict JSON (no NaN, months as `2026-09`)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from models.audit import AuditReport
from models.dataset import Dataset
from models.faults import Fault
from models.plan import Plan
from planner.outputs import write_durably
from planner.reports.run_result import ModelSize, RunResult
from planner.results.decisions import decisions
from planner.results.monthly import totals
from planner.results.views import limit_changes

FAULT_KEYS = ("sheet", "cell", "column", "row_key", "found", "expected", "fix", "severity")
SCHEMA = 1
"""Goes up where a key changes its meaning. Files without the key `schema` have the meanings of 1."""
PUBLISHED = ("optimal", "stopped")
"""Statuses with a plan; one that its audit rejected is not told."""


def run_json(report: RunResult, dataset: Dataset | None) -> dict[str, Any]:
    """The object of `run.json`. Figures of a plan are null, and its lists empty, where there is no plan.

    Costs are present values in USD; `audit.checks` counts the rules looked at. Rules that a rejected
    plan breaks are told as warnings. With scenarios figures are expected ones (`planner.reports.scenarios.run_json`).
    """
    plan = report.plan if report.status in PUBLISHED and dataset is not None else None
    figures = totals(dataset, plan) if dataset is not None and plan is not None else None
    saving = None
    if report.base_case_usd is not None and report.objective_usd is not None:
        saving = report.base_case_usd - report.objective_usd
    document = {
        "schema": SCHEMA,
        "plan_name": report.plan_name,
        "status": report.status,
        "objective_usd": report.objective_usd,
        "bound_usd": report.bound_usd,
        "gap": report.gap,
        "costs_usd": plan.costs_usd() if plan else None,
        "base_case_usd": report.base_case_usd,
        "saving_usd": saving,
        "demand_bn_tokens": figures.demand_bn if figures else None,
        "served_bn_tokens": figures.served_bn if figures else None,
        "shortfall_bn_tokens": figures.shortfall_bn if figures else None,
        "months": report.months,
        "decisions": decisions_json(dataset, plan) if dataset is not None and plan is not None else [],
        "limits": limits_json(dataset, plan) if dataset is not None and plan is not None else [],
        "audit": audit_json(report.audit),
        "model": _model(report.model),
        "seconds": report.seconds,
        "interrupted": report.interrupted,
        "input_sha256": report.input_sha256,
        "data_sha256": report.data_sha256,
        "output_sha256": report.output_sha256,
        "plan_sha256": report.plan_sha256,
        "plan_path": report.plan_path,
        "planner_version": report.planner_version,
        "versions": report.versions,
        "options": report.options,
        "faults": faults_json(report.faults),
        "warnings": [*report.warnings, *_broken_rules(report)],
    }
    if report.together is not None and dataset is not None and report.status in PUBLISHED:
        from planner.reports.scenarios.run_json import joint_json

        document |= joint_json(dataset, report.together)
    if report.kept is not None:
        document |= {
            "change_cost_usd": report.kept.charge_usd,
            "departed_units": report.kept.departed,
            "kept": [each.words for each in report.kept.because],
            "kept_saving_usd": report.kept.saving_usd,
        }
    if report.alternatives and dataset is not None and plan is not None:
        document["alternatives"] = [
            {
                "cost_usd": each.cost_usd,
                "extra_share": (each.cost_usd - plan.objective_usd) / abs(plan.objective_usd or 1.0),
                "apart_mw": each.apart_mw,
                "furthest": each.furthest,
                "differences": list(each.words),
                "decisions": decisions_json(dataset, each.plan),
            }
            for each in report.alternatives
        ]
    if report.repairs is not None and dataset is not None:
        from planner.reports.infeasibility import repairs_json

        found = repairs_json(report.repairs, dataset)
        document |= {"repairs": found["repairs"], "explanation_path": report.explanation_path}
    return {key: _strict(value) for key, value in document.items()}


def write_run_json(path: Path, document: dict[str, Any]) -> None:
    """Writes the object to a file, in one step.

    Raises
    ------
    CannotWrite
        It cannot be written.
    """
    text = json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)
    write_durably(path, text + "\n")


def decisions_json(dataset: Dataset, plan: Plan) -> list[dict[str, Any]]:
    """Signings and option purchases by month; null where an option has no term, end or capacity."""
    return [
        {
            "kind": each.kind,
            "name": each.name,
            "month": dataset.label(each.month),
            "term_months": each.term_months,
            "units": each.units,
            "end_month": None if each.end is None else dataset.label(each.end),
            "accelerators": each.accelerators,
            "mw": each.mw,
            "cost_usd": each.cost_usd,
        }
        for each in decisions(dataset, plan)
    ]


def limits_json(dataset: Dataset, plan: Plan) -> list[dict[str, Any]]:
    """The limit of each segment's first month, and each change after it."""
    return [
        {"segment": segment, "month": dataset.label(month), "limit": limit}
        for month, segment, limit in limit_changes(plan)
    ]


def audit_json(audit: AuditReport | None) -> dict[str, Any] | None:
    """Whether an audit passed, how many rules it looked at, and its largest relative violation; null without one."""
    if audit is None:
        return None
    return {
        "passed": audit.passed,
        "checks": len(audit.checks),
        "largest_violation": _strict(audit.largest_violation),
    }


def faults_json(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    """Faults by the names of their parts, as they come."""
    return [
        {key: getattr(fault, key) for key in FAULT_KEYS}
        | ({"file": fault.file, "line": fault.row or None} if fault.file else {})
        for fault in faults
    ]


def _model(model: ModelSize | None) -> dict[str, int] | None:
    if model is None:
        return None
    return {key: getattr(model, key) for key in ("rows", "columns", "integers", "nonzeros")}


def _broken_rules(report: RunResult) -> list[str]:
    failed = report.audit.failed if report.audit else ()
    return [
        f"The audit found a rule broken: {each.what} (found {each.found:.9g}, limit {each.limit:.9g}, at {each.where})."
        for each in failed
    ]


def _strict(value: Any) -> Any:
    """The value as JSON knows it: numbers that are none become null, what is no JSON its text."""
    if isinstance(value, dict):
        return {str(key): _strict(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return float(value) if hasattr(value, "__float__") else str(value)
