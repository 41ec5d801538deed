"""What a run for scenarios tells: the keys of `run.json` that differ or are added, and lines for the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from models.dataset import Dataset
from models.stochastic.solution import BoundedValue, StochasticSolution
from planner.formatting import money, percent
from planner.reports.scenarios.decision_tree import decision_tree
from planner.reports.scenarios.decisions import DO, SET_LIMIT, SIGNED, Common, Taken, common, taken
from planner.reports.scenarios.figures import Figures
from planner.reports.scenarios.text import decision_words, measure_words, worth_words
from planner.results.views import limit_changes

NOW = 8
"""Decisions to take now that the terminal lists."""
LISTED = (*DO.values(), SIGNED)
"""What `decisions` lists: everything signed or bought; notices and renewals show in `end_month`."""


def joint_json(dataset: Dataset, best: StochasticSolution) -> dict[str, Any]:
    """The keys of `run.json` for plans of all scenarios: expected figures, and what only they have.

    Costs by category sum to the objective, with the category `risk` where that is not the expected cost. Decisions
    and limits say in which `scenarios` they hold, those common to all first.
    """
    figures = Figures.of(dataset, best)
    return {
        "costs_usd": figures.costs_usd(),
        "demand_bn_tokens": figures.mean("demand_bn"),
        "served_bn_tokens": figures.mean("served_bn"),
        "shortfall_bn_tokens": figures.mean("shortfall_bn"),
        "decisions": _decisions(dataset, best),
        "limits": _limits(dataset, best),
        "risk": {
            "measure": best.measure.kind,
            "weight": best.measure.weight,
            "alpha": best.measure.alpha,
            "expected_usd": best.expected_usd,
            "cvar_usd": best.cvar_usd(best.measure.alpha),
            "worst_usd": max(best.costs.values()),
            "std_usd": figures.std_usd,
        },
        "scenarios": [
            {
                "scenario": each.name,
                "probability": each.of.probability,
                "cost_usd": each.of.cost_usd,
                "certain_usd": None if each.of.wait_and_see is None else each.of.wait_and_see.cost_usd,
                "regret_usd": each.regret_usd,
                "shortfall_bn_tokens": each.totals.shortfall_bn,
            }
            for each in figures.scenes
        ],
        "value_of_perfect_information": _worth(best.evpi()),
        "value_of_stochastic_solution": _worth(best.vss()),
    }


def _worth(worth: BoundedValue | None) -> dict[str, Any] | None:
    """An amount with its bounds; what is infinite is null, and `unbounded` says so."""
    if worth is None:
        return None
    amounts = {"usd": worth.usd, "least_usd": worth.least_usd, "most_usd": worth.most_usd}
    return {name: usd if math.isfinite(usd) else None for name, usd in amounts.items()} | {
        "unbounded": [name for name, usd in amounts.items() if not math.isfinite(usd)]
    }


def _decisions(dataset: Dataset, best: StochasticSolution) -> list[dict[str, Any]]:
    """Signings and purchases by month; capacity and cost are means over the scenarios, `end_month` is the latest."""
    of: dict[str, list[Taken]] = {
        each.name: [one for one in taken(dataset.in_scenario(each.name), each.plan) if one.do in LISTED]
        for each in best.scenarios
    }
    found = common(of, best.probability, {})
    return [_decision(dataset, each) for each in sorted(found, key=lambda each: len(each.by) < len(best.scenarios))]


def _decision(dataset: Dataset, each: Common) -> dict[str, Any]:
    what, ends = each.what, [one.end for one in each.by.values() if one.end is not None]
    return {
        "kind": what.kind,
        "name": what.name,
        "month": dataset.label(what.month),
        "term_months": what.term_months,
        "units": what.units,
        "end_month": dataset.label(max(ends)) if ends else None,
        "accelerators": each.accelerators,
        "mw": each.mw,
        "cost_usd": each.cost_usd,
        "scenarios": list(each.by),
    }


def _limits(dataset: Dataset, best: StochasticSolution) -> list[dict[str, Any]]:
    """The limit of each segment's first month, and each change after it."""
    by: dict[tuple[int, str, str], list[str]] = {}
    for each in best.scenarios:
        for month, segment, limit in limit_changes(each.plan):
            by.setdefault((month, segment, limit), []).append(each.name)
    ordered = sorted(by, key=lambda key: (len(by[key]) < len(best.scenarios), key[0]))
    return [
        {"segment": segment, "month": dataset.label(month), "limit": limit, "scenarios": by[month, segment, limit]}
        for month, segment, limit in ordered
    ]


def joint_lines(dataset: Dataset, best: StochasticSolution, base_case_usd: float | None) -> Iterator[str]:
    """What it may cost, what knowing more is worth, and what to decide now."""
    currency, alpha = dataset.settings.currency, best.measure.alpha
    worst = max(best.scenarios, key=lambda each: each.cost_usd)
    if best.measure.kind != "expected" or best.measure.weight:
        yield f"  Minimised         {money(best.objective_usd, currency)}, {measure_words(best.measure)}"
    yield f"  Expected cost     {money(best.expected_usd, currency)} over {len(best.scenarios)} scenarios"
    yield f"  Worst scenario    {money(worst.cost_usd, currency)}: {worst.name}, {percent(worst.probability)}"
    tail = money(best.cvar_usd(alpha), currency)
    yield f"  CVaR              {tail}, the mean of the worst {percent(1.0 - alpha)}"
    if math.isfinite(best.bound_usd):
        beyond = money(max(best.objective_usd - best.bound_usd, 0.0), currency)
        yield f"  Gap               {percent(best.gap)} (at most {beyond} above the best possible)"
    yield f"  Knowing (EVPI)    {worth_words(best.evpi(), currency)}"
    yield f"  Planning (VSS)    {worth_words(best.vss(), currency)}"
    if base_case_usd is not None:
        saving = money(base_case_usd - best.objective_usd, currency)
        yield f"  Signing nothing   {money(base_case_usd, currency)}; the plan saves {saving}"
    yield from _now(dataset, best)


def _now(dataset: Dataset, best: StochasticSolution) -> Iterator[str]:
    first = dataset.settings.first_stage_months
    root = decision_tree(dataset, best)
    now = [each for each in root.decisions if each.what.month < first and each.what.do != SET_LIMIT]
    for position, each in enumerate(now[:NOW]):
        head = "Decide now" if position == 0 else ""
        yield f"  {head:<17} {dataset.label(each.what.month)}: {decision_words(each, dataset)}"
    if not now:
        yield "  Decide now        nothing to sign"
    if len(now) > NOW:
        yield f"  {'':<17} and {len(now) - NOW} more, on the first sheet of the plan"
