"""The rows of a plan for scenarios: of the sheets that only it has, and of every other with all scenarios' rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from models.plan import CATEGORIES
from models.stochastic.tree import ScenarioTree, first_unshared_month
from planner.reports.plan.rows import audit_rows, run_rows, tables_of_plan
from planner.reports.run_result import RunResult
from planner.reports.scenarios.figures import Figures
from planner.reports.scenarios.text import factor_words, measure_words
from planner.results.decisions import decisions
from planner.results.input_rows import input_rows
from planner.results.scenario_tables import DISTRIBUTION, OUTLOOK, RISK_SHEET, SCENARIO, SCENARIOS
from planner.results.tables import AUDIT, INPUT, RUN, SUMMARY, Filled


def all_tables(figures: Figures, report: RunResult) -> list[Filled]:
    """Every sheet after the first two, in order."""
    joined = _joined(figures)
    summary = Filled(SUMMARY, summary_rows(figures, report))
    last = [Filled(AUDIT, audit_rows(report)), Filled(RUN, run_rows(report))]
    own = [scenarios_table(figures), risk_table(figures), distribution_table(figures), outlook_table(figures)]
    input_sheet = Filled(INPUT, input_rows(figures.dataset))
    details = ("Serving", "Shortfall", "Source use", "On demand")
    views = [each for each in joined if each.table.sheet not in details]
    return [*own, summary, *views, *last, *(each for each in joined if each.table.sheet in details), input_sheet]


def _joined(figures: Figures) -> list[Filled]:
    """The tables of the plans with the rows of all scenarios, one scenario after the other."""
    found: dict[str, Filled] = {}
    for scene in figures.scenes:
        for each in tables_of_plan(scene.dataset, scene.plan, decisions(scene.dataset, scene.plan), scene.months):
            if each.table.sheet not in found:
                table = replace(each.table, columns=(*each.table.columns, SCENARIO))
                found[each.table.sheet] = Filled(table, [])
            found[each.table.sheet].rows.extend((*row, scene.name) for row in each.rows)
    return list(found.values())


def scenarios_table(figures: Figures) -> Filled:
    """A row a scenario."""
    tree, horizon = ScenarioTree(figures.dataset), figures.dataset.horizon
    rows: list[tuple[Any, ...]] = []
    for each in figures.scenes:
        costs, own = each.of.plan.costs_usd(), first_unshared_month(tree, each.name)
        certain = each.of.wait_and_see
        rows.append(
            (
                each.name,
                each.of.probability,
                tree.rows[each.name].follows,
                own if own in horizon else None,
                factor_words(figures.dataset, each.name),
                each.of.cost_usd,
                None if certain is None else certain.cost_usd,
                None if certain is None or math.isinf(certain.bound_usd) else certain.bound_usd,
                each.regret_usd,
                each.totals.demand_bn,
                each.totals.after_limits_bn,
                each.totals.served_bn,
                each.totals.shortfall_bn,
                each.short_share,
                each.totals.peak_mw,
                *(costs[category] for category in CATEGORIES),
            )
        )
    return Filled(SCENARIOS, rows)


def distribution_table(figures: Figures) -> Filled:
    """Scenarios by cost."""
    rows, up_to = [], 0.0
    for each in sorted(figures.scenes, key=lambda each: each.of.cost_usd):
        up_to += each.of.probability
        cost, mean = each.of.cost_usd, figures.best.expected_usd
        rows.append((each.name, each.of.probability, min(up_to, 1.0), cost, mean, each.short_share))
    return Filled(DISTRIBUTION, rows)


def outlook_table(figures: Figures) -> Filled:
    """A row a month: expected, least and most over the scenarios."""
    weights = [each.of.probability for each in figures.scenes]
    rows = []
    for months in zip(*(each.months for each in figures.scenes), strict=True):

        def mean(values: list[float]) -> float:
            return sum(weight * value for weight, value in zip(weights, values, strict=True))

        row: list[Any] = [months[0].month]
        for figure in ("demand", "after_limits", "committed_mw"):
            values = [float(getattr(each, figure)) for each in months]
            row += [mean(values), min(values), max(values), max(values) - min(values)]
        short = [each.shortfall for each in months]
        rows.append((*row, mean([each.served for each in months]), mean(short), max(short)))
    return Filled(OUTLOOK, rows)


def risk_table(figures: Figures) -> Filled:
    """Metric, value, unit and how it is worked out."""
    return Filled(RISK_SHEET, [*_cost_rows(figures), *_worth_rows(figures), *_service_rows(figures)])


def _cost_rows(figures: Figures) -> Iterator[tuple[Any, ...]]:
    best, currency = figures.best, figures.dataset.settings.currency
    alpha, worst, cheapest = best.measure.alpha, figures.worst, figures.cheapest
    yield "what is minimised", measure_words(best.measure), "", "by --risk and the settings risk_weight and risk_alpha"
    yield "objective", best.objective_usd, currency, "what is minimised, of these plans"
    yield "lower bound on the objective", _finite(best.bound_usd), currency, "no plan for all scenarios can be below it"
    yield "gap", _finite(best.gap), "share", "(objective - lower bound) / |objective|"
    yield "expected cost", best.expected_usd, currency, "sum of probability x net present cost"
    yield "standard deviation", figures.std_usd, currency, "root of the sum of probability x (cost - expected cost)²"
    words = f"mean cost of the worst {100 * (1 - alpha):.3g} % of the probability; at 0 % the worst cost"
    yield f"CVaR at {alpha:g}", best.cvar_usd(alpha), currency, words
    yield "worst cost", worst.of.cost_usd, currency, f"of scenario {worst.name}"
    yield "least cost", cheapest.of.cost_usd, currency, f"of scenario {cheapest.name}"
    regrets = {each.name: each.regret_usd for each in figures.scenes if each.regret_usd is not None}
    if len(regrets) == len(figures.scenes):
        name = max(regrets, key=lambda each: regrets[each] or 0.0)
        words = f"of scenario {name}: its cost less what it would cost if it were certain"
        yield "worst regret", regrets[name], currency, words


def _worth_rows(figures: Figures) -> Iterator[tuple[Any, ...]]:
    best, currency = figures.best, figures.dataset.settings.currency
    information, mean = best.evpi(), best.eev_usd
    if information is None:
        how = "a scenario was not solved by itself in the time"
        yield "value of perfect information", "not known", "", how
    else:
        how = "objective of the scenarios each solved as if it were certain"
        yield "wait and see", best.objective_usd - (information.usd), currency, how
        how = "objective - wait and see; what knowing the scenario beforehand would be worth at most"
        yield "value of perfect information", information.usd, currency, how
        yield "value of perfect information, at least", information.least_usd, currency, "by the bounds proven"
        yield "value of perfect information, at most", _finite(information.most_usd), currency, "by the bounds proven"
    solution = best.vss()
    if solution is None or mean is None:
        how = "the plan for the expected values was not found, or not tried in all scenarios, in the time"
        yield "value of the stochastic solution", "not known", "", how
    elif math.isinf(mean):
        how = "the first decisions of the plan for the expected values admit no plan in some scenario"
        yield "value of the stochastic solution", "beyond measure", "", how
    else:
        how = "objective with the first decisions of the plan for the expected values, the later ones at their best"
        yield "expected-value plan", mean, currency, how
        how = "expected-value plan - objective; what planning for all scenarios saves"
        yield "value of the stochastic solution", solution.usd, currency, how
        yield "value of the stochastic solution, at least", solution.least_usd, currency, "by the bounds proven"
        yield "value of the stochastic solution, at most", _finite(solution.most_usd), currency, "by the bounds proven"


def _service_rows(figures: Figures) -> Iterator[tuple[Any, ...]]:
    yield "expected shortfall", figures.mean("shortfall_bn"), "bn tokens", "sum of probability x tokens short"
    how = "probability of the scenarios in which any token falls short"
    yield "probability of any shortfall", figures.short_probability, "share", how
    for segment in figures.dataset.segments:
        shares = [(each.of.probability, each.short_by_segment.get(segment.segment, 0.0)) for each in figures.scenes]
        name = f"probability of any shortfall: {segment.segment}"
        yield name, sum(weight for weight, share in shares if share), "share", how
        how_much = "sum of probability x tokens short / tokens asked for after limits, over the horizon"
        expected = sum(weight * share for weight, share in shares)
        yield f"expected shortfall: {segment.segment}", expected, "share", how_much


def summary_rows(figures: Figures, report: RunResult) -> list[tuple[Any, ...]]:
    """Metric, value, unit: what is minimised, then expected values; costs are present values."""
    best, dataset = figures.best, figures.dataset
    currency = dataset.settings.currency
    saving = None if report.base_case_usd is None else report.base_case_usd - best.objective_usd
    most = max(0.0, best.objective_usd - best.bound_usd)
    return [
        ("plan name", report.plan_name or dataset.settings.plan_name, ""),
        ("status", report.status, ""),
        ("first month", dataset.label(0), ""),
        ("months", dataset.settings.months, "months"),
        ("scenarios", len(best.scenarios), "scenarios"),
        ("risk", best.measure.kind, ""),
        ("what is minimised", measure_words(best.measure), ""),
        ("objective", best.objective_usd, currency),
        ("lower bound on the objective", _finite(best.bound_usd), currency),
        ("gap", _finite(best.gap), "share"),
        ("most that any other plan could save", _finite(most), currency),
        ("base case, signing nothing new", report.base_case_usd, currency),
        ("saving against the base case", saving, currency),
        ("net present cost, expected", best.expected_usd, currency),
        *((f"cost, expected: {category}", usd, currency) for category, usd in best.costs_usd().items()),
        ("cost of risk: objective less expected cost", best.objective_usd - best.expected_usd, currency),
        ("demand, expected", figures.mean("demand_bn"), "bn tokens"),
        ("demand after limits, expected", figures.mean("after_limits_bn"), "bn tokens"),
        ("served, expected", figures.mean("served_bn"), "bn tokens"),
        ("shortfall, expected", figures.mean("shortfall_bn"), "bn tokens"),
        ("peak committed power, expected", figures.mean("peak_mw"), "MW"),
        ("audit", "not audited" if report.audit is None else "passed" if report.audit.passed else "FAILED", ""),
    ]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
