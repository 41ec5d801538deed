"""The sentences and tiles of the first sheet, and the rows of the summary."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from models.dataset import Dataset
from models.estimate import UNKNOWN, Estimate
from models.kinds import FLEET, ON_DEMAND, OPTION
from models.supply.registry import KINDS
from planner.excel.first_sheet import Banner, Tile, Tone
from planner.formatting import estimate_words, gap_percent, money, percent, range_words
from planner.reports.run_result import RunResult
from planner.results.plan_figures import PlanFigures
from planner.results.tried_plan import TriedPlan

CATEGORY_WORDS = {
    **{kind.category: kind.label for kind in KINDS},
    **{kind.name: kind.label for kind in (FLEET, ON_DEMAND, OPTION)},
    "usage": "Usage charges",
    "network": "Network",
    "interest": "Interest on credit",
    "revenue_forgone": "Revenue forgone by limits",
    "limit_change": "Changing limits",
    "shortfall": "Shortfall",
}


def category_words(category: str, usd: float) -> str:
    """A category of cost as a heading; what limits and prices gain is called so."""
    return "Revenue gained by limits" if category == "revenue_forgone" and usd < 0.0 else CATEGORY_WORDS[category]


PENALTY, LOSS = "(a penalty, which nobody pays)", "from limits and prices"


def banner(result: RunResult, figures: PlanFigures) -> Banner:
    """Status with its gap, the audit's verdict, and what is due first."""
    return verdict(result, "no other plan", _first_due(figures))


def verdict(result: RunResult, no_other: str, due: str, audited: str = "") -> Banner:
    """How the search ended and the audit went, and what is due.

    `no_other` names the plans that the bound speaks of, `audited` says where the audit looked.
    """
    tone: Tone
    gap = _gap_words(result, no_other)
    if result.status == "optimal":
        text, tone = f"✔ Optimal within a {gap}. ", "good"
    elif result.proven_gap is None:
        text, tone = "● Stopped early; how far this plan is from the best one is not known. ", "careful"
    else:
        text, tone = f"● Stopped early with a {gap}. ", "careful"
    if result.audit is None:
        text, tone = text + "Not audited. ", "careful"
    elif result.audit.passed:
        checked = result.audit.recomputed
        text += f"Audit passed{audited}: {checked} rule{'s' if checked != 1 else ''} recomputed, all kept. "
    else:
        failed = len(result.audit.failed)
        text, tone = f"✘ The audit rejects this plan: {failed} rule{'s are' if failed > 1 else ' is'} broken. ", "bad"
    return Banner(text + due, tone)


def _gap_words(result: RunResult, no_other: str) -> str:
    """The gap, of what it is said of, and what it is worth in money."""
    gap = f"gap of {gap_percent(result.proven_gap)}"
    if result.kept is not None:
        return f"{gap} of cost and charge for departing together; departing freely would save {kept_words(result)}"
    most = result.possible_saving_usd
    if most is None:
        return gap
    told = money(most, result.currency)
    nothing = told == money(0.0, result.currency)
    return f"{gap}: {no_other} costs less" if nothing else f"{gap}: {no_other} can save more than {told}"


def kept_words(result: RunResult) -> str:
    """What departing freely from the plan kept would save, as far as it is known."""
    saving = result.estimates.get("kept.saving_usd", UNKNOWN)
    if saving.at_least == 0.0 and result.value(saving) is None:
        if saving.at_most is None:
            return "an amount that is not known: nothing was proven in the time of plans free to depart"
        most = money(saving.at_most, result.currency)
        return "nothing" if most == money(0.0, result.currency) else f"at most {most}"
    return known(saving, result)


def known(estimate: Estimate, result: RunResult) -> str:
    """What is known of an amount of money, in words."""
    return estimate_words(estimate, lambda usd: money(usd, result.currency), result.gap_asked)


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
    served = totals.served_bn / days
    peak = f"in {dataset.label(totals.peak_month)}" if totals.peak_mw else "nothing is committed"
    return [
        money_tile("Net present cost", cost, f"at {percent(dataset.settings.discount_rate)} a year", currency),
        base_case_tile(result),
        cash_saved_tile(result),
        Tile(
            "Tokens served, bn a day",
            served,
            _plain(served),
            _held_back(round(held_back, 6)) if dataset.limits else "mean of the horizon",
        ),
        Tile("Shortfall", unserved, "0.00%" if unserved else "0%", "of demand after limits"),
        Tile("Peak committed power, MW", totals.peak_mw, _plain(totals.peak_mw), peak),
    ]


def money_tile(label: str, usd: float, below: str, currency: str) -> Tile:
    """A tile of an amount of money."""
    return Tile(f"{label}, {currency}", usd, scaled(usd), below)


