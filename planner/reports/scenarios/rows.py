"""The rows of a plan for scenarios: of the sheets that only it has, and of every other with all scenarios' rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat
from operator import attrgetter
from typing import Any

import pandas as pd

from models.estimate import Estimate
from models.plan import categories
from models.stochastic.tree import ScenarioTree, first_unshared_month
from planner.formatting import finite
from planner.reports.plan.rows import alternative_tables, audit_rows, kept_rows, run_rows, tables_of_plan, tried_table
from planner.reports.plan.text import against_base_case, contract_figures, horizon_end_rows
from planner.reports.run_result import RunResult
from planner.reports.scenarios.text import factor_words
from planner.results.assumptions import assumptions
from planner.results.over_scenarios import expected, over_scenarios
from planner.results.plan_tables import AUDIT, INPUT, RUN, SUMMARY
from planner.results.scenario_set import ScenarioSetResult, measure_words
from planner.results.scenario_tables import DISTRIBUTION, OUTLOOK, RISK_SHEET, SCENARIO, SCENARIOS
from planner.results.tables import Filled


def all_tables(result: RunResult) -> list[Filled]:
    """Every sheet after the first two, in order."""
    plans = result.plan_set
    joined = _joined(plans)
    summary = Filled(SUMMARY, summary_rows(result, plans))
    last = [
        assumptions(plans.dataset, result.sources),
        Filled(AUDIT, audit_rows(result)),
        Filled(RUN, run_rows(result)),
    ]
    own = [
        scenarios_table(plans, result.gap_asked),
        risk_table(plans, result.gap_asked),
        distribution_table(plans),
        outlook_table(plans),
    ]
    input_sheet = Filled(INPUT, result.input_rows)
    details = ("Serving", "Shortfall", "Source use", "On demand")
    views = [each for each in joined if each.table.sheet not in details]
    between = [result.bridge.table] if result.bridge else []
    return [
        *own,
        *between,
        *kept_rows(result),
        *alternative_tables(result),
        *tried_table(result),
        summary,
        *views,
        *last,
        *(each for each in joined if each.table.sheet in details),
        input_sheet,
    ]


def _joined(plans: ScenarioSetResult) -> list[Filled]:
    """The tables of the plans with the rows of all scenarios, one scenario after the other."""
    found: dict[str, Filled] = {}
    for scenario in plans.scenarios:
        for each in tables_of_plan(scenario.figures):
            if each.table.sheet not in found:
                table = replace(each.table, columns=(*each.table.columns, SCENARIO))
                found[each.table.sheet] = Filled(table, [])
            found[each.table.sheet].rows.extend((*row, scenario.name) for row in each.rows)
    return list(found.values())


def scenarios_table(plans: ScenarioSetResult, gap: float) -> Filled:
    """A row a scenario; `gap` is the one asked for."""
    tree, horizon = ScenarioTree(plans.dataset), plans.dataset.horizon
    rows: list[tuple[Any, ...]] = []
    for each in plans.scenarios:
        costs, own = each.figures.costs_usd, first_unshared_month(tree, each.name)
        alone, regret = each.scenario.if_certain, each.scenario.regret
        rows.append(
            (
                each.name,
                each.probability,
                tree.rows[each.name].follows,
                own if own in horizon else None,
                factor_words(plans.dataset, each.name),
                each.cost_usd,
                alone.at_most,
                alone.at_least,
                regret.value(gap),
                regret.at_least,
                regret.at_most,
                each.figures.totals.demand_bn,
                each.figures.totals.after_limits_bn,
                each.figures.totals.served_bn,
                each.figures.totals.shortfall_bn,
                each.shortfall_share,
                each.figures.totals.peak_mw,
                *(costs[category] for category in categories()),
            )
        )
    return Filled(SCENARIOS, rows)


def distribution_table(plans: ScenarioSetResult) -> Filled:
    """Scenarios by cost."""
    rows = [(each.name, each.probability, each.cost_usd, each.shortfall_share) for each in plans.scenarios]
    found = pd.DataFrame(rows).sort_values(2, kind="stable")
    up_to, mean = found[1].cumsum().clip(upper=1.0), repeat(plans.solution.expected_usd)
    return Filled(DISTRIBUTION, list(zip(found[0], found[1], up_to, found[2], mean, found[3], strict=False)))


def outlook_table(plans: ScenarioSetResult) -> Filled:
    """A row a month: expected, least and most over the scenarios."""
    figures = attrgetter("month", "demand", "after_limits", "committed_mw", "served", "shortfall", "signed_mw")
    values = over_scenarios(plans, lambda plan: map(figures, plan.months))
    mean, by_month = expected(plans, values), values.groupby("key", sort=False)
    least, most = by_month.min(), by_month.max()
    spreads = [each[n] for n in (1, 2, 3) for each in (mean, least, most, most - least)]
    return Filled(
        OUTLOOK, list(pd.concat([*spreads, mean[4], mean[5], most[5], mean[6]], axis=1).itertuples(name=None))
    )


def risk_table(plans: ScenarioSetResult, gap: float) -> Filled:
    """Metric, value, unit and how it is worked out; `gap` is the one asked for."""
    return Filled(RISK_SHEET, [*_cost_rows(plans, gap), *_worth_rows(plans, gap), *_service_rows(plans)])


def _cost_rows(plans: ScenarioSetResult, gap: float) -> Iterator[tuple[Any, ...]]:
    best, currency = plans.solution, plans.dataset.settings.currency
    alpha, worst, cheapest = best.measure.alpha, plans.worst, plans.cheapest
    yield "what is minimised", measure_words(best.measure), "", "by --risk and the settings risk_weight and risk_alpha"
    yield "objective", best.objective_usd, currency, "what is minimised, for these plans"
    yield "lower bound on the objective", finite(best.bound_usd), currency, "no plan for all scenarios can be below it"
    yield "gap", finite(best.gap), "share", "(objective - lower bound) / |objective|"
    yield "expected cost", best.expected_usd, currency, "sum of probability x net present cost"
    yield "standard deviation", plans.std_usd, currency, "root of the sum of probability x (cost - expected cost)²"
    words = f"mean cost of the worst {100 * (1 - alpha):.3g} % of the probability; at 0 % the worst cost"
    yield f"CVaR at {alpha:g}", plans.cvar_usd, currency, words
    yield "worst cost", worst.cost_usd, currency, f"of scenario {worst.name}"
    yield "least cost", cheapest.cost_usd, currency, f"of scenario {cheapest.name}"
    words = "the most that a scenario costs above what it would if it were certain"
    yield from _range("worst regret", best.worst_regret(), gap, currency, words)


def _worth_rows(plans: ScenarioSetResult, gap: float) -> Iterator[tuple[Any, ...]]:
    best, currency = plans.solution, plans.dataset.settings.currency
    information, mean = plans.evpi, best.eev_usd
    if information is None:
        how = "not every scenario was solved by itself within the time"
        yield "value of perfect information", "not known", "", how
    else:
        regret = best.measure.kind == "regret"
        how = "objective of the scenarios each solved as if it were certain"
        alone = "who knows the scenario regrets nothing" if regret else how
        yield from _range("wait and see", best.wait_and_see(), gap, currency, alone)
        how = "objective - wait and see; the most that knowing the scenario in advance could save"
        how = "the plan's worst regret; knowing the scenario in advance would leave none" if regret else how
        yield from _range("value of perfect information", information.estimate, gap, currency, how)
    solution = plans.vss
    if solution is None or mean is None:
        how = "the plan for the expected values was not found, or not evaluated in all scenarios, within the time"
        yield "value of the stochastic solution", "not known", "", how
    elif math.isinf(mean):
        how = "with the first decisions of the plan for the expected values some scenario has no plan"
        yield "value of the stochastic solution", "infinite", "", how
    else:
        how = "objective with the first decisions of the plan for the expected values and the best later decisions"
        yield from _range("expected-value plan", best.eev(), gap, currency, how)
        how = "expected-value plan - objective; what planning for all scenarios saves"
        yield from _range("value of the stochastic solution", solution.estimate, gap, currency, how)


def _range(name: str, known: Estimate, gap: float, currency: str, how: str) -> Iterator[tuple[Any, ...]]:
    """A value where both ends agree within the gap, and both ends; that it is not known where neither is."""
    if known.at_least is None and known.at_most is None:
        yield name, "not known", "", how
        return
    yield name, known.value(gap), currency, how
    yield f"{name}, at least", known.at_least, currency, "by the bounds proven"
    yield f"{name}, at most", known.at_most, currency, "by the bounds proven"


def _service_rows(plans: ScenarioSetResult) -> Iterator[tuple[Any, ...]]:
    yield "expected shortfall", plans.expected("shortfall_bn"), "bn tokens", "sum of probability x tokens short"
    how = "probability of the scenarios in which any token falls short"
    yield "probability of any shortfall", plans.shortfall_probability, "share", how
    names = [each.segment for each in plans.dataset.segments]
    shares = pd.DataFrame([each.shortfall_by_segment for each in plans.scenarios]).reindex(columns=names).fillna(0.0)
    weights = list(plans.solution.probability.values())
    how_much = "sum of probability x tokens short / demand after limits, over the horizon"
    for name in names:
        yield f"probability of any shortfall: {name}", float(weights @ (shares[name] > 0)), "share", how
        yield f"expected shortfall: {name}", float(weights @ shares[name]), "share", how_much


def summary_rows(result: RunResult, plans: ScenarioSetResult) -> list[tuple[Any, ...]]:
    """Metric, value, unit: what is minimised, then expected values; costs are present values."""
    best, dataset = plans.solution, plans.dataset
    currency = dataset.settings.currency
    return [
        ("plan name", result.plan_name, ""),
        ("status", result.status, ""),
        ("first month", dataset.label(0), ""),
        ("months", dataset.settings.months, "months"),
        ("scenarios", len(best.scenarios), "scenarios"),
        ("risk", best.measure.name, ""),
        ("what is minimised", measure_words(best.measure), ""),
        ("objective", best.objective_usd, currency),
        ("lower bound on the objective", finite(best.bound_usd), currency),
        ("gap", finite(best.gap), "share"),
        ("most that any other plan could save", result.possible_saving_usd, currency),
        *against_base_case(result),
        ("net present cost, expected", best.expected_usd, currency),
        *((f"cost, expected: {category}", usd, currency) for category, usd in plans.expected_costs_usd.items()),
        *horizon_end_rows(result),
        *((f"{name}, expected", usd, currency) for name, usd in contract_figures(result).items()),
        ("cost of risk: objective less expected cost", plans.cost_of_risk_usd, currency),
        ("demand, expected", plans.expected("demand_bn"), "bn tokens"),
        ("demand after limits, expected", plans.expected("after_limits_bn"), "bn tokens"),
        ("served, expected", plans.expected("served_bn"), "bn tokens"),
        ("shortfall, expected", plans.expected("shortfall_bn"), "bn tokens"),
        ("peak committed power, expected", plans.expected("peak_mw"), "MW"),
        ("audit", "not audited" if result.audit is None else "passed" if result.audit.passed else "FAILED", ""),
    ]
