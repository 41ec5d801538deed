"""By scenario: what a change of the problem is worth in each, with what the plan decides for several scenarios held.

A decision that other scenarios share stays as the plan has it, but for what is decided of the offer in question; what
is decided in the scenario alone is made anew, with the change and without. So a worth in a scenario may be below 0,
and their mean is no less than the worth over all scenarios, where shared decisions are made anew too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.dataset import Dataset
from models.estimate import UNKNOWN, Estimate
from models.kinds import OfferKey
from models.stochastic.solution import ROUNDING, ScenarioPlan, StochasticSolution
from models.stochastic.tree import ScenarioTree, first_unshared_month
from planner.explain.searches import LeastCost, OneSearch, Question, Search, difference_is_known, noise_usd

NOT_SEARCHED = 1e6
"""Openness of a difference that was not searched for yet."""


@dataclass(frozen=True, slots=True)
class ScenarioDifference:
    """The least cost of a scenario with a change less that without it, USD; for policy the sign is turned.

    `infeasible`: with the change and what the plan shares no plan of the scenario exists. Of an offer `break_even` is
    the multiple of its price at which the difference is nothing, and `never` whether the scenario is proven to be no
    better off with it even free of charge.
    """

    scenario: str
    probability: float
    difference: Estimate
    infeasible: bool
    complete: bool
    break_even: Estimate = UNKNOWN
    never: bool = False


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
    """One scenario with what the plan decides for several of them held; `is_over`: whether no time is left."""

    def __init__(
        self,
        dataset: Dataset,
        plans: StochasticSolution,
        scenario: ScenarioPlan,
        gap: float,
        is_over: Callable[[], bool],
    ) -> None:
        self.scenario, self.is_over = scenario, is_over
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
        search = self.search_of(f"{changed.name}, {name}", changed.dataset.in_scenario(name), changed.left_open)
        if not self.is_over():  # its audit takes a moment for each
            search.consider(self.scenario.plan)
        return search

    def search_of(self, name: str, problem: Dataset, left_open: OfferKey | None) -> Search:
        """The search of another problem of this scenario, what the plan shares held but for an offer."""
        return self.base.variant(name, problem, start=self.scenario.plan, left_open=left_open, held_until=self.until)


class HeldQuestion(OneSearch):
    """What a change is worth in one scenario; `sign` is -1 for what loosens the problem."""

    def __init__(self, held: HeldScenario, changed: Search, sign: float) -> None:
        self.held, self.sign, self.search = held, sign, held.with_change(changed)
        self.searches = (self.search,)
        self.after: tuple[HeldQuestion, ...] = ()
        base = held.base
        if sign < 0.0:
            base.relaxations = (*base.relaxations, self.search)
        elif self.search.plan is not None:  # what the plan shares is no other without the offer: less is allowed
            self.search.relaxations = (base,)

    def wait_for(self, looser: HeldQuestion) -> None:
        """Comes after the question about a problem that allows all plans of this one, whose bound holds here too."""
        self.after = (*self.after, looser)
        self.search.relaxations = (*self.search.relaxations, looser.search)

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
        if self.complete or not all(each.settled for each in self.after):
            return 0.0
        width = self.difference.width
        noise = max(1e-9, noise_usd(self.search, self.held.base))
        return (NOT_SEARCHED if width is None else width / noise) / (1.0 + self.search.count)

    @property
    def settled(self) -> bool:
        """Whether it has been searched, or need not be."""
        return self.search.count > 0 or self.complete

    def answer(self) -> ScenarioDifference:
        """What was found out."""
        scenario = self.held.scenario
        infeasible = self.search.infeasible
        told = UNKNOWN if infeasible else self.difference
        return ScenarioDifference(scenario.name, scenario.probability, told, infeasible, self.complete)


class ScenarioQuestions:
    """The questions about some changes in every scenario of a plan; one comes after those that are looser over all.

    `is_over`: whether no time is left for them.
    """

    def __init__(
        self,
        dataset: Dataset,
        plans: StochasticSolution,
        gap: float,
        changes: Sequence[tuple[Search, float]],
        is_over: Callable[[], bool],
    ) -> None:
        held = [HeldScenario(dataset, plans, each, gap, is_over) for each in plans.scenarios]
        self.by_change = [[HeldQuestion(each, changed, sign) for each in held] for changed, sign in changes]
        places = {id(changed): place for place, (changed, _) in enumerate(changes)}
        for (changed, _), questions in zip(changes, self.by_change, strict=True):
            for looser in (self.by_change[places[id(each)]] for each in changed.relaxations if id(each) in places):
                for one, before in zip(questions, looser, strict=True):
                    one.wait_for(before)
        bases: list[Question] = [LeastCost(each.base, (each.base,)) for each in held]
        self.questions = bases + [each for questions in self.by_change for each in questions]

    def answers(self) -> list[tuple[ScenarioDifference, ...]]:
        """What was found out, by change."""
        return [tuple(each.answer() for each in questions) for questions in self.by_change]
