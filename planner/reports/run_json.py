"""`run.json`: what one run did and found, as strict JSON (no NaN, months as `2026-09`)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from operator import attrgetter
from typing import Any

from models.audit import AuditReport
from models.faults import NamedWarning
from models.kinds import names_in_words
from planner.formatting import estimate_json, faults_json
from planner.reports.plan_report import report_of
from planner.reports.run_result import RunResult

SCHEMA = 2
"""Goes up where a key changes its meaning (planner/pages/run_json.md says which). Files without `schema` are of 1."""


AGAINST_BASE_CASE = ("base_case_usd", "saving_usd", "cash_saved_usd", "shortage_avoided_usd")
"""Keys of what the plan is compared with: numbers where both ends of the estimate agree, else null."""


def run_json(result: RunResult) -> dict[str, Any]:
    """The object of `run.json`. Figures of a plan are null, and its lists empty, where there is no plan.

    Costs are present values in USD; `audit.checks` counts the rules that were checked. Rules that a rejected plan
    breaks are among the warnings. With scenarios figures are expected values (`planner.reports.scenarios.run_json`).
    """
    estimates = result.estimates
    warnings = [*result.warnings, *_broken_rules(result)]
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "plan_name": result.plan_name,
        "status": result.status,
        "objective_usd": result.objective_usd,
        "bound_usd": result.bound_usd,
        "gap": result.gap,
        "costs_usd": None,
        "revenue_usd": None,
        **{name: result.value(estimates[name]) for name in AGAINST_BASE_CASE},
        "estimates": {name: estimate_json(each) for name, each in estimates.items()},
        "demand_bn_tokens": None,
        "served_bn_tokens": None,
        "shortfall_bn_tokens": None,
        "owed_after_horizon_usd": None,
        "worth_after_horizon_usd": None,
        "months": result.dataset.settings.months if result.dataset else 0,
        "decisions": [],
        "limits": [],
        "audit": audit_json(result.audit),
        "model": None if result.model is None else asdict(result.model),
        "seconds": result.seconds,
        "interrupted": result.interrupted,
        "input_sha256": result.input_sha256,
        "data_sha256": result.data_sha256,
        "output_sha256": result.output_sha256,
        "plan_sha256": result.plan_sha256,
        "plan_path": result.plan_path,
        "planner_version": result.planner_version,
        "versions": result.versions,
        "options": result.options,
        "faults": faults_json(result.faults),
        "warnings": [each.text for each in warnings],
        "warning_names": [each.name for each in warnings],
    }
    if result.has_plan:
        document |= report_of(result).json(result) | _of_plans(result)
    if result.kept is not None:
        names = names_in_words(result.kept.departed)
        minimised = result.kept.minimised
        document["kept"] = {
            "change_cost_usd": result.kept.charge_usd,
            "departed_units": {names[key]: units for key, units in result.kept.departed.items()},
            "saving_usd": result.value(estimates["kept.saving_usd"]) if "kept.saving_usd" in estimates else None,
            "words": [each.words for each in result.kept.because],
            "minimised_usd": minimised.at_most,
            "minimised_bound_usd": minimised.at_least,
        }
    if result.alternatives_found is not None:
        searched = result.alternatives_found
        keys = ("none_exists", "seconds", "words")
        document["alternatives_searched"] = {key: getattr(searched, key) for key in keys}
    if result.cases_tried:
        keys = ("cases_tried", "cases_path", "cases_sha256")
        document |= {key: getattr(result, key) for key in keys}
    if result.tried is not None:
        document["stress"] = result.tried.json()
    if result.repairs is not None and result.dataset is not None:
        from planner.reports.infeasibility import repairs_json

        found = repairs_json(result.repairs, result.dataset)
        document |= {"repairs": found["repairs"], "explanation_path": result.explanation_path}
    return {key: _strict(value) for key, value in document.items()}


def _of_plans(result: RunResult) -> dict[str, Any]:
    """Figures that are alike for a plan and, as expected values, for plans of scenarios."""
    plans = result.plan_set
    parts = ("baseline", "forgone", "lost_to_shortage", "earned")
    return {
        "revenue_usd": {part: plans.mean(attrgetter(f"revenue.{part}")) for part in parts},
        "owed_after_horizon_usd": plans.horizon_end.owed_usd,
        "worth_after_horizon_usd": plans.horizon_end.worth_usd,
    }


def audit_json(audit: AuditReport | None) -> dict[str, Any] | None:
    """Whether an audit passed, how many rules it recomputed, and its largest relative violation; null without one."""
    if audit is None:
        return None
    return {
        "passed": audit.passed,
        "checks": audit.recomputed,
        "largest_violation": _strict(audit.largest_violation),
    }


def checks_json(audit: AuditReport | None) -> list[dict[str, Any]]:
    """Return every rule that an audit checked, with its largest violation and its place."""
    keys = ("rule", "what", "passed", "places", "failed", "where", "found", "limit", "violation")
    return [{key: _strict(getattr(each, key)) for key in keys} for each in audit.checks] if audit else []


def _broken_rules(result: RunResult) -> Iterator[NamedWarning]:
    for each in result.audit.failed if result.audit else ():
        which = f"{each.what} (found {each.found:.9g}, limit {each.limit:.9g}, at {each.where})"
        yield NamedWarning("broken-rule", f"The audit found a rule broken: {which}.")


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