def estimate_tile(label: str, estimate: Estimate, below: str, result: RunResult) -> Tile:
    """A tile of an amount that a search gave: a number where it is known, else the range."""
    value = result.value(estimate)
    if value is not None:
        return money_tile(label, value, below, result.currency)
    shown = range_words(estimate, lambda usd: money(usd, "").strip())
    return Tile(f"{label}, {result.currency}", shown, "General", "not known" if shown == "–" else "what is proven")


def base_case_tile(result: RunResult) -> Tile:
    """The tile of the cheapest plan that signs nothing new."""
    label = "Signing nothing new"
    if result.base_case.none_exists:
        return Tile(f"{label}, {result.currency}", "–", "General", "no such plan exists")
    return estimate_tile(label, result.base_case.cost, "the base case", result)


def base_case_words(result: RunResult) -> str:
    """What the base case is let off: a plan that signs nothing cannot be asked for resilience."""
    return ", without resilience" if result.plan_set.dataset.resilience else ""


def cash_saved_tile(result: RunResult) -> Tile:
    """The tile of the money that a plan saves against the base case, the shortage it avoids told apart."""
    avoided = result.value(result.shortage_avoided)
    below = "against signing nothing"
    if avoided:
        below = f"{money(abs(avoided), '').strip()} of shortage {'avoided' if avoided > 0.0 else 'added'}"
    saved = result.cash_saved
    if saved.at_most is not None and saved.at_most < 0.0:
        return estimate_tile("More cash spent", saved.times(-1.0), below, result)
    return estimate_tile("Cash saved", saved, below, result)


def stake_words(result: RunResult) -> str:
    """What is known of the value at stake against signing nothing; where that is nothing, how to get it."""
    if result.saving != UNKNOWN or result.base_case.cost == UNKNOWN:
        return known(result.saving, result)
    if result.interrupted:
        return "not known: the run was stopped"
    longer = "" if result.options.get("time_limit") is None else "; a longer --time-limit gives its search more"
    return f"not known within the time{longer}"


def saving_words(result: RunResult, measure: str, cost_usd: float) -> str:
    """What is at stake against signing nothing, and what of it is money; `measure` is what is compared."""
    cheapest = f"the cheapest plan that signs nothing new{base_case_words(result)}"
    stake = f"Value at stake = {measure} of {cheapest}, minus that of this plan"
    if result.base_case.none_exists:
        return f"{stake}; no such plan exists."
    own = money(cost_usd, result.currency)
    base, saving = known(result.base_case.cost, result), stake_words(result)
    if result.value(result.base_case.cost) is None:
        return f"{stake}: {saving}; the base case is {base}."
    parts = saving_parts(result)
    of_it = f" Of it {parts}." if parts else ""
    return f"{stake}: {base} - {own if cost_usd >= 0.0 else f'({own})'} = {saving}.{of_it}"


def horizon_end_words(result: RunResult) -> str:
    """What is owed and worth beyond the last month, and what the plan costs by each end of the horizon."""
    dataset, end = result.plan_set.dataset, result.plan_set.horizon_end
    last = dataset.label(dataset.horizon[-1])
    if not end.owed_usd:
        return f"Nothing is owed after {last}."
    apart = "" if not _promises(dataset) else " (minimum spend and spend commitments apart)"
    worth = "" if end.worth_usd is None else f", for capacity worth {money(end.worth_usd, result.currency)} (residuals)"
    costs = ", ".join(f"{money(usd, result.currency)} with {name}" for name, usd in end.cost_usd.items())
    owed, cost = ("Expected to be owed", "Expected cost") if dataset.scenarios else ("Owed", "Cost")
    return (
        f"{owed} after {last}: {money(end.owed_usd, result.currency)} undiscounted{apart}{worth}. "
        f"{cost} of this plan by end_of_horizon: {costs}."
    )


def _promises(dataset: Dataset) -> bool:
    """Whether more may be due than what is owed whatever is used."""
    promised = [each for each in dataset.spend_commitments if each.status != "excluded"]
    return bool(promised) or any(each.min_spend_usd_per_year for each in dataset.contracts if each.status != "excluded")


def contract_figures(result: RunResult) -> dict[str, float]:
    """What the plan's own signings commit us and takers to, in USD by name; with scenarios expected values."""
    figures = {
        "contract value signed": "contract_value_usd",
        "paid at signing": "cash_at_signing_usd",
        "contract value of lease-outs": "takers_value_usd",
        "received from takers at signing": "cash_from_takers_usd",
    }
    return {name: result.plan_set.mean(attrgetter(of)) for name, of in figures.items()}


