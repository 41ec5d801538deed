"""The rows of the tables of a plan workbook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from models.dataset import Dataset
from models.plan import Plan, SourceUse
from planner.input_sheet import input_rows
from planner.lock_in import lock_in
from planner.report import RunReport
from planner.write_decisions import Decision
from planner.write_months import MonthRow, by_month
from planner.write_tables import (
    ALTERNATIVE_COSTS,
    ALTERNATIVES,
    AUDIT,
    BY_PROVIDER,
    DECISIONS,
    INPUT,
    KEPT,
    LOCK_IN,
    MARGINAL_VALUES,
    MONTHLY,
    OFFERS_NOT_TAKEN,
    PLAN_TABLES,
    RUN,
    SERVICE,
    SUMMARY,
    USE,
    Table,
    TableColumn,
    value_of,
)
from planner.write_views import cash_by_provider, service, use

if TYPE_CHECKING:
    from planner.explain.marginal import MarginalValues


@dataclass(frozen=True, slots=True)
class Filled:
    """A table and its rows: values in the order of the columns, months as months t."""

    table: Table
    rows: list[tuple[Any, ...]]


def filled_tables(
    dataset: Dataset, plan: Plan, report: RunReport, decided: list[Decision], summary: list[tuple[Any, ...]]
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


def decision_table(decided: list[Decision]) -> Filled:
    """The table of decisions."""
    return Filled(DECISIONS, [_decision(each) for each in decided])


def plan_tables(plan: Plan) -> list[Filled]:
    """The tables that, with the decisions, hold the whole plan."""
    return [_rows(table, getattr(plan, table.plan_field)) for table in PLAN_TABLES]


def _rows(table: Table, rows: Iterable[Any]) -> Filled:
    values = attrgetter(*(column.attribute for column in table.columns))
    return Filled(table, [values(row) for row in sorted(rows, key=attrgetter("month"))])


def _decision(each: Decision) -> tuple[Any, ...]:
    status = "signed" if each.signed else "offer"
    return tuple(
        status if column.header == "status" else getattr(each, column.attribute) for column in DECISIONS.columns
    )


def _month(row: MonthRow) -> tuple[Any, ...]:
    return tuple(value_of(row, column.attribute) for column in MONTHLY.columns)


def _kept(report: RunReport) -> list[Filled]:
    """The sheet of what was kept only because of the price on departing; none without a plan to keep."""
    if report.kept is None:
        return []
    rows = [(each.kind, each.name, each.units_before, each.units_after, each.words) for each in report.kept.because]
    return [Filled(KEPT, rows or [("", "nothing was kept only because of the change cost", None, None, "")])]


def _alternatives(plan: Plan, report: RunReport) -> list[Filled]:
    """Sheets of alternatives; none where none were asked for, or found."""
    if not report.alternatives:
        return []
    from planner.alternatives import agreed

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
    from models.variations import offers_on_the_table
    from planner.explain.local_worth import local_worth, offer_facts

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


def audit_rows(report: RunReport) -> list[tuple[Any, ...]]:
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


def run_rows(report: RunReport) -> list[tuple[Any, ...]]:
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


NOISE = 1e-9
"""Amounts below this share of the largest beside them are rounding of the solver, not decisions."""


def without_noise(plan: Plan) -> Plan:
    """The plan with rows of rounding only left out, and accelerators next to a whole number made whole.

    Tokens are compared with the largest of their segment and region, accelerators with the largest of
    their hardware. Payments stay as they are: they add up to the objective.
    """
    tokens: dict[tuple[str, str], float] = {}
    amounts = [(row.segment, row.region, row.tokens_bn) for row in plan.serving]
    amounts += [(row.segment, row.region, row.tokens_bn) for row in plan.shortfalls]
    for segment, region, amount in amounts:
        tokens[segment, region] = max(tokens.get((segment, region), 0.0), amount)
    work: dict[str, float] = {}
    sizes = [(row.hardware, max(row.accelerators, row.overage)) for row in plan.source_use]
    sizes += [(row.hardware, row.accelerators) for row in plan.on_demand]
    for hardware, amount in sizes:
        work[hardware] = max(work.get(hardware, 0.0), amount)

    def clean(row: SourceUse) -> SourceUse:
        least = NOISE * work[row.hardware]
        accelerators, overage = (
            _whole(amount) if amount > least else 0.0 for amount in (row.accelerators, row.overage)
        )
        return replace(row, accelerators=accelerators, overage=overage)

    return replace(
        plan,
        serving=tuple(row for row in plan.serving if row.tokens_bn > NOISE * tokens[row.segment, row.region]),
        shortfalls=tuple(row for row in plan.shortfalls if row.tokens_bn > NOISE * tokens[row.segment, row.region]),
        source_use=tuple(row for row in map(clean, plan.source_use) if row.accelerators or row.overage),
        on_demand=tuple(
            replace(row, accelerators=_whole(row.accelerators))
            for row in plan.on_demand
            if row.accelerators > NOISE * work[row.hardware]
        ),
        online=tuple(replace(row, accelerators=_whole(row.accelerators)) for row in plan.online),
    )


def _whole(amount: float) -> float:
    nearest = round(amount)
    return float(nearest) if abs(amount - nearest) <= NOISE * abs(amount) else amount
