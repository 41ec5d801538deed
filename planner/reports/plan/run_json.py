"""The keys of `run.json` that a plan without scenarios fills."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planner.reports.run_result import RunResult
from planner.results.decisions import is_kept
from planner.results.plan_figures import PlanFigures
from planner.results.scenario_set import ScenarioSetResult


def plan_json(result: RunResult) -> dict[str, Any]:
    """Figures, decisions and limits of the plan of a result, and of its alternatives."""
    figures = result.plan_set.only
    found: dict[str, Any] = {
        "costs_usd": figures.costs_usd,
        "demand_bn_tokens": figures.totals.demand_bn,
        "served_bn_tokens": figures.totals.served_bn,
        "shortfall_bn_tokens": figures.totals.shortfall_bn,
        "decisions": decisions_json(figures),
        "limits": [
            {"segment": segment, "lever": lever, "month": figures.dataset.label(month), "limit": limit}
            for month, segment, lever, limit in figures.limit_changes
        ],
    }
    return found | alternatives_json(result, lambda plans: decisions_json(plans.only))


def alternatives_json(
    result: RunResult, decisions: Callable[[ScenarioSetResult], list[dict[str, Any]]]
) -> dict[str, Any]:
    """The alternatives with their `decisions`; no key where there are none."""
    best_usd = result.plan_set.solution.objective_usd
    found = [
        {
            "cost_usd": each.cost_usd,
            "extra_share": each.extra_share(best_usd),
            "apart_mw": each.distance_mw,
            "furthest": each.furthest,
            "cheapest": each.cheapest,
            "differences": list(each.words),
            "decisions": decisions(each.plan_set),
        }
        for each in result.alternatives
    ]
    return {"alternatives": found} if found else {}


def decisions_json(figures: PlanFigures) -> list[dict[str, Any]]:
    """Signings and option purchases by month; term and end are null of what is kept for good and of options."""
    label = figures.dataset.label
    return [
        {
            "kind": each.kind.name,
            "name": each.name,
            "month": label(each.month),
            "term_months": None if is_kept(each.term_months) else each.term_months,
            "units": each.units,
            "end_month": None if each.end is None or is_kept(each.term_months) else label(each.end),
            "accelerators": each.accelerators,
            "mw": each.mw,
            "cost_usd": each.cost_usd,
        }
        for each in figures.decisions
    ]
