"""Scenarios, risk and what knowing more is worth, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from models import months
from models.dataset import Dataset
from models.schema import ScenarioFactor
from models.stochastic.risk import TILT, Measure
from models.stochastic.solution import BoundedValue, StochasticSolution
from planner.excel.plan_page import Banner, Tile
from planner.formatting import money, percent
from planner.reports.plan.text import scaled
from planner.reports.run_result import RunResult
from planner.reports.scenarios.decision_tree import Node
from planner.reports.scenarios.decisions import SET_LIMIT, Common
from planner.reports.scenarios.figures import Figures

EVERYTHING = "*"
MULTIPLIED = {
    "demand": ("demand of {}", "all demand"),
    "throughput": ("tokens a second of {}", "tokens a second of everything"),
    "on_demand_price": ("on-demand price of {}", "all on-demand prices"),
    "on_demand_cap": ("on-demand cap of {}", "all on-demand caps"),
    "price": ("price of {}", "the prices of all offers"),
    "delivered_share": ("what arrives of {}", "what arrives of every offer"),
}
"""What is multiplied, in words: of one name, and of all."""


def factor_words(dataset: Dataset, scenario: str) -> str:
    """What the factors of a scenario say, in the order of the sheet.

    >>> from models.schema import Settings
    >>> row = ScenarioFactor(scenario="late", quantity="delivery_delay_months", name="*", value=6.0)
    >>> factor_words(Dataset(Settings(first_month=0, months=1), scenario_factors=(row,)), "late")
    'all deliveries 6 months later'
    """
    rows = [each for each in dataset.scenario_factors if each.scenario == scenario]
    return "; ".join(map(_factor, rows)) or "the plain figures"


def _factor(row: ScenarioFactor) -> str:
    every = row.name == EVERYTHING
    since = "" if row.from_month is None else f" from {months.label(row.from_month)}"
    if row.quantity == "demand_growth":
        return f"growth of {'all demand' if every else row.name} {100 * row.value:+.3g} points a month{since}"
    if row.quantity == "delivery_delay_months":
        name = "all deliveries" if every else row.name
        return f"{name} {row.value:g} month{'s' if row.value != 1 else ''} later{since}"
    if row.quantity == "supplier_exit":
        return f"{'every supplier' if every else row.name} gone{since or ' from the first month'}"
    of_one, of_all = MULTIPLIED[row.quantity]
    return f"{of_all if every else of_one.format(row.name)} × {row.value:g}{since}"


def measure_words(measure: Measure) -> str:
    """What is minimised."""
    tilted = f" ({percent(TILT)} of it the expected cost, to choose among equals)"
    if measure.kind == "worst":
        return f"the cost of the worst scenario{tilted}"
    if measure.kind == "regret":
        return f"the worst regret, what a scenario costs more than if it were certain{tilted}"
    if measure.weight:
        rest = percent(1.0 - measure.weight)
        tail = percent(1.0 - measure.alpha)
        return f"{rest} of the expected cost and {percent(measure.weight)} of its mean over the worst {tail}"
    return "the expected cost"


def worth_words(worth: BoundedValue | None, currency: str) -> str:
    """An amount with its bounds."""
    if worth is None:
        return "not known"
    if math.isinf(worth.usd):
        return "beyond measure: the plan for the expected values fails in a scenario"
    between = "" if math.isinf(worth.most_usd) else f" to {money(worth.most_usd, currency)}"
    close = worth.most_usd - worth.least_usd <= 1e-4 * max(abs(worth.usd), 1.0)
    return money(worth.usd, currency) + ("" if close else f" (proven: {money(worth.least_usd, currency)}{between})")


def banner(report: RunResult, best: StochasticSolution, now: Sequence[Common], dataset: Dataset) -> Banner:
    """Status with its gap in percent and money, the audit's verdict, and what is due first."""
    currency = dataset.settings.currency
    most = money(max(best.objective_usd - best.bound_usd, 0.0), currency)
    gap = "gap that is not known"
    if math.isfinite(best.bound_usd):
        gap = f"gap of {percent(best.gap)}: no other plan for all scenarios can save more than {most}"
    if report.status == "optimal":
        text, tone = f"✔ Optimal within a {gap}. ", "good"
    else:
        text, tone = f"● Stopped early with a {gap}. ", "careful"
    if report.audit is None:
        text, tone = text + "Not audited. ", "careful"
    elif report.audit.passed:
        looked_at = sum(1 for check in report.audit.checks if check.places)
        text += f"Audit passed in all {len(best.scenarios)} scenarios: {looked_at} rules recomputed, all kept. "
    else:
        failed = len(report.audit.failed)
        text, tone = f"✘ The audit rejects this plan: {failed} rule{'s are' if failed > 1 else ' is'} broken. ", "bad"
    signed = [each for each in now if each.what.kind != "limit"]
    if not signed:
        return Banner(text + "Nothing to sign now.", tone)
    first = signed[0].what
    also = sum(1 for each in signed if each.what.month == first.month) - 1
    more = f", and {also} more" if also else ""
    return Banner(f"{text}Due first: {first.do} {first.name} by {dataset.label(first.month)}{more}.", tone)


