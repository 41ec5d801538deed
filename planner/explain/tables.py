"""The explanation of a plan as tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from models.dataset import Dataset
from planner.analysis.offer_values import offer_facts
from planner.explain.explanation import Explanation
from planner.explain.offers import OfferAnswer
from planner.explain.policy import PolicyAnswer
from planner.explain.words import offer_words, policy_words
from planner.reports.plan.rows import marginal_rows, marginal_tables
from planner.results.plan_tables import MARGINAL_VALUES
from planner.results.scenario_tables import SCENARIO
from planner.results.tables import Filled, Table, report_table

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

BY_SCENARIO = report_table(
    "By scenario",
    "what each offer, cap, rule and limit is worth in each scenario, what is decided for several of them held",
    "what:text",
    "name:text",
    "loosened_to:amount",
    "scenario:text",
    "probability:share",
    "worth_at_least_usd:money",
    "worth_at_most_usd:money",
    "known_by:text",
    "no_plan:flag",
    "break_even_at_least:amount",
    "break_even_at_most:amount",
)
MARGINAL_BY_SCENARIO = Table(
    "Marginal by scenario",
    "value of a little more of tokens, power or caps in each scenario, decisions held",
    (*MARGINAL_VALUES.columns, SCENARIO),
)


def tables(explanation: Explanation, dataset: Dataset) -> list[Filled]:
    """Return the tables of an explanation."""
    taken = [_row(each, dataset, explanation.gap) for each in explanation.offers if each.taken]
    others = [_row(each, dataset, explanation.gap) for each in explanation.offers if not each.taken]
    policy = [_policy_row(each, dataset, explanation.gap) for each in explanation.policy]
    found = [Filled(OFFERS_TAKEN, taken), Filled(OFFERS_NOT_TAKEN, others), Filled(POLICY, policy)]
    found.append(Filled(BY_SCENARIO, list(_scenario_rows(explanation))))
    by_scenario = [
        (*row, name) for name, each in explanation.marginal_by_scenario.items() for row in marginal_rows(each)
    ]
    found += [*marginal_tables(explanation.marginal), Filled(MARGINAL_BY_SCENARIO, by_scenario)]
    return [each for each in found if each.rows]


def _scenario_rows(explanation: Explanation) -> Iterator[tuple[Any, ...]]:
    """A row for each answer and scenario."""
    answers = [
        *((each.kind.name, each.name, None, each.by_scenario) for each in explanation.offers),
        *(
            (each.loosened.what, each.loosened.name, each.loosened.loosened_to, each.by_scenario)
            for each in explanation.policy
        ),
    ]
    for what, name, loosened_to, by_scenario in answers:
        for each in by_scenario:
            worth = each.difference
            even = each.break_even
            figures = worth.at_least, worth.at_most, worth.known_by, each.infeasible, even.at_least, even.at_most
            yield what, name, loosened_to, each.scenario, each.probability, *figures


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
