"""The explanation of a plan as a page, as tables and as JSON."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from models.dataset import Dataset
from models.estimate import Estimate
from models.kinds import names_in_words
from planner.analysis.marginal_values import MarginalValues
from planner.analysis.offer_values import offer_facts
from planner.excel.report_page import Kind, Page, Picture, Section, report_workbook
from planner.explain.better_plan import better_plan_json
from planner.explain.breakeven import KNOWN_WIDTH
from planner.explain.explanation import Explanation
from planner.explain.offers import OfferAnswer
from planner.explain.policy import PolicyAnswer
from planner.files.outputs import EXPLANATION_SHEET
from planner.formatting import estimate_json, estimate_words, money, money_scale, percent
from planner.reports.plan.rows import marginal_tables
from planner.results.tables import Filled, report_table

WIDE = (38, 15, 15, 15, 15, 15, 16, 80)
"""Widths of the page's columns in characters; words go last, where there is room."""
_PRICE = (
    "price_usd:any",
    "price_per:text",
    "break_even_price_usd:any",
    "break_even_share_of_price:share",
    "break_even_at_least:amount",
    "break_even_at_most:amount",
    "known_by:text",
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


POLICY = report_table(
    "Policy",
    "what each cap, rule and limit costs: what loosening it saves",
    "what:text",
    "name:text",
    "loosened_to:amount",
    "saving_at_least_usd:money",
    "saving_at_most_usd:money",
    "known_by:text",
    "in_words:text",
)


def _capitalized(sentence: str) -> str:
    return f"{sentence[:1].upper()}{sentence[1:]}"


def _amount_words(estimate: Estimate, currency: str, gap: float) -> str:
    """An amount that is known to be no less than 0, in words: that much is not said again."""
    if estimate.at_least is not None and estimate.at_least <= 0.0:
        if estimate.at_most is not None and estimate.at_most <= 0.0:
            return "nothing"
        estimate = Estimate(None, estimate.at_most, estimate.known_by)
    return estimate_words(estimate, lambda usd: money(usd, currency), gap)


def price_words(answer: OfferAnswer, dataset: Dataset) -> str:
    """Return the price at which the decision about an offer changes, as a clause."""
    if answer.never:
        return "it is not worth accepting even free of charge"
    if not answer.price_matters:
        return "its price does not matter"
    known, buys = answer.break_even, answer.kind.buys
    if buys and known.at_least is not None and known.at_least < 0.0:  # no price is below 0
        known = Estimate(None, known.at_most, known.known_by)
    if known.at_least is None and known.at_most is None:
        return "the price at which that changes is not known"
    if answer.taken:
        verb = "it drops out above" if buys else "it drops out below"
    else:
        verb = "it would be taken below" if buys else "it would pay above"
    facts = offer_facts(dataset, answer.offer)
    currency = dataset.settings.currency

    def amount(share: float) -> str:
        price = facts.price * share + 0.0
        return money(price, currency) if abs(price) >= 1e3 else f"{price:,.4g} {currency}"

    per = f"an {facts.price_unit}" if facts.price_unit[0] in "aeio" else f"a {facts.price_unit}"
    price, share = estimate_words(known, amount, 0.0), estimate_words(known, percent, 0.0)
    if known.at_least is None or known.at_most is None:
        price = f"a price of {price}"
    elif price != amount(known.at_most):
        price = f"a price {price}"
    return f"{verb} {price} {per} ({share} of its price)"


def offer_words(answer: OfferAnswer, dataset: Dataset, gap: float) -> str:
    """Return what is known about an offer, in a sentence."""
    if answer.infeasible:
        return (
            "No plan exists without it." if answer.taken else "It cannot be added: demand, caps or rules leave no plan."
        )
    known = answer.difference
    if known.at_most is None and not known.at_least:
        return f"Not known: {answer.why}." if answer.why else "Not known."
    amount = _amount_words(known, dataset.settings.currency, gap)
    if answer.taken:
        words = f"Worth {amount}; {price_words(answer, dataset)}."
        unpaid = None if answer.kind.buys else answer.break_even.at_most
        return f"{words} It stays even unpaid." if unpaid is not None and unpaid < 0.0 else words
    extra = "no more" if amount == "nothing" else f"{amount} more"
    return f"Forced in, the plan costs {extra}; {price_words(answer, dataset)}."


def policy_words(answer: PolicyAnswer, dataset: Dataset, gap: float) -> str:
    """Return what is known about a cap, rule or limit, in a sentence."""
    words, known = _capitalized(answer.loosened.words), answer.saving
    if known.at_most is None and not known.at_least:
        return f"{words}: not known ({answer.why})."
    return f"{words} the plan costs {_amount_words(known, dataset.settings.currency, gap)} less.".replace(
        "costs nothing less", "costs no less"
    )


def _row(answer: OfferAnswer, dataset: Dataset, gap: float) -> tuple[Any, ...]:
    facts, even = offer_facts(dataset, answer.offer), answer.break_even
    share = even.value(gap)
    return (
        answer.name,
        answer.kind.name,
        facts.provider,
        facts.region,
        *((answer.units,) if answer.taken else ()),
        answer.difference.value(gap),
        answer.difference.at_least,
        answer.difference.at_most,
        facts.price,
        facts.price_unit,
        None if share is None else facts.price * share,
        share,
        even.at_least,
        even.at_most,
        answer.difference.known_by,
        offer_words(answer, dataset, gap),
        "; ".join(answer.displaces),
    )


def _policy_row(answer: PolicyAnswer, dataset: Dataset, gap: float) -> tuple[Any, ...]:
    return (
        answer.loosened.what,
        answer.loosened.name,
        answer.loosened.loosened_to,
        answer.saving.at_least,
        answer.saving.at_most,
        answer.saving.known_by,
        policy_words(answer, dataset, gap),
    )


def tables(explanation: Explanation, dataset: Dataset) -> list[Filled]:
    """Return the tables of an explanation."""
    taken = [_row(each, dataset, explanation.gap) for each in explanation.offers if each.taken]
    others = [_row(each, dataset, explanation.gap) for each in explanation.offers if not each.taken]
    policy = [_policy_row(each, dataset, explanation.gap) for each in explanation.policy]
    found = [Filled(OFFERS_TAKEN, taken), Filled(OFFERS_NOT_TAKEN, others), Filled(POLICY, policy)]
    return [each for each in found if each.rows] + marginal_tables(explanation.marginal)


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
            *_marginal_sections(explanation.marginal, dataset),
        ),
        WIDE,
    )


