"""The sentences and tiles of a plan with scenarios: its measure of risk, EVPI and VSS, decisions and cases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from models import months
from models.dataset import Dataset
from models.grouping import groups
from models.kinds import LIMIT
from models.realization import ALL
from models.schema import ScenarioFactor
from models.stochastic.solution import BoundedValue
from planner.excel.first_sheet import Banner, Tile
from planner.formatting import counted, money, percent
from planner.reports.plan.text import (
    commitment_words,
    estimate_tile,
    known,
    money_tile,
    saving_words,
    verdict,
)
from planner.reports.run_result import RunResult
from planner.results.decision_tree import Node
from planner.results.scenario_decisions import SET_LIMIT, SharedDecision
from planner.results.scenario_set import ScenarioSetResult, measure_words

MULTIPLIED = {
    "demand": ("demand of {}", "all demand"),
    "throughput": ("tokens a second of {}", "tokens a second of everything"),
    "on_demand_price": ("on-demand price of {}", "all on-demand prices"),
    "on_demand_cap": ("on-demand cap of {}", "all on-demand caps"),
    "price": ("price of {}", "the prices of all offers"),
    "usage_price": ("usage charges of {}", "all usage charges"),
    "fleet_share": ("accelerators online of {}", "all accelerators of the fleet"),
    "revenue": ("revenue a token of {}", "revenue a token of all segments"),
    "shortfall_cost": ("cost of shortfall of {}", "cost of all shortfall"),
    "elasticity": ("price elasticity of {}", "price elasticity of all segments"),
    "churn": ("churn of {}", "churn of all segments"),
    "delivered_share": ("what arrives of {}", "what arrives of every offer"),
}
"""What is multiplied, in words: of one name, and of all."""
FEW = 4
"""Rows of one quantity and name that are told one by one."""


def factor_words(dataset: Dataset, scenario: str) -> str:
    """What the factors of a scenario say, in the order of the sheet; of a long path its range and its end.

    >>> from models.schema import Settings
    >>> row = ScenarioFactor(scenario="late", quantity="delivery_delay_months", name="*", value=6.0)
    >>> factor_words(Dataset(Settings(first_month=0, months=1), scenario_factors=(row,)), "late")
    'all deliveries 6 months later'
    """
    rows = groups(((each.quantity, each.name), each) for each in dataset.scenario_factors if each.scenario == scenario)
    return "; ".join(words for path in rows.values() for words in _path(path)) or "the plain figures"


def _path(rows: Sequence[ScenarioFactor]) -> list[str]:
    """The rows of one quantity and name, each by itself where they are few."""
    first, last = rows[0], rows[-1]
    if len(rows) <= FEW or first.quantity not in MULTIPLIED or first.from_month is None:
        return [_factor(each) for each in rows]
    values = [each.value for each in rows]
    since, until = (months.label(each.from_month or 0) for each in (first, last))
    return [
        f"{_multiplied(first)} × {min(values):.3g} to {max(values):.3g} from {since}, {last.value:.3g} from {until}"
    ]


def _factor(row: ScenarioFactor) -> str:
    every = row.name == ALL
    since = "" if row.from_month is None else f" from {months.label(row.from_month)}"
    if row.quantity == "demand_growth":
        points = f"{100 * row.value:+.3g} point{'' if math.isclose(abs(row.value), 0.01) else 's'}"
        return f"growth of {'all demand' if every else row.name} {points} a month{since}"
    if row.quantity == "rival_generosity":
        return f"generosity of {'all rivals' if every else f'the rivals of {row.name}'} {row.value:+.3g}{since}"
    if row.quantity == "delivery_delay_months":
        name = "all deliveries" if every else row.name
        return f"{name} {row.value:g} month{'s' if row.value != 1 else ''} later{since}"
    if row.quantity == "supplier_exit":
        when = "before the first month" if row.from_month is None else f"in {months.label(row.from_month)}"
        return f"{'every supplier' if every else row.name} exits {when}"
    return f"{_multiplied(row)} × {row.value:g}{since}"


def _multiplied(row: ScenarioFactor) -> str:
    of_one, of_all = MULTIPLIED[row.quantity]
    return of_all if row.name == ALL else of_one.format(row.name)


def bounded_words(value: BoundedValue | None, result: RunResult) -> str:
    """What is known of an amount, in words."""
    if value is None:
        return "not known"
    if math.isinf(value.usd):
        return "infinite: the plan for the expected values fails in a scenario"
    return known(value.estimate, result)


def banner(result: RunResult, plans: ScenarioSetResult) -> Banner:
    """Status with its gap in percent and money, the audit's verdict, and what is due first."""
    return verdict(
        result, "no other plan for all scenarios", _first_due(plans), f" in all {len(plans.scenarios)} scenarios"
    )


