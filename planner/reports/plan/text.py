"""The sentences and tiles of the first sheet, and the rows of the summary."""

from __future__ import annotations

from typing import Any

from models.kinds import FLEET, ON_DEMAND, OPTION
from models.plan import CATEGORIES
from models.supply.registry import KINDS
from planner.excel.first_sheet import Banner, Tile, Tone
from planner.formatting import money, percent
from planner.reports.run_result import RunResult
from planner.results.plan_figures import PlanFigures

CATEGORY_WORDS = {
    **{kind.category: kind.label for kind in KINDS},
    **{kind.name: kind.label for kind in (FLEET, ON_DEMAND, OPTION)},
    "usage": "Usage charges",
    "network": "Network",
    "revenue_forgone": "Revenue forgone by limits",
    "limit_change": "Changing limits",
    "shortfall": "Shortfall",
}


def banner(result: RunResult, figures: PlanFigures) -> Banner:
    """Status with its gap, the audit's verdict, and what is due first."""
    return verdict(result, "no other plan", _first_due(figures))


def verdict(result: RunResult, no_other: str, due: str, audited: str = "") -> Banner:
    """How the search ended and the audit went, and what is due.

    `no_other` names the plans that the bound speaks of, `audited` says where the audit looked.
    """
    tone: Tone
    gap, most = f"gap of {percent(result.gap)}", result.possible_saving_usd
    if most is not None:
        gap += f": {no_other} can save more than {money(most, result.currency)}" if most else f": {no_other} costs less"
    if result.status == "optimal":
        text, tone = f"✔ Optimal within a {gap}. ", "good"
    elif result.gap is None:
        text, tone = "● Stopped early; how far this plan is from the best one is not known. ", "careful"
    else:
        text, tone = f"● Stopped early with a {gap}. ", "careful"
    if result.audit is None:
        text, tone = text + "Not audited. ", "careful"
    elif result.audit.passed:
        checked = sum(1 for check in result.audit.checks if check.places)
        text += f"Audit passed{audited}: {checked} rule{'s' if checked != 1 else ''} recomputed, all kept. "
    else:
        failed = len(result.audit.failed)
        text, tone = f"✘ The audit rejects this plan: {failed} rule{'s are' if failed > 1 else ' is'} broken. ", "bad"
    return Banner(text + due, tone)


def _first_due(figures: PlanFigures) -> str:
    calendar = figures.actions
    if not calendar:
        return "Nothing new to sign."
    first = calendar[0]
    now = sum(1 for each in calendar if each.by == first.by)
    more = f", and {now - 1} more" if now > 1 else ""
    return f"Due first: {first.do} {first.decision.name} by {figures.dataset.label(first.by)}{more}."


def tiles(result: RunResult, figures: PlanFigures) -> list[Tile]:
    """Cost, base case, saving, service, shortfall, power."""
    dataset, totals, currency = figures.dataset, figures.totals, result.currency
    cost = result.objective_usd if result.objective_usd is not None else figures.plan.objective_usd
    days = sum(dataset.hours(t) for t in dataset.horizon) / 24
    unserved = totals.shortfall_bn / totals.after_limits_bn if totals.after_limits_bn else 0.0
    held_back = 1 - totals.after_limits_bn / totals.demand_bn if totals.demand_bn else 0.0
    base, served = result.base_case_usd, totals.served_bn / days
    base_tile = Tile(f"Signing nothing new, {currency}", "–", "General", "no such plan is known")
    if base is not None:
        base_tile = money_tile("Signing nothing new", base, "the base case", currency)
    return [
        money_tile("Net present cost", cost, f"at {percent(dataset.settings.discount_rate)} a year", currency),
        base_tile,
        saving_tile(base, cost, currency),
        Tile(
            "Tokens served, bn a day",
            served,
            _plain(served),
            _held_back(round(held_back, 6)) if dataset.limits else "mean of the horizon",
        ),
        Tile("Shortfall", unserved, "0.00%" if unserved else "0%", "of demand after limits"),
        Tile(
            "Peak committed power, MW", totals.peak_mw, _plain(totals.peak_mw), f"in {dataset.label(totals.peak_month)}"
        ),
    ]


def money_tile(label: str, usd: float, below: str, currency: str) -> Tile:
    """A tile of an amount of money."""
    return Tile(f"{label}, {currency}", usd, scaled(usd), below)


def saving_tile(base_usd: float | None, cost_usd: float, currency: str) -> Tile:
    """The tile of what a plan saves against the base case."""
    if base_usd is None:
        return Tile(f"Saving, {currency}", "–", "General", "needs the base case")
    saving = base_usd - cost_usd
    share = f"{percent(saving / base_usd)} of the base case" if 0 <= saving <= base_usd and base_usd else "in total"
    return money_tile("Saving", saving, share, currency)


def saving_words(result: RunResult, measure: str, cost_usd: float) -> str:
    """How the saving is worked out, in a sentence with its figures; `measure` is what is compared."""
    plan = f"Saving = {measure} of the cheapest plan that signs nothing new, minus that of this plan"
    if result.base_case_usd is None:
        return f"{plan}; no such plan is known."
    base, saving = (money(usd, result.currency) for usd in (result.base_case_usd, result.base_case_usd - cost_usd))
    own = money(cost_usd, result.currency)
    return f"{plan}: {base} - {own if cost_usd >= 0.0 else f'({own})'} = {saving}."


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
        ("base case, signing nothing new", result.base_case_usd, currency),
        ("saving against the base case", result.saving_usd, currency),
        *((f"cost: {category}", costs[category], currency) for category in CATEGORIES),
        ("cash paid", sum(each.cash_usd for each in figures.plan.payments), currency),
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
