"""The keys of `run.json` that plans with scenarios fill or add."""

from __future__ import annotations

import math
from typing import Any

from models.dataset import Dataset
from models.grouping import groups
from models.stochastic.solution import BoundedValue
from models.supply.registry import decided_kinds
from planner.reports.plan.run_json import alternatives_json
from planner.reports.run_result import RunResult
from planner.results.decisions import is_kept
from planner.results.scenario_decisions import SIGNED, SharedDecision, shared_decisions
from planner.results.scenario_set import ScenarioSetResult

LISTED = (*(kind.verb for kind in decided_kinds()), SIGNED)
"""What `decisions` lists: everything signed or bought; notices and renewals show in `end_month`."""


def scenario_set_json(result: RunResult) -> dict[str, Any]:
    """The keys of `run.json` for plans of all scenarios: expected figures, and what only they have.

    Costs by category sum to the objective, with the category `risk` where that is not the expected cost. Decisions
    and limits say in which `scenarios` they hold, those common to all first.
    """
    plans = result.plan_set
    best = plans.solution
    return {
        "costs_usd": plans.costs_usd,
        "demand_bn_tokens": plans.expected("demand_bn"),
        "served_bn_tokens": plans.expected("served_bn"),
        "shortfall_bn_tokens": plans.expected("shortfall_bn"),
        "decisions": _decisions(plans),
        "limits": _limits(plans),
        "risk": {
            "measure": best.measure.name,
            "weight": best.measure.weight,
            "alpha": best.measure.alpha,
            "expected_usd": best.expected_usd,
            "cvar_usd": plans.cvar_usd,
            "worst_usd": plans.worst.cost_usd,
            "std_usd": plans.std_usd,
        },
        "scenarios": [
            {
                "scenario": each.name,
                "probability": each.probability,
                "cost_usd": each.cost_usd,
                "certain_usd": result.value(each.scenario.if_certain),
                "regret_usd": result.value(each.scenario.regret),
                "shortfall_bn_tokens": each.figures.totals.shortfall_bn,
            }
            for each in plans.scenarios
        ],
        "value_of_perfect_information": _bounded(plans.evpi, result.gap_asked),
        "value_of_stochastic_solution": _bounded(plans.vss, result.gap_asked),
        **alternatives_json(result, _decisions),
    }


def _bounded(value: BoundedValue | None, gap: float) -> dict[str, Any] | None:
    """Bounds, and a value where they agree within the gap; what is infinite is null, and `unbounded` says so."""
    if value is None:
        return None
    amounts = {"usd": value.usd, "least_usd": value.least_usd, "most_usd": value.most_usd}
    told = {name: usd if math.isfinite(usd) else None for name, usd in amounts.items()}
    return told | {
        "usd": None if math.isinf(value.usd) else value.estimate.value(gap),
        "unbounded": [name for name, usd in amounts.items() if not math.isfinite(usd)],
    }


def _decisions(plans: ScenarioSetResult) -> list[dict[str, Any]]:
    """Signings and purchases by month; capacity and cost are means over the scenarios, `end_month` is the latest."""
    of = {each.name: [decision for decision in each.decisions if decision.do in LISTED] for each in plans.scenarios}
    found = shared_decisions(of, plans.solution.probability)
    ordered = sorted(found, key=lambda each: len(each.by) < len(plans.scenarios))
    return [_decision(plans.dataset, each) for each in ordered]


def _decision(dataset: Dataset, each: SharedDecision) -> dict[str, Any]:
    what, kept = each.what, is_kept(each.what.term_months)
    ends = [one.end for one in each.by.values() if one.end is not None and not kept]
    return {
        "kind": what.kind.name,
        "name": what.name,
        "month": dataset.label(what.month),
        "term_months": None if kept else what.term_months,
        "units": what.units,
        "end_month": dataset.label(max(ends)) if ends else None,
        "accelerators": each.accelerators,
        "mw": each.mw,
        "cost_usd": each.cost_usd,
        "scenarios": list(each.by),
    }


def _limits(plans: ScenarioSetResult) -> list[dict[str, Any]]:
    """The limit of each lever's first month, and each change after it."""
    by = groups((change, each.name) for each in plans.scenarios for change in each.figures.limit_changes)
    ordered = sorted(by, key=lambda key: (len(by[key]) < len(plans.scenarios), key[0]))
    label = plans.dataset.label
    return [
        {"segment": segment, "lever": lever, "month": label(month), "limit": limit, "scenarios": by[key]}
        for key in ordered
        for month, segment, lever, limit in (key,)
    ]
