"""By scenario: what a change of the problem is worth in each, with what the plan decides for several scenarios held.

A decision that other scenarios share stays as the plan has it, but for what is decided of the offer in question; what
is decided in the scenario alone is made anew, with the change and without. So a worth in a scenario may be below 0,
and their mean is no less than the worth over all scenarios, where shared decisions are made anew too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.dataset import Dataset
from models.estimate import UNKNOWN, Estimate
from models.stochastic.solution import ROUNDING, ScenarioPlan, StochasticSolution
from models.stochastic.tree import ScenarioTree, first_unshared_month
from planner.explain.searches import LeastCost, OneSearch, Question, Search, difference_is_known, noise_usd

NOT_SEARCHED = 1e6
"""Openness of a difference that was not searched for yet."""


@dataclass(frozen=True, slots=True)
class ScenarioDifference:
    """The least cost of a scenario with a change less that without it, USD; for policy the sign is turned.

    `infeasible`: with the change and what the plan shares no plan of the scenario exists.
    """

    scenario: str
    probability: float
    difference: Estimate
    infeasible: bool
    complete: bool


def expected_difference(found: Sequence[ScenarioDifference]) -> Estimate:
    """The mean over scenarios; unknown where one has no plan."""
    counted = [each for each in found if each.probability]
    if not counted or any(each.infeasible for each in counted):
        return UNKNOWN
    mean = Estimate.exactly(0.0)
    for each in counted:
        mean = mean.minus(each.difference.times(-each.probability))
    return mean


class HeldScenario:
    """One scenario with what the plan decides for several of them held."""

    def __init__(self, dataset: Dataset, plans: StochasticSolution, scenario: ScenarioPlan, gap: float) -> None:
        self.scenario = scenario
        self.until = first_unshared_month(ScenarioTree(dataset), scenario.name)
        self.base = Search(
            scenario.name,
            dataset.in_scenario(scenario.name),
            scenario.plan,
            start=scenario.plan,
            asked_gap=gap,
            held_until=self.until,
        )

    def with_change(self, changed: Search) -> Search:
        """The search of another problem in this scenario, what the plan shares held."""
        name = self.scenario.name
        search = self.base.variant(
            f"{changed.name}, {name}",
            changed.dataset.in_scenario(name),
            start=self.scenario.plan,
            left_open=changed.left_open,
            held_until=self.until,
        )
        search.consider(self.scenario.plan)
        return search


class HeldQuestion(OneSearch):
    """What a change is worth in one scenario; `sign` is -1 for what loosens the problem."""

    def __init__(self, held: HeldScenario, changed: Search, sign: float) -> None:
        self.held, self.sign, self.search = held, sign, held.with_change(changed)
        self.searches = (self.search,)
        base = held.base
        if sign < 0.0:
            base.relaxations = (*base.relaxations, self.search)
        elif self.search.plan is not None:  # what the plan shares is no other without the offer: less is allowed
            self.search.relaxations = (base,)

    @property
    def difference(self) -> Estimate:
        """By how much the least costs differ, as far as it is known."""
        size = abs(self.held.scenario.cost_usd)
        found = self.search.least_cost.minus(self.held.base.least_cost).times(self.sign).without_noise(ROUNDING * size)
        return found.not_below(0.0) if self.sign < 0.0 or self.search.relaxations else found

    @property
    def complete(self) -> bool:
        """Whether it is known that there is none, or both ends agree."""
        known = difference_is_known(self.difference, noise_usd(self.search, self.held.base))
        return self.search.infeasible or known

    @property
    def openness(self) -> float:
        """As `Question`."""
        if self.complete:
            return 0.0
        width = self.difference.width
        noise = max(1e-9, noise_usd(self.search, self.held.base))
        return (NOT_SEARCHED if width is None else width / noise) / (1.0 + self.search.count)

    def answer(self) -> ScenarioDifference:
        """What was found out."""
        scenario = self.held.scenario
        infeasible = self.search.infeasible
        told = UNKNOWN if infeasible else self.difference
        return ScenarioDifference(scenario.name, scenario.probability, told, infeasible, self.complete)


class ScenarioQuestions:
    """The questions about some changes in every scenario of a plan."""

    def __init__(
        self, dataset: Dataset, plans: StochasticSolution, gap: float, changes: Sequence[tuple[Search, float]]
    ) -> None:
        held = [HeldScenario(dataset, plans, each, gap) for each in plans.scenarios]
        self.by_change = [[HeldQuestion(each, changed, sign) for each in held] for changed, sign in changes]
        bases: list[Question] = [LeastCost(each.base, (each.base,)) for each in held]
        self.questions = bases + [each for questions in self.by_change for each in questions]

    def answers(self) -> list[tuple[ScenarioDifference, ...]]:
        """What was found out, by change."""
        return [tuple(each.answer() for each in questions) for questions in self.by_change]
