"""The keys of `run.json` that a plan without scenarios fills."""

from __future__ import annotations

from typing import Any

from planner.reports.run_result import RunResult
from planner.results.plan_figures import PlanFigures


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
    if result.alternatives:
        found["alternatives"] = [
            {
                "cost_usd": each.cost_usd,
                "extra_share": each.extra_share(figures.plan),
                "apart_mw": each.distance_mw,
                "furthest": each.furthest,
                "differences": list(each.words),
                "decisions": decisions_json(each.figures),
            }
            for each in result.alternatives
        ]
    return found


def decisions_json(figures: PlanFigures) -> list[dict[str, Any]]:
    """Signings and option purchases by month; null where an option has no term, end or capacity."""
    label = figures.dataset.label
    return [
        {
            "kind": each.kind.name,
            "name": each.name,
            "month": label(each.month),
            "term_months": each.term_months,
            "units": each.units,
            "end_month": None if each.end is None else label(each.end),
            "accelerators": each.accelerators,
            "mw": each.mw,
            "cost_usd": each.cost_usd,
        }
        for each in figures.decisions
    ]
