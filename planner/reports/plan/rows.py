"""The rows of the tables of a plan workbook."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from models.estimate import Estimate
from models.plan import categories
from models.supply.registry import offers_on_the_table
from planner.analysis.alternatives import common_decisions, decided_by_each
from planner.analysis.offer_values import local_worth, offer_facts
from planner.reports.plan.text import against_base_case, contract_figures, horizon_end_rows
from planner.reports.run_result import RunResult
from planner.results.assumptions import assumptions
from planner.results.period_tables import CASH, POWER, PROFIT, PROFIT_BY_QUARTER, QUARTERS, RESILIENCE, UNIT_COSTS
from planner.results.plan_figures import PlanFigures
from planner.results.plan_tables import (
    ALTERNATIVE_COSTS,
    ALTERNATIVES,
    AUDIT,
    BILLS,
    BY_PROVIDER,
    INPUT,
    KEPT,
    LOCK_IN,
    MARGINAL_VALUES,
    MONTHLY,
    OFFERS_NOT_TAKEN,
    RUN,
    SERVICE,
    SUMMARY,
    USE,
    decision_table,
    plan_tables,
)
from planner.results.profit import quarter_label
from planner.results.tables import Filled, Percent, Table, TableColumn, rows_by_month

if TYPE_CHECKING:
    from planner.analysis.marginal_values import MarginalValues


def filled_tables(result: RunResult) -> list[Filled]:
    """Every sheet after the first, in order, its rows by month."""
    figures = result.plan_set.only
    own = {each.table.sheet: each for each in tables_of_plan(figures)}
    return [
        Filled(SUMMARY, summary_rows(result, figures)),
        own["Decisions"],
        *([result.bridge.table] if result.bridge else []),
        *kept_rows(result),
        *alternative_tables(result),
        *tried_table(result),
        *(own[sheet] for sheet in ("Capacity", "Service", "Limits", "Spend", "Bills", "Use", "Monthly")),
        _by_provider(figures),
        own["Lock-in"],
        own[PROFIT.sheet],
        own[PROFIT_BY_QUARTER.sheet],
        own[QUARTERS.sheet],
        own[UNIT_COSTS.sheet],
        own[POWER.sheet],
        *([own[CASH.sheet]] if CASH.sheet in own else []),
        *([own[RESILIENCE.sheet]] if RESILIENCE.sheet in own else []),
        *marginal_tables(result.marginal),
        *_offers_not_taken(result, figures),
        assumptions(figures.dataset, result.sources),
        Filled(AUDIT, audit_rows(result)),
        Filled(RUN, run_rows(result)),
        *(own[sheet] for sheet in ("Serving", "Shortfall", "Source use", "On demand")),
        Filled(INPUT, result.input_rows),
    ]


def summary_rows(result: RunResult, figures: PlanFigures) -> list[tuple[Any, ...]]:
    """Metric, value, unit: the figures of the plan, money first; costs are present values and add up."""
    dataset, totals, currency = figures.dataset, figures.totals, result.currency
    costs = figures.costs_usd
    new = [each for each in figures.decisions if not each.signed]
    return [
        ("plan name", result.plan_name, ""),
        ("status", result.status, ""),
        ("first month", dataset.label(0), ""),
        ("months", dataset.settings.months, "months"),
        ("net present cost", result.objective_usd, currency),
        ("lower bound on net present cost", result.bound_usd, currency),
        ("gap", result.gap, "share"),
        ("most that any other plan could save", result.possible_saving_usd, currency),
        *against_base_case(result),
        *((f"cost: {category}", costs[category], currency) for category in categories()),
        *horizon_end_rows(result),
        *((name, usd, currency) for name, usd in contract_figures(result).items()),
        ("cash paid", sum(each.cash_usd for each in figures.by("horizon")), currency),
        ("demand", totals.demand_bn, "bn tokens"),
        ("demand after limits", totals.after_limits_bn, "bn tokens"),
        ("served", totals.served_bn, "bn tokens"),
        ("shortfall", totals.shortfall_bn, "bn tokens"),
        ("peak committed power", totals.peak_mw, "MW"),
        ("month of peak committed power", dataset.label(totals.peak_month), ""),
        ("new signings", sum(each.kind.counted for each in new), "decisions"),
        ("options bought", sum(not each.kind.counted for each in new), "decisions"),
        ("audit", "not audited" if result.audit is None else "passed" if result.audit.passed else "FAILED", ""),
    ]


def tables_of_plan(figures: PlanFigures) -> list[Filled]:
    """The tables that a plan alone fills, in the order of the sheets."""
    own = {each.table.sheet: each for each in plan_tables(figures.plan)}
    return [
        decision_table(figures.decisions),
        own["Capacity"],
        rows_by_month(SERVICE, figures.service),
        own["Limits"],
        own["Spend"],
        rows_by_month(BILLS, figures.bills),
        rows_by_month(USE, figures.use),
        rows_by_month(MONTHLY, figures.months),
        rows_by_month(LOCK_IN, figures.lock_in),
        rows_by_month(PROFIT, figures.profit),
        _by_quarter(figures, PROFIT_BY_QUARTER, figures.profit_by_quarter),
        _by_quarter(figures, QUARTERS, figures.by("quarter")),
        rows_by_month(UNIT_COSTS, figures.unit_costs),
        rows_by_month(POWER, figures.power),
        *([rows_by_month(CASH, figures.cash_account)] if figures.cash_account else []),
        *([rows_by_month(RESILIENCE, figures.resilience)] if figures.resilience else []),
        *(own[sheet] for sheet in ("Serving", "Shortfall", "Source use", "On demand")),
    ]


def _by_quarter(figures: PlanFigures, table: Table, rows: Iterable[Any]) -> Filled:
    """A table whose rows name their quarter by its first month."""
    filled = rows_by_month(table, rows).rows
    return Filled(table, [(quarter_label(figures.dataset, t), *values) for t, *values in filled])


def kept_rows(result: RunResult) -> list[Filled]:
    """The sheet of what was kept only because of the price on departing; none without a plan to keep."""
    if result.kept is None:
        return []
    kept = result.kept.because
    rows = [(each.kind.name, each.name, each.units_before, each.units_after, each.words) for each in kept]
    return [Filled(KEPT, rows or [("", "nothing was kept only because of the change cost", None, None, "")])]


def tried_table(result: RunResult) -> list[Filled]:
    """The sheet of what the plan came to on samples; none where it was not tried."""
    return [] if result.tried is None else [result.tried.table(result.currency)]


def alternative_tables(result: RunResult) -> list[Filled]:
    """Sheets of alternatives, and why there are fewer than were asked for; none where none were asked for."""
    searched = result.alternatives_found
    if searched is None:
        return []
    best_usd, plans = result.plan_set.solution.objective_usd, decided_by_each(result.plan_set, result.alternatives)
    rows = [
        (
            each.kind.name,
            each.name,
            each.month,
            "all agree" if each.all_agree else "they differ",
            each.units[0],
            each.in_all,
            max(each.units),
            sum(1 for units in each.units if units),
            len(plans),
            " / ".join(map(str, each.units)),
        )
        for each in common_decisions(plans)
    ]
    costs: list[tuple[Any, ...]] = [
        (
            number,
            each.cost_usd,
            each.cost_usd - best_usd,
            each.extra_share(best_usd),
            each.distance_mw,
            each.furthest,
            each.cheapest,
            "; ".join(each.words),
        )
        for number, each in enumerate(result.alternatives, start=1)
    ]
    if searched.words:
        costs.append((len(costs) + 1, None, None, None, None, None, None, searched.words))
    return [*([Filled(ALTERNATIVES, rows)] if searched.plans else []), Filled(ALTERNATIVE_COSTS, costs)]


def _offers_not_taken(result: RunResult, figures: PlanFigures) -> list[Filled]:
    """The sheet of offers that nothing is signed of; none where marginal values are not known, or all are signed."""
    if result.marginal is None:
        return []
    values, dataset = result.marginal.capacity_usd(), figures.dataset
    rows: list[tuple[Any, ...]] = []
    signed = {each.offer for each in figures.plan.chosen}
    for offer in (each for each in offers_on_the_table(dataset) if each not in signed):
        facts, local = offer_facts(dataset, offer), local_worth(dataset, values, offer)
        price = facts.price, facts.price_unit
        place = offer.name, offer.kind.name, facts.provider, facts.region, facts.mw_per_unit, *price
        if local is None and not offer.kind.signing_months(dataset, offer.row(dataset)):
            none = (None,) * 6
            rows.append((*place, *none, Estimate.unknown().known_by, "cannot be signed in this horizon"))
            continue
        extra = Estimate(0.0, None, "bound")  # with an offer forced in, less is allowed
        if local is None:
            worth_usd, cost_usd = None, None
            words = "it brings no accelerators: marginal values do not tell whether it pays; `planner explain`"
        else:
            worth_usd, cost_usd = local.worth_usd, local.cost_usd
            is_worth = "is worth more" if local.margin_usd > 0.0 else "is not known to be worth more"
            words = (
                f"at the plan's marginal values a small part of a unit {is_worth} than it costs; "
                "whether a whole unit pays is not known: `planner explain`"
            )
        known = extra.at_least, extra.at_most, None, None, extra.known_by
        rows.append((*place, worth_usd, cost_usd, *known, f"{words} solves with it signed"))
    return [Filled(OFFERS_NOT_TAKEN, rows)] if rows else []


def marginal_tables(marginal: MarginalValues | None) -> list[Filled]:
    """The sheet of marginal values, month by month; none where they are not known."""
    return [] if marginal is None else [Filled(MARGINAL_VALUES, marginal_rows(marginal))]


def marginal_rows(marginal: MarginalValues) -> list[tuple[Any, ...]]:
    """The rows of that sheet."""
    rows: list[tuple[Any, ...]] = []
    for token in marginal.tokens:
        rates = token.usd_per_mtok, token.left_usd_per_mtok
        place: tuple[Any, ...] = (token.month, "tokens", token.segment, None, None)
        rows.append((*place, token.usd, token.left_usd, "bn tokens/day more", *rates, "Mtok"))
    for power in marginal.capacity:
        hourly = power.usd_per_accelerator_hour, power.left_usd_per_accelerator_hour
        place = power.month, "power", None, power.region, power.hardware
        rows.append((*place, power.usd, power.left_usd, "accelerator online more", *hourly, "accelerator-hour"))
    for cap in marginal.caps:
        place = cap.month, "cap", cap.cap, None, None
        rows.append((*place, cap.usd, cap.left_usd, f"{cap.unit} of slack", None, None, None))
    return sorted(rows, key=lambda row: row[0])


def _by_provider(figures: PlanFigures) -> Filled:
    """Cash by month, a column for each provider."""
    paid = figures.cash_by_provider
    names = [TableColumn(f"{provider} usd", "money", provider) for provider in paid]
    table = Table(BY_PROVIDER, "cash paid by month to each provider", (TableColumn("month", "month", "month"), *names))
    return Filled(table, [(t, *(row[t] for row in paid.values())) for t in figures.dataset.horizon])


def audit_rows(result: RunResult) -> list[tuple[Any, ...]]:
    """A row for each rule that the audit checked."""
    checks = result.audit.checks if result.audit else ()
    return [
        (
            each.rule,
            each.what,
            "not in this plan" if each.passed and not each.places else "passed" if each.passed else "FAILED",
            each.places,
            each.failed,
            each.where,
            each.found,
            each.limit,
            each.violation,
        )
        for each in checks
    ]


LOG_LINES = 60
"""Lines of the solver's log that are kept, from its end."""


