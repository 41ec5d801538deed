"""The explanation of a plan as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.dataset import Dataset
from models.estimate import Estimate
from planner.analysis.marginal_values import MarginalValues
from planner.explain.better_plan import better_plan_json
from planner.explain.by_scenario import ScenarioDifference, expected_difference
from planner.explain.explanation import Explanation
from planner.explain.offers import OfferAnswer
from planner.explain.policy import PolicyAnswer
from planner.explain.words import offer_words, policy_words
from planner.formatting import estimate_json


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
        **_by_scenario_json(explanation, dataset),
    }


def _by_scenario_json(explanation: Explanation, dataset: Dataset) -> dict[str, Any]:
    """With scenarios what is minimised, and the marginal values of each."""
    if explanation.measure is None:
        return {}
    found = explanation.marginal_by_scenario
    return {
        "risk": explanation.measure.name,
        "marginal_by_scenario": [{"scenario": name} | marginal_json(each, dataset) for name, each in found.items()],
    }


def _worth_json(by_scenario: Sequence[ScenarioDifference], gap: float | None = None) -> dict[str, Any]:
    """With scenarios what a change is worth in each with shared decisions held, and the mean of that.

    With `gap` of an offer, whose break-even prices are told too.
    """
    if not by_scenario:
        return {}
    return {
        "by_scenario": [
            {
                "scenario": each.scenario,
                "probability": each.probability,
                "infeasible": each.infeasible,
                "worth_usd": estimate_json(each.difference),
                **({} if gap is None else {"break_even": _price_json(each.break_even, each.never, gap)}),
            }
            for each in by_scenario
        ],
        "held_worth_usd": estimate_json(expected_difference(by_scenario)),
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
        **_worth_json(answer.by_scenario),
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
        "break_even": _price_json(even, answer.never, gap),
        "displaces": list(answer.displaces),
        "words": offer_words(answer, dataset, gap),
        **_worth_json(answer.by_scenario, gap),
    }


def _price_json(even: Estimate, never: bool, gap: float) -> dict[str, Any]:
    """A break-even price as a share of today's."""
    return {"share_of_price": even.value(gap), **estimate_json(even), "never": never}
