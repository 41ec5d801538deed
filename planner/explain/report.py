"""The explanation of a plan as a workbook: a page, then its tables."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from models.dataset import Dataset
from models.estimate import Estimate
from planner.analysis.marginal_values import MarginalValues
from planner.analysis.offer_values import offer_facts
from planner.excel.report_page import Kind, Page, Picture, Section, report_workbook
from planner.explain.by_scenario import expected_difference
from planner.explain.explanation import Explanation
from planner.explain.tables import tables
from planner.explain.words import headlines, offer_words, policy_words, scenario_words
from planner.files.outputs import EXPLANATION_SHEET
from planner.formatting import money_scale

WIDE = (38, 15, 15, 15, 15, 15, 16, 80)
"""Widths of the page's columns in characters; words go last, where there is room."""


RANGES_DRAWN = "dark: proven, light: possible, hatched: the other end is not known"
"""How a chart of ranges is read."""


def explanation_workbook(dataset: Dataset, explanation: Explanation) -> bytes:
    """Return the workbook of an explanation."""
    return report_workbook(dataset, page(explanation, dataset), tables(explanation, dataset))


def page(explanation: Explanation, dataset: Dataset) -> Page:
    """Return the first sheet."""
    return Page(
        EXPLANATION_SHEET,
        f"Why this plan: {explanation.plan_name}",
        f"{dataset.label(0)} to {dataset.label(dataset.settings.months - 1)} · "
        f"money in {dataset.settings.currency}, present value "
        "unless stated otherwise · each figure found by solving the whole problem again, unless it is called local",
        " ".join(headlines(explanation, dataset)),
        "good" if explanation.complete and explanation.better is None else "careful",
        (
            *_offer_sections(explanation, dataset),
            _policy_section(explanation, dataset),
            *_scenario_section(explanation, dataset),
            *_marginal_sections(explanation.marginal, dataset, explanation.measure is not None),
        ),
        WIDE,
    )


def _offer_sections(explanation: Explanation, dataset: Dataset) -> tuple[Section, ...]:
    currency, gap = dataset.settings.currency, explanation.gap
    size = money_scale(each.difference.at_most for each in explanation.offers)
    unit = f"{currency} {size[1]}".strip()

    def rows(taken: bool) -> list[tuple[Any, ...]]:
        found = [each for each in explanation.offers if each.taken == taken]
        found.sort(key=lambda each: _by_size(each.difference, -1.0 if taken else 1.0))
        listed = []
        for each in found:
            facts, even = offer_facts(dataset, each.offer), each.break_even
            listed.append(
                (
                    each.name,
                    *_scaled(each.difference, 1.0 / size[0]),
                    facts.price,
                    *_scaled(even, facts.price),
                    facts.price_unit,
                    offer_words(each, dataset, gap),
                )
            )
        return listed

    def columns(first: str, even: str) -> tuple[Any, ...]:
        return (
            ("Offer", "text"),
            (f"{first} at least, {unit}", "money"),
            (f"{first} at most, {unit}", "money"),
            (f"Price, {currency}", "price"),
            (f"{even} at least", "price"),
            (f"{even} at most", "price"),
            ("Per", "text"),
            ("In words", "text"),
        )

    return (
        Section(
            "Offers in the plan: the value of each",
            columns("Value", "Break-even price"),
            rows(True),
            "The value is what the best plan without the offer costs more; everything else may change with it.",
            Picture(f"Value of each accepted offer, {unit} ({RANGES_DRAWN})", (1, 2), "range", "#,##0.0"),
            "The plan accepts no offer.",
        ),
        Section(
            "Offers not in the plan: the price at which each would be accepted",
            columns("Forcing it in costs", "Break-even price"),
            rows(False),
            "At least one unit, or the least blocks of a contract, is forced in. The price is that of its sheet "
            "(longest term, first tier); all its prices change in proportion.",
            if_empty="There is no offer that the plan leaves out.",
        ),
    )