def run_rows(result: RunResult) -> list[tuple[Any, ...]]:
    """What one run did: section, key, value and where an option's value came from."""
    rows: list[tuple[Any, ...]] = [
        ("run", "plan_name", result.plan_name, ""),
        ("run", "status", result.status, ""),
        ("run", "objective_usd", result.objective_usd, ""),
        ("run", "bound_usd", result.bound_usd, ""),
        ("run", "gap", None if result.gap is None else Percent(result.gap), ""),
        ("run", "input_path", result.input_path, ""),
        ("run", "input_sha256", result.input_sha256, ""),
        *([("run", "cases_sha256", result.cases_sha256, "")] if result.cases_sha256 else []),
        ("run", "plan_path", result.plan_path, ""),
        ("version", "planner", result.planner_version, ""),
    ]
    rows += [("version", name, version, "") for name, version in result.versions.items()]
    rows += [
        ("option", name, _plain(value), result.option_sources.get(name, "")) for name, value in result.options.items()
    ]
    if result.model:
        sizes = ("rows", "columns", "integers", "nonzeros")
        rows += [("model", name, getattr(result.model, name), "") for name in sizes]
    rows += [("seconds", name, value, "") for name, value in result.seconds.items()]
    rows += [("warning", str(i), each.text, each.name) for i, each in enumerate(result.warnings, start=1)]
    rows += [("solver log", str(i), line, "") for i, line in enumerate(result.solver_log[-LOG_LINES:], start=1)]
    return rows


def _plain(value: object) -> object:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return "; ".join(str(each) for each in value)
    return value if isinstance(value, (int, float)) else str(value)
