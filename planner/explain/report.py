"""The explanation of a plan as a page, as tables and as JSON."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.dataset import Dataset
from models.kinds import names_in_words
from planner.analysis.marginal_values import MarginalValues, totals_by_cap
from planner.analysis.offer_values import offer_facts
from planner.excel.report_page import Kind, Page, Picture, Section, write_report
from planner.explain.breakeven import Range
from planner.explain.offers import OfferAnswer
from planner.formatting import money, money_scale, percent
from planner.outputs import EXPLANATION_SHEET
from planner.reports.plan.rows import marginal_tables
from planner.results.tables import Filled, report_table


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a plan is as it is: its cost, marginal values (None where unknown), and what was found about each offer."""

    plan_name: str
    cost: Range
    marginal: MarginalValues | None
    offers: tuple[OfferAnswer, ...]
    complete: bool
    seconds: float


_PRICE = (
    "price_usd:any",
    "price_per:text",
    "break_even_price_usd:any",
    "break_even_share_of_price:amount",
    "break_even_at_least:amount",
    "break_even_at_most:amount",
)
OFFERS_TAKEN = report_table(
    "Offers taken",
    "what the plan would cost without each offer it accepts, and how expensive each could become",
    "offer:text",
    "kind:text",
    "provider:text",
    "region:text",
    "units:whole",
    "worth_usd:money",
    "worth_at_least_usd:money",
    "worth_at_most_usd:money",
    *_PRICE,
    "in_words:text",
    "without_it:text",
)
OFFERS_NOT_TAKEN = report_table(
    "Offers not taken",
    "what the plan would cost with each offer forced in, and what each would have to cost",
    "offer:text",
    "kind:text",
    "provider:text",
    "region:text",
    "extra_cost_usd:money",
    "extra_at_least_usd:money",
    "extra_at_most_usd:money",
    *_PRICE,
    "in_words:text",
    "with_it:text",
)


def price_words(answer: OfferAnswer, dataset: Dataset) -> str:
    """Return the price at which the decision about an offer changes, as a clause."""
    if answer.break_even is None:
        return "its break-even price was not searched for"
    if answer.break_even.never():
        return "it is not worth accepting even free of charge"
    estimate, known = answer.break_even.estimate(), answer.break_even.known()
    if estimate is None:
        return "its price does not matter"
    if answer.taken:
        verb = "it drops out above" if answer.kind.buys else "it drops out below"
    else:
        verb = "it would be taken below" if answer.kind.buys else "it would pay above"
    facts = offer_facts(dataset, answer.offer)
    per = f"an {facts.price_unit}" if facts.price_unit[0] in "aeio" else f"a {facts.price_unit}"
    price, currency = facts.price * estimate + 0.0, dataset.settings.currency
    amount = money(price, currency) if abs(price) >= 1e6 else f"{price:,.4g} {currency}"
    figure = f"{amount} {per} ({percent(estimate)} of its price)"
    if answer.break_even.is_known:
        return f"{verb} {figure}"
    if estimate < 0.0 and answer.kind.buys:
        return "in the plans found it is not worth accepting even free of charge; this is not proven"
    sides = [f"at least {percent(known.low)}"] if known.low is not None and known.low > 0.0 else []
    sides += [f"at most {percent(known.high)}"] if known.high is not None else []
    return f"{verb} about {figure}; {' and '.join(sides) or 'neither bound'} proven"


def offer_words(answer: OfferAnswer, dataset: Dataset) -> str:
    """Return what is known about an offer, in a sentence."""
    currency, low, high = dataset.settings.currency, answer.difference.low, answer.difference.high
    if answer.infeasible:
        return (
            "No plan exists without it." if answer.taken else "It cannot be added: demand, caps or rules leave no plan."
        )
    if high is None:
        return f"Not known: {answer.why}." if answer.why else "Not known."
    most = money(max(high, 0.0), currency)
    proven = low is not None and high - low <= 0.02 * max(abs(high), 1.0)
    if answer.taken:
        figure = f"worth {most}" if proven else f"worth at most {most}"
        figure += "" if proven or low is None or low <= 0.0 else f" and at least {money(low, currency)}"
        words = f"{figure[:1].upper()}{figure[1:]}; {price_words(answer, dataset)}."
        unpaid = answer.break_even.known().high if answer.break_even and not answer.kind.buys else None
        return f"{words} It stays even unpaid." if unpaid is not None and unpaid < 0.0 else words
    if high < 0.0:
        return f"A plan with it was found that costs {money(-high, currency)} less: the plan was not the best."
    figure = f"forced in, the plan costs {most} more" if proven else f"forced in, the plan costs at most {most} more"
    if not proven and (low is None or low <= 0.0):
        figure += ", within the solver's gap"
    return f"{figure[:1].upper()}{figure[1:]}; {price_words(answer, dataset)}."


