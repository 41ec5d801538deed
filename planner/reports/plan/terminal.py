"""A plan on a few lines: cost, gap, what to sign first, what was kept, and alternatives."""

from __future__ import annotations

from collections.abc import Iterator

from planner.analysis.alternatives import common_decisions, decided_by_each
from planner.formatting import gap_percent, money, percent, shortened
from planner.reports.plan.text import base_case_words, kept_words, known, saving_parts, stake_words, tried_words
from planner.reports.run_result import RunResult
from planner.results.decisions import term_words

NO_PLAN = (
    "Demand, caps, rules or shortfall limits require more than all offers together can provide. "
    "Allow shortfall (segments: shortfall_usd_per_mtok), loosen caps and rules, or add offers."
)
"""What to do where no plan exists."""
FAILING = 3
"""Caps that fail on samples that are listed."""
SIGNED_FIRST = 6
"""Signings of the first month that are listed."""


def plan_lines(result: RunResult) -> Iterator[str]:
    """The plan of a result on a few lines."""
    yield f"  Net present cost  {money(result.objective_usd, result.currency)}"
    yield from gap_line(result)
    yield from base_case_lines(result)
    yield from _first_decisions(result)
    yield from kept_lines(result)
    yield from alternative_lines(result)
    yield from tried_lines(result)


def gap_line(result: RunResult) -> Iterator[str]:
    """The gap in percent and money, where it is known."""
    if result.kept is not None:
        yield f"  Gap               {gap_percent(result.proven_gap)} of cost and charge for departing together"
    elif result.possible_saving_usd is not None:
        beyond = money(result.possible_saving_usd, result.currency)
        nothing = beyond == money(0.0, result.currency)
        above = "no plan costs less" if nothing else f"at most {beyond} above the best possible"
        yield f"  Gap               {gap_percent(result.gap)} ({above})"


def tried_lines(result: RunResult) -> Iterator[str]:
    """What the plan came to on samples; nothing where it was not tried."""
    tried = result.tried
    if tried is None:
        return
    yield f"  Tried on samples  {tried_words(tried, result.currency)}"
    for name, each in sorted(tried.caps.items(), key=lambda pair: -pair[1].value)[:FAILING]:
        if each.value:
            yield f"  {'':<17} cap {name} fails in {percent(each.value)}"


def base_case_lines(result: RunResult) -> Iterator[str]:
    """The base case, what is at stake against it, and what of that is money."""
    base = result.base_case
    if base.none_exists:
        yield "  Signing nothing   no such plan exists"
    elif base.cost.at_least is not None or base.cost.at_most is not None:
        cost = f"{known(base.cost, result)}{base_case_words(result)}"
        yield f"  Signing nothing   {cost}; value at stake {stake_words(result)}"
        if parts := saving_parts(result):
            yield f"  {'':<17} {parts}"


def _first_decisions(result: RunResult) -> Iterator[str]:
    figures = result.plan_set.only
    chosen = figures.plan.chosen
    if not chosen:
        yield "  Sign              nothing new"
        return
    first = min(each.month for each in chosen)
    now = [each for each in chosen if each.month == first]
    for position, each in enumerate(now[:SIGNED_FIRST]):
        what = f"{each.kind.noun}, {each.kind.units(each.units)} {term_words(each.term_months)}"
        yield f"  {'Sign first' if position == 0 else '':<17} {figures.dataset.label(first)}: {each.name} ({what})"
    left = len(chosen) - min(len(now), SIGNED_FIRST)
    if left:
        yield f"  {'':<17} and {left} more signing{'s' if left > 1 else ''}, listed in the plan"


def kept_lines(result: RunResult) -> Iterator[str]:
    """What a price on departing from a plan did; nothing without a plan to keep to."""
    kept = result.kept
    if kept is None:
        return
    units = sum(kept.departed.values())
    charge = money(kept.charge_usd, result.currency)
    yield f"  Departs in        {units} unit{'s' if units != 1 else ''}, charged {charge} (not part of any cost)"
    example = "; the cheapest plan found that does:" if kept.because else ""
    yield f"  Free to depart    would save {kept_words(result)}{example}"
    yield from (f"  {'':<17} {each.words}" for each in kept.because)


def alternative_lines(result: RunResult) -> Iterator[str]:
    """What all near-optimal plans sign, with scenarios in the first stage, and how each alternative differs."""
    searched = result.alternatives_found
    if searched is None:
        return
    plans = result.plan_set
    found = common_decisions(decided_by_each(plans, result.alternatives))
    for position, each in enumerate(each for each in found if each.in_all and searched.plans):
        head = "All plans sign" if position == 0 else ""
        yield f"  {head:<17} {plans.dataset.label(each.month)}: {each.in_all} of {each.name}"
    for number, other in enumerate(result.alternatives, start=1):
        share = other.extra_share(plans.solution.objective_usd)
        than = "less" if share < 0.0 else "more"
        bound = "" if other.cheapest else {"less": "at least ", "more": "at most "}[than]  # the same may cost less
        extra = f"{bound}{percent(abs(share))} {than}"
        words = shortened("; ".join(other.words), 200)
        yield f"  Alternative {number:<5} {extra}, {other.distance_mw:,.3g} MW apart on average: {words}"
    if searched.words:
        yield f"  {'Alternatives':<17} {searched.words}"
