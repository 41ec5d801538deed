"""What the first sheet says in words and figures, every sentence made from the run at hand."""

from __future__ import annotations

from typing import Any

from models.dataset import Dataset
from models.plan import CATEGORIES, Plan
from planner.excel.plan_page import Banner, Tile
from planner.formatting import money, percent
from planner.reports.run_result import RunResult
from planner.results.decisions import Action, Decision
from planner.results.monthly import totals

CATEGORY_WORDS = {
    "lease": "Leases",
    "contract": "Contracts",
    "usage": "Usage charges",
    "option": "Option premiums",
    "on_demand": "On demand",
    "fleet": "Fleet running cost",
    "network": "Network",
    "revenue_forgone": "Revenue forgone by limits",
    "limit_change": "Changing limits",
    "shortfall": "Shortfall",
    "lease_out_income": "Lease-out income",
}


def banner(report: RunResult, calendar: list[Action], dataset: Dataset) -> Banner:
    """Status with its gap, the audit's verdict, and what is due first."""
    currency = dataset.settings.currency
    if report.status == "optimal":
        text, tone = f"✔ Optimal within a gap of {percent(report.gap)}", "good"
    elif report.gap is None:
        text, tone = "● Stopped early; how far this plan is from the best one is not known", "careful"
    else:
        text, tone = f"● Stopped early with a gap of {percent(report.gap)}", "careful"
    if report.objective_usd is not None and report.bound_usd is not None:
        most = max(report.objective_usd - report.bound_usd, 0.0)
        text += f": no other plan can save more than {money(most, currency)}" if most else ": no other plan costs less"
    text += ". "
    if report.audit is None:
        text, tone = text + "Not audited. ", "careful"
    elif report.audit.passed:
        looked_at = sum(1 for check in report.audit.checks if check.places)
        text += f"Audit passed: {looked_at} rule{'s' if looked_at != 1 else ''} recomputed, all kept. "
    else:
        failed = len(report.audit.failed)
        text, tone = f"✘ The audit rejects this plan: {failed} rule{'s are' if failed > 1 else ' is'} broken. ", "bad"
    return Banner(text + _first_due(calendar, dataset), tone)


def _first_due(calendar: list[Action], dataset: Dataset) -> str:
    if not calendar:
        return "Nothing new to sign."
    first = calendar[0]
    now = sum(1 for each in calendar if each.by == first.by)
    more = f", and {now - 1} more" if now > 1 else ""
    return f"Due first: {first.do} {first.decision.name} by {dataset.label(first.by)}{more}."


def tiles(report: RunResult, dataset: Dataset, plan: Plan) -> list[Tile]:
    """Cost, base case, saving, service, shortfall, power."""
    currency, figures = dataset.settings.currency, totals(dataset, plan)
    objective, base = report.objective_usd, report.base_case_usd
    cost = objective if objective is not None else plan.objective_usd
    days = sum(dataset.hours(t) for t in dataset.horizon) / 24
    unserved = figures.shortfall_bn / figures.after_limits_bn if figures.after_limits_bn else 0.0
    held_back = 1 - figures.after_limits_bn / figures.demand_bn if figures.demand_bn else 0.0
    saving: Tile
    if base is None:
        saving = Tile(f"Saving, {currency}", "–", "General", "needs the base case")
        base_tile = Tile(f"Signing nothing new, {currency}", "–", "General", "no such plan is known")
    else:
        share = f"{percent((base - cost) / base)} of it" if 0 <= base - cost <= base and base else "against it"
        saving = Tile(f"Saving, {currency}", base - cost, scaled(base - cost), share)
        base_tile = Tile(f"Signing nothing new, {currency}", base, scaled(base), "the base case")
    return [
        Tile(
            f"Net present cost, {currency}", cost, scaled(cost), f"at {percent(dataset.settings.discount_rate)} a year"
        ),
        base_tile,
        saving,
        Tile(
            "Tokens served, bn a day",
            figures.served_bn / days,
            _plain(figures.served_bn / days),
            _held_back(round(held_back, 6)) if dataset.limits else "mean of the horizon",
        ),
        Tile("Shortfall", unserved, "0.00%" if unserved else "0%", "of demand after limits"),
        Tile(
            "Peak committed power, MW",
            figures.peak_mw,
            _plain(figures.peak_mw),
            f"in {dataset.label(figures.peak_month)}",
        ),
    ]