def offer_lines(explanation: Explanation, dataset: Dataset) -> list[str]:
    """Return what is known about each offer, a line each."""
    called = names_in_words(each.offer for each in explanation.offers)
    return [f"{called[each.offer]}: {offer_words(each, dataset)}" for each in explanation.offers]


def _row(answer: OfferAnswer, dataset: Dataset) -> tuple[Any, ...]:
    facts = offer_facts(dataset, answer.offer)
    even = answer.break_even
    estimate = even.estimate() if even else None
    known = even.known() if even else Range(None, None)
    return (
        answer.name,
        answer.kind.name,
        facts.provider,
        facts.region,
        *((answer.units,) if answer.taken else ()),
        answer.difference.high,
        answer.difference.low,
        answer.difference.high,
        facts.price,
        facts.price_unit,
        None if estimate is None else facts.price * estimate,
        estimate,
        known.low,
        known.high,
        offer_words(answer, dataset),
        "; ".join(answer.displaces),
    )


def tables(explanation: Explanation, dataset: Dataset) -> list[Filled]:
    """Return the tables of an explanation."""
    taken = [_row(each, dataset) for each in explanation.offers if each.taken]
    others = [_row(each, dataset) for each in explanation.offers if not each.taken]
    found = [Filled(OFFERS_TAKEN, taken), Filled(OFFERS_NOT_TAKEN, others)]
    return [each for each in found if each.rows] + marginal_tables(explanation.marginal)


def write_explanation(path: Path, dataset: Dataset, explanation: Explanation) -> None:
    """Write the workbook.

    Raises
    ------
    CannotWrite
        It cannot be written there.
    """
    write_report(path, dataset, page(explanation, dataset), tables(explanation, dataset))


def page(explanation: Explanation, dataset: Dataset) -> Page:
    """Return the first sheet."""
    currency = dataset.settings.currency
    cost = f"The plan costs {money(explanation.cost.high, currency)} in present value"
    if explanation.cost.low is not None and explanation.cost.high is not None:
        cost += f", at most {money(explanation.cost.high - explanation.cost.low, currency)} above the best possible"
    done = (
        ""
        if explanation.complete
        else " The time limit was reached before everything was proven; the bounds say what is known."
    )
    return Page(
        EXPLANATION_SHEET,
        f"Why this plan: {explanation.plan_name}",
        f"{dataset.label(0)} to {dataset.label(dataset.settings.months - 1)} · money in {currency}, present value "
        "unless stated otherwise · each figure found by solving the whole problem again, unless it is called local",
        f"{cost}.{done}",
        "good" if explanation.complete else "careful",
        (*_offer_sections(explanation, dataset), *_marginal_sections(explanation.marginal, dataset)),
    )


def _offer_sections(explanation: Explanation, dataset: Dataset) -> tuple[Section, ...]:
    currency, size = dataset.settings.currency, money_scale([each.difference.high for each in explanation.offers])

    def rows(taken: bool) -> list[tuple[Any, ...]]:
        found = [each for each in explanation.offers if each.taken == taken]
        found.sort(
            key=lambda each: (each.difference.high is None, -(each.difference.high or 0.0) * (1 if taken else -1))
        )
        listed = []
        for each in found:
            facts = offer_facts(dataset, each.offer)
            estimate = each.break_even.estimate() if each.break_even else None
            even = None if estimate is None else facts.price * estimate
            worth = None if each.difference.high is None else max(0.0, each.difference.high) / size[0]
            listed.append(
                (each.name, worth, facts.price, even, facts.price_unit, each.units or None, offer_words(each, dataset))
            )
        return listed

    def columns(first: str, even: str) -> tuple[Any, ...]:
        return (
            ("Offer", "text"),
            (f"{first}, {currency} {size[1]}".strip(), "money"),
            (f"Price, {currency}", "price"),
            (even, "price"),
            ("a", "text"),
            ("Units in plan", "whole"),
            ("In words", "text"),
        )

    return (
        Section(
            "Offers in the plan: the value of each",
            columns("Value", "Drops out at"),
            rows(True),
            "The value is what the best plan without the offer costs more; everything else may change with it.",
            Picture(f"Value of each accepted offer, {currency} {size[1]}".strip(), (1,), "bar", "#,##0.0"),
            "The plan accepts no offer.",
        ),
        Section(
            "Offers not in the plan: the price at which each would be accepted",
            columns("Forcing it in costs", "Accepted at"),
            rows(False),
            "At least one unit, or the least blocks of a contract, is forced in. The price is that of its sheet "
            "(longest term, first tier); all its prices change in proportion.",
            if_empty="The plan accepts every offer.",
        ),
    )


