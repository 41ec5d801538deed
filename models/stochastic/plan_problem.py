"""A problem with scenarios or without as one program: what goes to a solver, and the plans that its values mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from models.build import build_model
from models.core.compiled import Compiled
from models.core.model import Model
from models.core.scaling import ModelUnits
from models.core.vector import Vector
from models.dataset import Dataset
from models.grouping import counts
from models.kinds import OfferKey
from models.plan import Payment, Plan
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure
from models.stochastic.solution import StochasticSolution
from models.warm_start import start_values

Plans = Plan | StochasticSolution
"""The plan of a problem, or with scenarios the plans of all of them."""


class PlanProblem(Protocol):
    """A program, and what plans are in its columns."""

    @property
    def compiled(self) -> Compiled:
        """The arrays to solve."""

    @property
    def units(self) -> ModelUnits:
        """The units of its columns and its money."""

    def start_of(self, plans: Mapping[str, Plan]) -> Vector:
        """A value for each column that plans by scenario mean, NaN where they leave it open."""

    def plans_of(self, values: Vector) -> Plans:
        """The plans that values by column mean."""


def plan_problem(dataset: Dataset, measure: Measure | None) -> PlanProblem:
    """The program of a problem: of all its scenarios where a measure of their costs is given."""
    return OnePlan(build_model(dataset)) if measure is None else PlansTogether(dataset, measure)


def by_scenario(plans: Plans) -> Mapping[str, Plan]:
    """The plan of each scenario; without scenarios the one plan under ""."""
    return plans.plans if isinstance(plans, StochasticSolution) else {"": plans}


def weighted(plans: Plans) -> list[tuple[float, Plan]]:
    """Each plan with its probability."""
    if isinstance(plans, StochasticSolution):
        return [(each.probability, each.plan) for each in plans.scenarios]
    return [(1.0, plans)]


def units_taken(plans: Plans) -> Counter[OfferKey]:
    """The units chosen of each offer; with scenarios the most that any of them chooses."""
    most = Counter[OfferKey]()
    for plan in by_scenario(plans).values():
        most |= counts((each.offer, each.units) for each in plan.chosen)
    return most


def paid_usd(plans: Plans, category: str, offer: str) -> float:
    """Present value paid for an offer, in expectation."""

    def counts_in(each: Payment) -> bool:
        return (each.category, each.offer) == (category, offer)

    return sum(
        probability * sum(each.present_value_usd for each in plan.payments if counts_in(each))
        for probability, plan in weighted(plans)
    )


def added_up_usd(plans: Plans) -> float:
    """What the cost adds up, each present value without its sign; with scenarios of the one in which that is most."""
    return max(sum(abs(each.present_value_usd) for each in plan.payments) for plan in by_scenario(plans).values())


class OnePlan:
    """The program of a problem of one future."""

    def __init__(self, model: Model) -> None:
        self.model, self.compiled, self.units = model, model.compiled, model.units

    def start_of(self, plans: Mapping[str, Plan]) -> Vector:
        """As `PlanProblem`."""
        return start_values(self.model, plans[""])

    def plans_of(self, values: Vector) -> Plans:
        """As `PlanProblem`."""
        return self.model.plan(values)


class PlansTogether:
    """The program of all scenarios of a problem; `models`: those of scenarios already built."""

    def __init__(self, dataset: Dataset, measure: Measure, models: Mapping[str, Model] | None = None) -> None:
        self.dataset, self.measure = dataset, measure
        self.form = ExtensiveForm(dataset.in_order, measure, models)
        self.compiled, self.units = self.form.compiled, self.form.units

    def start_of(self, plans: Mapping[str, Plan]) -> Vector:
        """As `PlanProblem`."""
        return self.form.start(plans)

    def plans_of(self, values: Vector) -> Plans:
        """As `PlanProblem`."""
        found = StochasticSolution.of_plans(self.measure, self.form.tree.probability, self.form.plans(values))
        return found.in_order_of(self.dataset)
