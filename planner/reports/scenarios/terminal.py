"""Plans with scenarios on a few lines: what they may cost, what knowing more is worth, and what to decide now."""

from __future__ import annotations

from collections.abc import Iterator

from planner.formatting import counted, money, percent
from planner.reports.plan.terminal import alternative_lines, base_case_lines, gap_line, kept_lines, tried_lines
from planner.reports.run_result import RunResult
from planner.reports.scenarios.text import bounded_words, decision_words
from planner.results.scenario_decisions import SET_LIMIT
from planner.results.scenario_set import ScenarioSetResult, measure_words

NO_PLAN = (
    "Each scenario by itself has a plan, but no decisions taken before the scenarios differ serve all of them. "
    "Allow shortfall (segments: shortfall_usd_per_mtok), loosen caps and rules, or let scenarios differ earlier."
)
"""What to do where no plan exists."""
NOW = 8
"""Decisions to take now that are listed."""


def scenario_set_lines(result: RunResult) -> Iterator[str]:
    """The plans of a result on a few lines."""
    plans, currency = result.plan_set, result.currency
    best, worst = plans.solution, plans.worst
    if best.measure.kind != "expected" or best.measure.weight:
        yield f"  Minimised         {money(best.objective_usd, currency)}, {measure_words(best.measure)}"
    if result.cases_tried:
        more = "" if result.status == "stopped" else "; no other costs more"
        yield f"  Prepared for      {len(plans.scenarios)} of {result.cases_tried:,} cases{more}"
        yield f"  Worst case        {money(worst.cost_usd, currency)}: {worst.name}"
        yield from gap_line(result)
    else:
        scenarios = counted(len(plans.scenarios), "scenario")
        yield f"  Expected cost     {money(best.expected_usd, currency)} over {scenarios}"
        yield f"  Worst scenario    {money(worst.cost_usd, currency)}: {worst.name}, {percent(worst.probability)}"
        tail = percent(1.0 - best.measure.alpha)
        yield f"  CVaR              {money(plans.cvar_usd, currency)}, the mean of the worst {tail}"
        yield from gap_line(result)
        yield f"  EVPI              {bounded_words(plans.evpi, result)}, the value of perfect information"
        yield f"  VSS               {bounded_words(plans.vss, result)}, the value of the stochastic solution"
    yield from base_case_lines(result)
    yield from kept_lines(result)
    yield from tried_lines(result)
    yield from _now(plans)
    if result.cases_path:
        yield f"  Cases             {result.cases_path}, with those that it is prepared for as scenarios"
    yield from alternative_lines(result)


def _now(plans: ScenarioSetResult) -> Iterator[str]:
    now = [each for each in plans.decisions_now if each.what.do != SET_LIMIT]
    for position, each in enumerate(now[:NOW]):
        head = "Decide now" if position == 0 else ""
        yield f"  {head:<17} {plans.dataset.label(each.what.month)}: {decision_words(each, plans.dataset)}"
    if not now:
        yield "  Decide now        nothing to sign"
    if len(now) > NOW:
        yield f"  {'':<17} and {len(now) - NOW} more, on the first sheet of the plan"
