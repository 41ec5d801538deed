"""What is known of a plan, of its offers and of the policy around it, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from models.dataset import Dataset
from models.estimate import Estimate
from models.kinds import names_in_words
from planner.analysis.offer_values import offer_facts
from planner.explain.breakeven import KNOWN_WIDTH
from planner.explain.by_scenario import ScenarioDifference, expected_difference
from planner.explain.explanation import Explanation
from planner.explain.offers import OfferAnswer
from planner.explain.policy import PolicyAnswer
from planner.formatting import estimate_words, money, percent
from planner.results.scenario_set import change_words, measure_words


def _capitalized(sentence: str) -> str:
    return f"{sentence[:1].upper()}{sentence[1:]}"


def _amount_words(estimate: Estimate, currency: str, gap: float) -> str:
    """An amount that is known to be no less than 0, in words: that much is not said again."""
    if estimate.at_least is not None and estimate.at_least <= 0.0:
        if estimate.at_most is not None and money(estimate.at_most, currency) == money(0.0, currency):
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
    verb = "drops out" if answer.taken else "would be taken"
    side = "above" if answer.taken == buys else "below"
    facts = offer_facts(dataset, answer.offer)
    currency = dataset.settings.currency

    def amount(share: float) -> str:
        price = facts.price * share + 0.0
        return money(price, currency) if abs(price) >= 1e3 else f"{price:,.4g} {currency}"

    per = f"an {facts.price_unit}" if facts.price_unit[0] in "aeio" else f"a {facts.price_unit}"
    price, share = estimate_words(known, amount, 0.0), estimate_words(known, percent, 0.0)
    return f"it {verb} {side} its break-even price, {price} {per} ({share} of its price)"


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
    amount = _amount_words(known, dataset.settings.currency, gap)
    return f"{words}, the plan costs {'no' if amount == 'nothing' else amount} less."


def headlines(explanation: Explanation, dataset: Dataset) -> list[str]:
    """Return what is known of the plan's cost and of the answers, in sentences."""
    currency = dataset.settings.currency
    what = "" if explanation.measure is None else f", {measure_words(explanation.measure)}"
    cost = f"The plan costs {money(explanation.cost_usd, currency)} in present value{what}"
    if explanation.bound_usd is not None:
        above = money(max(0.0, explanation.cost_usd - explanation.bound_usd), currency)
        nothing = above == money(0.0, currency)
        cost += "; no plan costs less" if nothing else f", at most {above} above the best possible"
    lines = [f"{cost}."]
    if explanation.measure is not None and (words := change_words(explanation.measure, len(dataset.scenarios))):
        lines.append(words)
    if explanation.better is not None:
        lines.append(explanation.better.words(currency, explanation.gap))
    if not explanation.complete:
        lines.append(f"What is not known within {percent(KNOWN_WIDTH)} is a range, which more time narrows.")
    return lines


def explanation_lines(explanation: Explanation, dataset: Dataset) -> list[str]:
    """Return the explanation in a few lines."""
    called = names_in_words(each.offer for each in explanation.offers)
    gap, lines = explanation.gap, headlines(explanation, dataset)
    for offer in explanation.offers:
        lines.append(f"{called[offer.offer]}: {offer_words(offer, dataset, gap)}")
        lines += _scenario_line(offer.by_scenario, dataset, gap)
    for policy in explanation.policy:
        lines.append(policy_words(policy, dataset, gap))
        lines += _scenario_line(policy.by_scenario, dataset, gap)
    return lines


def _scenario_line(found: Sequence[ScenarioDifference], dataset: Dataset, gap: float) -> list[str]:
    return [f"  {_capitalized(scenario_words(found, dataset, gap))}"] if found else []


def scenario_words(found: Sequence[ScenarioDifference], dataset: Dataset, gap: float) -> str:
    """Return what a change costs more or, of policy, saves in each scenario, what is decided for several held."""

    def amount(estimate: Estimate) -> str:
        return estimate_words(estimate, lambda usd: money(usd, dataset.settings.currency), gap)

    each = [f"{one.scenario} {'no plan' if one.infeasible else amount(one.difference)}" for one in found]
    mean = "" if any(one.infeasible for one in found) else f"; {amount(expected_difference(found))} on average"
    return f"with shared decisions held, by scenario: {', '.join(each)}{mean}."