def tiles(report: RunResult, figures: Figures) -> list[Tile]:
    """Expected cost, worst scenario, CVaR, the two worths, saving."""
    best, settings = figures.best, figures.dataset.settings
    currency, alpha = settings.currency, best.measure.alpha
    tail, worst = best.cvar_usd(alpha), figures.worst
    spread = f"standard deviation {money(figures.std_usd, '').strip()}"
    return [
        _tile("Expected net present cost", best.expected_usd, spread, currency),
        _tile("Worst scenario", worst.of.cost_usd, f"{worst.name}, {percent(worst.of.probability)}", currency),
        _tile(f"CVaR, worst {percent(1.0 - alpha)}", tail, "mean cost of those cases", currency),
        _worth("Perfect information (EVPI)", best.evpi()),
        _worth("Stochastic solution (VSS)", best.vss()),
        _saving(report, best.objective_usd, currency),
    ]


def _tile(label: str, value: float, below: str, currency: str) -> Tile:
    return Tile(f"{label}, {currency}", value, scaled(value), below)


def _worth(label: str, worth: BoundedValue | None) -> Tile:
    if worth is None:
        return Tile(label, "–", "General", "not found out in time")
    if math.isinf(worth.usd):
        return Tile(label, "∞", "General", "the mean's plan fails")
    below = "proven"
    if worth.most_usd - worth.least_usd > 1e-4 * max(abs(worth.usd), 1.0):
        low, high = (money(each, "").strip() for each in (worth.least_usd, worth.most_usd))
        below = f"at least {low}" if math.isinf(worth.most_usd) else f"proven: {low} to {high}"
    return Tile(label, worth.usd, scaled(worth.usd), below)


def _saving(report: RunResult, objective: float, currency: str) -> Tile:
    base = report.base_case_usd
    if base is None:
        return Tile(f"Saving, {currency}", "–", "General", "needs the base case")
    share = f"{percent((base - objective) / base)} of signing nothing" if base > 0 else "against signing nothing"
    return _tile("Saving", base - objective, share, currency)


def notes(report: RunResult, figures: Figures) -> list[str]:
    """How to read the tiles, in a sentence each."""
    best, currency = figures.best, figures.dataset.settings.currency
    count = len(best.scenarios)
    said = [f"Minimised over {count} scenarios: {measure_words(best.measure)}."]
    said.append(
        "EVPI: the most that knowing the scenario today could save. VSS: what planning for all scenarios saves over "
        "planning for their expected values."
    )
    if report.base_case_usd is not None:
        base, own = money(report.base_case_usd, currency), money(best.objective_usd, currency)
        saved = money(report.base_case_usd - best.objective_usd, currency)
        said.append(
            f"Saving = the same measure of the cheapest plan that signs nothing new, less this plan's: {base} - {own} "
            f"= {saved}."
        )
    return said


def case_words(node: Node, names: Sequence[str]) -> str:
    """The scenarios of a node; where they are nearly all, those it is without."""
    if len(node.scenarios) == len(names):
        return "all scenarios"
    without = [name for name in names if name not in node.scenarios]
    if len(without) < len(node.scenarios) and len(node.scenarios) > 3:
        return f"all but {', '.join(without)}"
    return ", ".join(node.scenarios)


def decision_words(each: Common, dataset: Dataset) -> str:
    """A decision in a clause, without its month.

    The scenarios that cannot take it are named with the reason.
    """
    what = each.what
    unit = "block" if what.kind == "contract" else "unit"
    units = f"{what.units} {unit}{'s' if what.units > 1 else ''}"
    if what.do == SET_LIMIT:
        said = f"set {what.name} to {what.limit}"
    elif what.do == "buy option":
        said = f"buy option {what.name}"
    elif what.do == "give notice":
        said = f"give notice of {units} of {what.name}, service until {dataset.label(what.end or 0)}"
    elif what.do == "renew":
        said = f"renew {units} of {what.name} until {dataset.label(what.end or 0)}"
    else:
        said = f"{what.do} {units} of {what.name} for {what.term_months} months"
    return said + cannot_words(each)


def decided_words(decided: Sequence[Common], dataset: Dataset) -> str:
    """Decisions month by month, limits by themselves at the end; nothing where there are none."""
    by_month: dict[int, list[str]] = {}
    limits: list[str] = []
    for each in decided:
        if each.what.do == SET_LIMIT:
            limits.append(f"{each.what.name} {each.what.limit} ({dataset.label(each.what.month)})")
        else:
            by_month.setdefault(each.what.month, []).append(decision_words(each, dataset))
    said = [f"{dataset.label(month)}: {', '.join(words)}." for month, words in by_month.items()]
    said += [f"Limits: {', '.join(limits)}."] if limits else []
    return " ".join(said)


def cannot_words(each: Common) -> str:
    """`, not in late (supplier gone)`; nothing where all take it."""
    reasons: dict[str, list[str]] = {}
    for name, why in each.cannot.items():
        reasons.setdefault(why, []).append(name)
    return "".join(f", not in {', '.join(names)} ({why})" for why, names in reasons.items())