def commitment_words(result: RunResult) -> Iterator[str]:
    """What is owed at the end, what takers commit to in the plan's own lease-outs, power signed that is not online."""
    yield horizon_end_words(result)
    *_, value, at_once = contract_figures(result).values()
    mean = " in expectation" if result.plan_set.dataset.scenarios else ""
    if value:
        yield (
            f"Takers of lease-outs that this plan signs commit to {money(value, result.currency)} in total{mean}, "
            f"undiscounted; of that they pay {money(at_once, result.currency)} at signing."
        )
    (whole,) = result.plan_set.periods("horizon")
    if whole.signed_mw > 1.001 * whole.online_mw:
        signed, online = (f"{mw:,.1f}" if mw >= 10.0 else f"{mw:.3g}" for mw in (whole.signed_mw, whole.online_mw))
        last = result.plan_set.dataset.label(result.plan_set.dataset.horizon[-1])
        yield f"Of {signed} MW signed {online} MW are online in {last}{mean}; the sheet Power has them by offer."


def saving_parts(result: RunResult) -> str:
    """What of the value at stake is money and what is not; nothing where they are not known apart."""
    if result.cash_saved.at_most is None:
        return ""
    parts = []
    for more, less, estimate in (
        ("cash saved", "additional cash spent", result.cash_saved),
        (f"shortage avoided {PENALTY}", f"shortage added {PENALTY}", result.shortage_avoided),
        (f"revenue loss {LOSS} avoided", f"revenue loss {LOSS} added", result.revenue_kept),
    ):
        if estimate.at_most is None or result.value(estimate) == 0.0:
            continue
        below = estimate.at_most < 0.0
        amount = known(estimate.times(-1.0) if below else estimate, result)
        if amount != money(0.0, result.currency):  # too little to be shown
            parts.append(f"{less if below else more} {amount}")
    return ", ".join(parts)


def _held_back(share: float) -> str:
    """What limits and prices do to demand; a lower price may raise it."""
    if not share:
        return "limits hold back nothing"
    return f"limits hold back {percent(share)}" if share >= 0 else f"limits and prices add {percent(-share)}"


def scaled(amount: float) -> str:
    """A number format that shows money in billions, millions or units."""
    size = abs(amount)
    if not size:
        return "0"
    if size >= 1e9:
        return '#,##0.00,,," bn";-#,##0.00,,," bn"'
    if size >= 1e6:
        return '#,##0.00,," m";-#,##0.00,," m"'
    return "#,##0;-#,##0" if size >= 100 else "#,##0.00;-#,##0.00"


def _plain(amount: float) -> str:
    return "#,##0" if amount >= 1000 or not amount else "#,##0.0" if amount >= 10 else "0.000"


def against_base_case(result: RunResult) -> Iterator[tuple[Any, ...]]:
    """Metric, value, unit of what the plan is compared with; ends of ranges where the values are not known."""
    for name, estimate in (
        ("base case, signing nothing new", result.base_case.cost),
        ("saving against the base case", result.saving),
        ("cash saved against the base case", result.cash_saved),
        ("shortage avoided against the base case", result.shortage_avoided),
    ):
        value = result.value(estimate)
        yield name, value, result.currency
        if value is None:
            for end, usd in (("at least", estimate.at_least), ("at most", estimate.at_most)):
                if usd is not None:
                    yield f"{name}, {end}", usd, result.currency


def horizon_end_rows(result: RunResult) -> Iterator[tuple[Any, ...]]:
    """Metric, value, unit of what is left beyond the last month; blank where no sheet says what it is worth."""
    end = result.plan_set.horizon_end
    yield "owed after the horizon", end.owed_usd, result.currency
    yield "worth after the horizon", end.worth_usd, result.currency
    for name, usd in end.cost_usd.items():
        yield f"cost of this plan with end_of_horizon {name}", usd, result.currency


def tried_words(tried: TriedPlan, currency: str) -> str:
    """How a plan was tried on samples, and what it cost in these: `P10 84.2 bn USD, P50 …, P90 …`."""
    if not tried.finished:
        return f"none of {tried.asked:,} was finished in time"
    costs = ", ".join(f"{name.upper()} {money(each.value, currency)}" for name, each in tried.cost_usd.items())
    costs = f"{costs}; the plan itself expects {money(tried.forecast_usd, currency)}" if costs else "none has a plan"
    unproven = "" if tried.proven or not tried.cost_usd else ", of plans not all proven within the gap"
    none = (
        f"; in {percent(tried.no_plan.value)} no plan keeps every rule" if tried.no_plan and tried.no_plan.value else ""
    )
    part = "" if tried.finished == tried.asked else f"{tried.finished:,} of {tried.asked:,} finished: "
    return f"{part}{costs}{unproven}{none}. {tried.how}"