def _marginal_sections(marginal: MarginalValues | None, dataset: Dataset) -> tuple[Section, ...]:
    if marginal is None:
        return ()
    currency, last = dataset.settings.currency, dataset.settings.months - 1
    tokens: dict[str, dict[int, float]] = defaultdict(dict)
    for each in marginal.tokens:
        tokens[each.segment][each.month] = each.usd_per_mtok
    power: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for value in marginal.capacity:
        power[value.region, value.hardware][value.month] = value.usd_per_accelerator_hour
    caps, units = totals_by_cap(marginal), {each.cap: each.unit for each in marginal.caps}
    marks = sorted({0, last // 2, last})
    heads: tuple[tuple[str, Kind], ...] = tuple((dataset.label(t), "amount") for t in marks)
    strongest = sorted(power.items(), key=lambda item: -sum(item[1].values()))[:12]

    def along(name: str, values: dict[int, float]) -> tuple[Any, ...]:
        mean = sum(values.values()) / len(values)
        return (name, mean, *(values.get(t) for t in marks))

    return (
        Section(
            f"Tokens: what one more million costs to serve, {currency} of the month",
            (("Segment", "text"), ("Mean", "amount"), *heads),
            [along(name, values) for name, values in tokens.items()],
            "Local values with decisions fixed: they hold for a little more demand, not for the size of a cluster.",
        ),
        Section(
            f"Power: what one more accelerator-hour may cost, {currency} of the month",
            (("Region, hardware", "text"), ("Mean", "amount"), *heads),
            [along(f"{region}, {hardware}", values) for (region, hardware), values in strongest],
            "Local values; the twelve highest means, the others are on the sheet Marginal values.",
        ),
        Section(
            f"Caps: what loosening each would save, {currency}",
            (("Cap", "text"), ("Saves", "money"), ("for each", "text")),
            [(name, usd, units[name]) for name, usd in sorted(caps.items(), key=lambda item: -item[1])],
            "Local values; present value over all months.",
            if_empty="No cap is binding.",
        ),
    )


def explanation_json(explanation: Explanation, dataset: Dataset) -> dict[str, Any]:
    """Return the explanation as plain values; null where something is not known."""
    return {
        "cost_usd": explanation.cost.high,
        "bound_usd": explanation.cost.low,
        "complete": explanation.complete,
        "offers": [_offer_json(each, dataset) for each in explanation.offers],
        "marginal": None if explanation.marginal is None else marginal_json(explanation.marginal, dataset),
    }


def marginal_json(marginal: MarginalValues, dataset: Dataset) -> dict[str, Any]:
    """Return marginal values as plain values by month: present values, local."""
    return {
        "tokens": [
            {
                "month": dataset.label(each.month),
                "segment": each.segment,
                "usd_per_bn_tokens_a_day": each.usd,
                "usd_per_mtok": each.usd_per_mtok,
            }
            for each in marginal.tokens
        ],
        "power": [
            {
                "month": dataset.label(each.month),
                "region": each.region,
                "hardware": each.hardware,
                "usd_per_mw": each.usd,
                "usd_per_accelerator_hour": each.usd_per_accelerator_hour,
            }
            for each in marginal.capacity
        ],
        "caps": [
            {"cap": each.cap, "month": dataset.label(each.month), "saves_usd": each.usd, "per": each.unit}
            for each in marginal.caps
        ],
    }


def _offer_json(answer: OfferAnswer, dataset: Dataset) -> dict[str, Any]:
    even = answer.break_even
    known = even.known() if even else Range(None, None)
    return {
        "offer": answer.name,
        "kind": answer.kind.name,
        "taken": answer.taken,
        "units": answer.units,
        "infeasible": answer.infeasible,
        "difference_usd": {"at_least": answer.difference.low, "at_most": answer.difference.high},
        "break_even": {
            "share_of_price": even.estimate() if even else None,
            "at_least": known.low,
            "at_most": known.high,
            "never": bool(even and even.never()),
        },
        "displaces": list(answer.displaces),
        "words": offer_words(answer, dataset),
    }