def headlines(explanation: Explanation, dataset: Dataset) -> list[str]:
    """Return what is known of the plan's cost and of the answers, in sentences."""
    currency = dataset.settings.currency
    cost = f"The plan costs {money(explanation.cost_usd, currency)} in present value"
    if explanation.bound_usd is not None:
        above = max(0.0, explanation.cost_usd - explanation.bound_usd)
        cost += f", at most {money(above, currency)} above the best possible"
    lines = [f"{cost}."]
    if explanation.better is not None:
        lines.append(explanation.better.words(currency, explanation.gap))
    if not explanation.complete:
        lines.append(f"Not everything is known within {percent(KNOWN_WIDTH)}; a figure that is not is a range.")
    return lines


def explanation_lines(explanation: Explanation, dataset: Dataset) -> list[str]:
    """Return the explanation in a few lines."""
    called = names_in_words(each.offer for each in explanation.offers)
    offers = (f"{called[each.offer]}: {offer_words(each, dataset, explanation.gap)}" for each in explanation.offers)
    policy = (policy_words(each, dataset, explanation.gap) for each in explanation.policy)
    return [*headlines(explanation, dataset), *offers, *policy]


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
            columns("Value", "Drops out at"),
            rows(True),
            "The value is what the best plan without the offer costs more; everything else may change with it.",
            Picture(f"Value of each accepted offer, at least and at most, {unit}", (1, 2), "bar", "#,##0.0"),
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


def _scaled(estimate: Estimate, factor: float) -> tuple[float | None, float | None]:
    """Both ends in another unit."""
    scaled = estimate.times(factor)
    return scaled.at_least, scaled.at_most


def _by_size(estimate: Estimate, sign: float) -> tuple[bool, float]:
    """The order of rows: by the upper end, unknown ones last."""
    return estimate.at_most is None, sign * (estimate.at_most or 0.0)


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
    )


def explanation_json(explanation: Explanation, dataset: Dataset) -> dict[str, Any]:
    """Return the explanation as plain values; null where something is not known."""
    return {
        "cost_usd": explanation.cost_usd,
        "bound_usd": explanation.bound_usd,
        **better_plan_json(explanation.better),
        "complete": explanation.complete,
        "offers": [_offer_json(each, dataset, explanation.gap) for each in explanation.offers],
        **{
            f"{what}s": [
                _policy_json(each, dataset, explanation.gap)
                for each in explanation.policy
                if each.loosened.what == what
            ]
            for what in ("cap", "rule", "limit")
        },
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
                "left_usd_per_mtok": each.left_usd_per_mtok,
            }
            for each in marginal.tokens
        ],
        "power": [
            {
                "month": dataset.label(each.month),
                "region": each.region,
                "hardware": each.hardware,
                "usd_per_mw": each.usd * each.per_mw,
                "usd_per_accelerator_hour": each.usd_per_accelerator_hour,
                "left_usd_per_accelerator_hour": each.left_usd_per_accelerator_hour,
            }
            for each in marginal.capacity
        ],
        "caps": [
            {
                "cap": each.cap,
                "month": dataset.label(each.month),
                "saves_usd": each.usd,
                "left_usd": each.left_usd,
                "per": each.unit,
            }
            for each in marginal.caps
        ],
    }


def _policy_json(answer: PolicyAnswer, dataset: Dataset, gap: float) -> dict[str, Any]:
    return {
        "name": answer.loosened.name,
        "loosened_to": answer.loosened.loosened_to,
        "saving_usd": estimate_json(answer.saving),
        "words": policy_words(answer, dataset, gap),
    }


def _offer_json(answer: OfferAnswer, dataset: Dataset, gap: float) -> dict[str, Any]:
    even = answer.break_even
    return {
        "offer": answer.name,
        "kind": answer.kind.name,
        "taken": answer.taken,
        "units": answer.units,
        "infeasible": answer.infeasible,
        "difference_usd": estimate_json(answer.difference),
        "break_even": {"share_of_price": even.value(gap), **estimate_json(even), "never": answer.never},
        "displaces": list(answer.displaces),
        "words": offer_words(answer, dataset, gap),
    }