def _first_due(plans: ScenarioSetResult) -> str:
    signed = [each for each in plans.decisions_now if each.what.kind != LIMIT]
    if not signed:
        return "Nothing to sign now."
    first = signed[0].what
    also = sum(1 for each in signed if each.what.month == first.month) - 1
    more = f", and {also} more" if also else ""
    return f"Due first: {first.do} {first.name} by {plans.dataset.label(first.month)}{more}."


def tiles(result: RunResult, plans: ScenarioSetResult) -> list[Tile]:
    """Expected cost, worst scenario, CVaR, EVPI, VSS, saving."""
    best, currency, worst = plans.solution, result.currency, plans.worst
    if best.measure.kind == "budget":
        return _tiles_of_cases(result, plans)
    tail = f"CVaR, worst {percent(1.0 - best.measure.alpha)}"
    spread = f"standard deviation {money(plans.std_usd, '').strip()}"
    return [
        money_tile("Expected net present cost", best.expected_usd, spread, currency),
        money_tile("Worst scenario", worst.cost_usd, f"{worst.name}, {percent(worst.probability)}", currency),
        money_tile(tail, plans.cvar_usd, "mean cost of those cases", currency),
        _bounded_tile("Perfect information (EVPI)", plans.evpi, result),
        _bounded_tile("Stochastic solution (VSS)", plans.vss, result),
        estimate_tile("At stake", result.saving, "against signing nothing", result),
    ]


def _tiles_of_cases(result: RunResult, plans: ScenarioSetResult) -> list[Tile]:
    """Of a budget of delays and exits, whose cases have no probabilities: worst and least, how many, saving."""
    currency, worst, least, mean = result.currency, plans.worst, plans.cheapest, plans.solution.expected_usd
    count, tried = len(plans.scenarios), result.cases_tried
    proven = "no other costs more" if result.status == "optimal" else "others may cost more"
    return [
        money_tile("Worst case", worst.cost_usd, worst.name, currency),
        money_tile("Least of these cases", least.cost_usd, least.name, currency),
        money_tile("Worst less least", worst.cost_usd - least.cost_usd, "over these cases", currency),
        money_tile("Mean of these cases", mean, "none is likelier than another", currency),
        Tile("Cases prepared for", f"{count} of {tried:,}" if tried else str(count), "General", proven),
        estimate_tile("At stake", result.saving, "against signing nothing", result),
    ]


def _bounded_tile(label: str, value: BoundedValue | None, result: RunResult) -> Tile:
    if value is None:
        return Tile(label, "–", "General", "not found within the time")
    if math.isinf(value.usd):
        return Tile(label, "∞", "General", "the expected-value plan fails")
    return replace(estimate_tile(label, value.estimate, "proven", result), label=label)


def notes(result: RunResult, plans: ScenarioSetResult) -> list[str]:
    """How to read the tiles, in a sentence each."""
    best = plans.solution
    how = (
        "EVPI: the most that knowing the scenario today could save. VSS: what planning for all scenarios saves over "
        "planning for their expected values."
    )
    if best.measure.kind == "budget":
        how = "Cases have no probabilities: what is called expected below is their mean, which breaks ties."
    found = [f"Minimised over {counted(len(plans.scenarios), 'scenario')}: {measure_words(best.measure)}.", how]
    if result.base_case.cost.at_most is not None:
        found.append(saving_words(result, "the same measure", best.objective_usd))
    return [*found, *commitment_words(result)]


def case_words(node: Node, names: Sequence[str]) -> str:
    """The scenarios of a node; where they are nearly all, those that are missing."""
    if len(node.scenarios) == len(names):
        return "all scenarios"
    without = [name for name in names if name not in node.scenarios]
    if len(without) < len(node.scenarios) and len(node.scenarios) > 3:
        return f"all but {', '.join(without)}"
    return ", ".join(node.scenarios)


def decision_words(each: SharedDecision, dataset: Dataset) -> str:
    """A decision in a clause, without its month; scenarios that cannot take it are named with the reason."""
    return each.what.words(dataset.label, each.what.name) + cannot_words(each)


def decided_words(decided: Sequence[SharedDecision], dataset: Dataset) -> str:
    """Decisions month by month, limits by themselves at the end; nothing where there are none."""
    changes = [each.what for each in decided if each.what.do == SET_LIMIT]
    limits = [f"{each.name} {each.limit} ({dataset.label(each.month)})" for each in changes]
    others = (each for each in decided if each.what.do != SET_LIMIT)
    by_month = groups((each.what.month, decision_words(each, dataset)) for each in others)
    found = [f"{dataset.label(month)}: {', '.join(words)}." for month, words in by_month.items()]
    found += [f"Limits: {', '.join(limits)}."] if limits else []
    return " ".join(found)


def cannot_words(each: SharedDecision) -> str:
    """`, not in late (the supplier has exited)`; nothing where every scenario has the decision."""
    reasons = groups((why, name) for name, why in each.cannot.items())
    return "".join(f", not in {', '.join(names)} ({why})" for why, names in reasons.items())
