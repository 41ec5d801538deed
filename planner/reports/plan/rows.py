"""The rows of the tables of a plan workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.dataset import Dataset
from models.plan import Plan
from planner.reports.run_result import RunResult
from planner.results.decisions import Decision
from planner.results.input_rows import input_rows
from planner.results.lock_in import lock_in
from planner.results.monthly import MonthRow, by_month
from planner.results.tables import (
    ALTERNATIVE_COSTS,
    ALTERNATIVES,
    AUDIT,
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
    Filled,
    Table,
    TableColumn,
    _month,
    _rows,
    decision_table,
    plan_tables,
)
from planner.results.views import cash_by_provider, service, use

if TYPE_CHECKING:
    from planner.analysis.marginal_values import MarginalValues


def filled_tables(
    dataset: Dataset, plan: Plan, report: RunResult, decided: list[Decision], summary: list[tuple[Any, ...]]
) -> list[Filled]:
    """Every sheet after the first, in order, its rows by month."""
    own = {each.table.sheet: each for each in tables_of_plan(dataset, plan, decided, by_month(dataset, plan))}
    return [
        Filled(SUMMARY, summary),
        own["Decisions"],
        *_kept(report),
        *_alternatives(plan, report),
        *(own[sheet] for sheet in ("Capacity", "Service", "Limits", "Spend", "Use", "Monthly")),
        _by_provider(dataset, plan),
        own["Lock-in"],
        *marginal_tables(report.marginal),
        *_offers_not_taken(dataset, plan, report.marginal),
        Filled(AUDIT, audit_rows(report)),
        Filled(RUN, run_rows(report)),
        *(own[sheet] for sheet in ("Serving", "Shortfall", "Source use", "On demand")),
        Filled(INPUT, input_rows(dataset)),
    ]


def tables_of_plan(dataset: Dataset, plan: Plan, decided: list[Decision], months: list[MonthRow]) -> list[Filled]:
    """The tables that a plan alone fills, in the order of the sheets; `months` are the rows of `by_month`."""
    own = {each.table.sheet: each for each in plan_tables(plan)}
    return [
        decision_table(decided),
        own["Capacity"],
        _rows(SERVICE, service(dataset, plan)),
        own["Limits"],
        own["Spend"],
        _rows(USE, use(dataset, plan)),
        Filled(MONTHLY, [_month(row) for row in months]),
        _rows(LOCK_IN, lock_in(dataset, plan)),
        *(own[sheet] for sheet in ("Serving", "Shortfall", "Source use", "On demand")),
    ]


def _kept(report: RunResult) -> list[Filled]:
    """The sheet of what was kept only because of the price on departing; none without a plan to keep."""
    if report.kept is None:
        return []
    rows = [(each.kind, each.name, each.units_before, each.units_after, each.words) for each in report.kept.because]
    return [Filled(KEPT, rows or [("", "nothing was kept only because of the change cost", None, None, "")])]


def _alternatives(plan: Plan, report: RunResult) -> list[Filled]:
    """Sheets of alternatives; none where none were asked for, or found."""
    if not report.alternatives:
        return []
    from planner.analysis.alternatives import agreed

    plans = (plan, *(each.plan for each in report.alternatives))
    rows = [
        (
            each.kind,
            each.name,
            each.month,
            "all agree" if each.all_agree else "they differ",
            each.units[0],
            min(each.units),
            max(each.units),
            sum(1 for units in each.units if units),
            len(plans),
            " / ".join(map(str, each.units)),
        )
        for each in agreed(plans)
    ]
    costs = [
        (
            number,
            each.cost_usd,
            each.cost_usd - plan.objective_usd,
            (each.cost_usd - plan.objective_usd) / abs(plan.objective_usd or 1.0),
            each.apart_mw,
            each.furthest,
            "; ".join(each.words),
        )
        for number, each in enumerate(report.alternatives, start=1)
    ]
    return [Filled(ALTERNATIVES, rows), Filled(ALTERNATIVE_COSTS, costs)]


def _offers_not_taken(dataset: Dataset, plan: Plan, marginal: MarginalValues | None) -> list[Filled]:
    """The sheet of offers that nothing is signed of; none where marginal values are not known, or all are taken."""
    if marginal is None:
        return []
    from models.dataset import offers_on_the_table
    from planner.analysis.offer_values import local_worth, offer_facts

    values = marginal.capacity_usd()
    rows: list[tuple[Any, ...]] = []
    taken = {each.name for each in plan.signings if not each.signed}
    for name in offers_on_the_table(dataset):
        if name in taken:
            continue
        facts, local = offer_facts(dataset, name), local_worth(dataset, values, name)
        place = facts.name, facts.kind, facts.provider, facts.region, facts.mw_per_unit, facts.price, facts.price_unit
        if local is None:
            rows.append((*place, None, None, "cannot be signed in this horizon"))
            continue
        words = "worth less than it costs at the plan's marginal values"
        if local.margin_usd > 0.0:
            words = "worth its cost for a little of it; a whole unit is too big, or a rule, cap or option bars it"
        rows.append((*place, local.worth_usd, local.cost_usd, f"{words}; planner explain solves with it forced in"))
    return [Filled(OFFERS_NOT_TAKEN, rows)] if rows else []


def marginal_tables(marginal: MarginalValues | None) -> list[Filled]:
    """The sheet of marginal values, month by month; none where they are not known."""
    if marginal is None:
        return []
    rows: list[tuple[Any, ...]] = [
        (each.month, "tokens", each.segment, None, None, each.usd, "bn tokens/day more", each.usd_per_mtok, "Mtok")
        for each in marginal.tokens
    ]
    rows += [
        (each.month, "power", None, each.region, each.hardware, each.usd, "MW more", hourly, "accelerator-hour")
        for each in marginal.capacity
        for hourly in (each.usd_per_accelerator_hour,)
    ]
    rows += [
        (each.month, "cap", each.cap, None, None, each.usd, f"{each.unit} of slack", None, None)
        for each in marginal.caps
    ]
    return [Filled(MARGINAL_VALUES, sorted(rows, key=lambda row: row[0]))]


def _by_provider(dataset: Dataset, plan: Plan) -> Filled:
    """Cash by month, a column for each provider."""
    paid = cash_by_provider(dataset, plan)
    names = [TableColumn(f"{provider} usd", "money", provider) for provider in paid]
    table = Table(BY_PROVIDER, "cash paid by month to each provider", (TableColumn("month", "month", "month"), *names))
    return Filled(table, [(t, *(row[t] for row in paid.values())) for t in dataset.horizon])


def audit_rows(report: RunResult) -> list[tuple[Any, ...]]:
    """A row for each rule the audit looked at."""
    checks = report.audit.checks if report.audit else ()
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


def run_rows(report: RunResult) -> list[tuple[Any, ...]]:
    """What one run did: section, key, value and where an option's value came from."""
    rows: list[tuple[Any, ...]] = [
        ("run", "plan_name", report.plan_name, ""),
        ("run", "status", report.status, ""),
        ("run", "objective_usd", report.objective_usd, ""),
        ("run", "bound_usd", report.bound_usd, ""),
        ("run", "gap", report.gap, ""),
        ("run", "input_path", report.input_path, ""),
        ("run", "input_sha256", report.input_sha256, ""),
        ("run", "plan_path", report.plan_path, ""),
        ("version", "planner", report.planner_version, ""),
    ]
    rows += [("version", name, version, "") for name, version in report.versions.items()]
    rows += [
        ("option", name, _plain(value), report.option_sources.get(name, "")) for name, value in report.options.items()
    ]
    if report.model:
        sizes = ("rows", "columns", "integers", "nonzeros")
        rows += [("model", name, getattr(report.model, name), "") for name in sizes]
    rows += [("seconds", name, value, "") for name, value in report.seconds.items()]
    rows += [("warning", str(i), text, "") for i, text in enumerate(report.warnings, start=1)]
    rows += [("solver log", str(i), line, "") for i, line in enumerate(report.solver_log[-LOG_LINES:], start=1)]
    return rows


def _plain(value: object) -> object:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return "; ".join(str(each) for each in value)
    return value if isinstance(value, (int, float)) else str(value)