def saving_words(report: RunResult, dataset: Dataset, plan: Plan) -> str:
    """How the saving is worked out, in a sentence with its figures."""
    currency = dataset.settings.currency
    cost = report.objective_usd if report.objective_usd is not None else plan.objective_usd
    if report.base_case_usd is None:
        return (
            "Saving = cost of the cheapest plan that signs nothing new less that of this plan; no such plan is known."
        )
    base, saving = money(report.base_case_usd, currency), money(report.base_case_usd - cost, currency)
    own = money(cost, currency) if cost >= 0.0 else f"({money(cost, currency)})"
    return (
        "Saving = net present cost of the cheapest plan that signs nothing new, less that of this plan: "
        f"{base} - {own} = {saving}."
    )


def _held_back(share: float) -> str:
    """What limits and prices do to demand; a lower price may raise it."""
    if not share:
        return "limits hold back nothing"
    return f"limits hold back {percent(share)}" if share >= 0 else f"limits and prices add {percent(-share)}"


def scaled(amount: float) -> str:
    """A number format that shows money in billions, millions or units."""
    size = abs(amount)
    if size >= 1e9:
        return '#,##0.00,,," bn";-#,##0.00,,," bn"'
    if size >= 1e6:
        return '#,##0.00,," m";-#,##0.00,," m"'
    return "#,##0;-#,##0" if size >= 100 else "#,##0.00;-#,##0.00"


def _plain(amount: float) -> str:
    return "#,##0" if amount >= 1000 or not amount else "#,##0.0" if amount >= 10 else "0.000"


def summary_rows(report: RunResult, dataset: Dataset, plan: Plan, decided: list[Decision]) -> list[tuple[Any, ...]]:
    """Metric, value, unit: the figures of the plan, money first; costs are present values and add up."""
    currency, figures = dataset.settings.currency, totals(dataset, plan)
    saving = None
    if report.base_case_usd is not None and report.objective_usd is not None:
        saving = report.base_case_usd - report.objective_usd
    most = None
    if report.bound_usd is not None and report.objective_usd is not None:
        most = max(0.0, report.objective_usd - report.bound_usd)
    costs = plan.costs_usd()
    new = [each for each in decided if not each.signed]
    return [
        ("plan name", report.plan_name or dataset.settings.plan_name, ""),
        ("status", report.status, ""),
        ("first month", dataset.label(0), ""),
        ("months", dataset.settings.months, "months"),
        ("net present cost", report.objective_usd, currency),
        ("lower bound on net present cost", report.bound_usd, currency),
        ("gap", report.gap, "share"),
        ("most that any other plan could save", most, currency),
        ("base case, signing nothing new", report.base_case_usd, currency),
        ("saving against the base case", saving, currency),
        *((f"cost: {category}", costs[category], currency) for category in CATEGORIES),
        ("cash paid", sum(each.cash_usd for each in plan.payments), currency),
        ("demand", figures.demand_bn, "bn tokens"),
        ("demand after limits", figures.after_limits_bn, "bn tokens"),
        ("served", figures.served_bn, "bn tokens"),
        ("shortfall", figures.shortfall_bn, "bn tokens"),
        ("peak committed power", figures.peak_mw, "MW"),
        ("month of peak committed power", dataset.label(figures.peak_month), ""),
        ("new signings", sum(each.kind != "option" for each in new), "decisions"),
        ("options bought", sum(each.kind == "option" for each in new), "decisions"),
        ("audit", "not audited" if report.audit is None else "passed" if report.audit.passed else "FAILED", ""),
    ]