def _policy_section(explanation: Explanation, dataset: Dataset) -> Section:
    currency = dataset.settings.currency
    size = money_scale(each.saving.at_most for each in explanation.policy)
    unit = f"{currency} {size[1]}".strip()
    found = sorted(explanation.policy, key=lambda each: _by_size(each.saving, -1.0))
    return Section(
        "Policy: what caps, rules and limits cost",
        (
            ("Loosened", "text"),
            (f"Saves at least, {unit}", "money"),
            (f"Saves at most, {unit}", "money"),
            ("", "text"),
            ("", "text"),
            ("", "text"),
            ("", "text"),
            ("In words", "text"),
        ),
        [
            (
                f"{each.loosened.what} {each.loosened.name}",
                *_scaled(each.saving, 1.0 / size[0]),
                *("",) * 4,
                policy_words(each, dataset, explanation.gap),
            )
            for each in found
        ],
        "Each loosened alone, the whole problem solved again. What a little of a cap is worth with decisions held "
        "is on the sheet Marginal values; it says nothing of the next whole unit.",
        if_empty="There are no caps, no rules, and no limits that bar anything.",
    )


def _scenario_section(explanation: Explanation, dataset: Dataset) -> tuple[Section, ...]:
    """With scenarios what each answer comes to in each of them."""
    if explanation.measure is None:
        return ()
    answers = [
        *((each.offer.words, each.by_scenario) for each in explanation.offers),
        *((f"{each.loosened.what} {each.loosened.name}", each.by_scenario) for each in explanation.policy),
    ]
    means = [(what, found, expected_difference(found)) for what, found in answers]
    size = money_scale(mean.at_most for *_, mean in means)
    unit = f"{dataset.settings.currency} {size[1]}".strip()
    return (
        Section(
            "By scenario: the same in each, with the plan's shared decisions held",
            (
                ("Offer or policy", "text"),
                (f"On average at least, {unit}", "money"),
                (f"On average at most, {unit}", "money"),
                *((("", "text"),) * 4),
                ("By scenario", "text"),
            ),
            [
                (what, *_scaled(mean, 1.0 / size[0]), *("",) * 4, scenario_words(found, dataset, explanation.gap))
                for what, found, mean in means
            ],
            "What the plan decides for several scenarios stays, but for the offer itself; what is decided in the "
            "scenario alone is made anew. In a scenario an offer may be worth less than nothing.",
            if_empty="There are no offers, caps or rules.",
        ),
    )


def _scaled(estimate: Estimate, factor: float) -> tuple[float | None, float | None]:
    """Both ends in another unit."""
    scaled = estimate.times(factor)
    return scaled.at_least, scaled.at_most


def _by_size(estimate: Estimate, sign: float) -> tuple[bool, float]:
    """The order of rows: by the upper end, unknown ones last."""
    return estimate.at_most is None, sign * (estimate.at_most or 0.0)


def _marginal_sections(marginal: MarginalValues | None, dataset: Dataset, expected: bool) -> tuple[Section, ...]:
    if marginal is None:
        return ()
    currency, last = dataset.settings.currency, dataset.settings.months - 1
    local = "Expected local" if expected else "Local"
    tokens: dict[str, dict[int, float]] = defaultdict(dict)
    for each in marginal.tokens:
        tokens[each.segment][each.month] = each.usd_per_mtok
    power: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for value in marginal.capacity:
        power[value.region, value.hardware][value.month] = value.usd_per_accelerator_hour
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
            f"{local} values with decisions fixed: they hold for a little more demand, not for the size of a cluster.",
        ),
        Section(
            f"Power: what one more accelerator-hour may cost, {currency} of the month",
            (("Region, hardware", "text"), ("Mean", "amount"), *heads),
            [along(f"{region}, {hardware}", values) for (region, hardware), values in strongest],
            f"{local} values; the twelve highest means, the others are on the sheet Marginal values.",
        ),
    )
