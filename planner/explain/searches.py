"""Searches: variants of one problem, and what is known of the least cost of each.

What is found for one bounds the others: a plan counts wherever the audit accepts it; a lower bound of a problem
holds for every problem that allows fewer plans. How they share the time is said by `planner.explain.shared_time`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.dataset import Dataset
from models.estimate import UNKNOWN, Estimate
from models.kinds import OfferKey
from models.plan import Plan
from models.stochastic.plan_problem import Plans, added_up_usd
from models.stochastic.risk import Measure
from models.stochastic.solution import StochasticSolution
from models.supply.registry import offers_on_the_table
from planner.analysis.questions import audited
from planner.solving.exactness import PRECISION
from planner.solving.problem import SolveOptions
from planner.solving.solve_task import SolveResult, SolveTask
from planner.stochastic.joint_task import JointTask

NARROW = 0.02
"""A difference counts as known when its ends are within this share of each other."""
LEAST_GAP = 1e-7
"""No search is asked to prove more than this relative gap."""
MOST_OF_LEAST_COST = 40.0
"""Openness of the least cost at most, though every other search hangs on it: each further search of it gives less."""
MOST_FAILURES = 2
"""A search that ended so often with neither a plan nor a bound, long before its time, or with no news is given up."""


@dataclass(eq=False, slots=True)
class Search:
    """A problem whose least cost is looked for.

    Parameters
    ----------
    name
        What is asked, in words.
    dataset
        The problem.
    plan, bound_usd
        The cheapest plan known, which the audit accepts, and what is proven that every plan costs at least.
    start
        A plan to begin from where none is known.
    left_open
        The offer that the start says nothing of.
    relaxations
        Problems of which each plan of this one is a plan too, at no greater cost there: their bounds hold here.
    asked_gap, gap
        Relative gap asked for by the user, and the one wanted, which is smaller where an answer hangs on it.
    measure
        With scenarios what of their costs is minimised; None for a problem of one future.
    held_until
        What the start decides before this month t is held, but for the offer left open.
    enough
        Its least cost is asked for only as far as whether it is above or below these costs, USD: it is enough that a
        plan costs no more than the lower one, or that every plan costs at least the upper one.
    """

    name: str
    dataset: Dataset
    plan: Plans | None = None
    bound_usd: float | None = None
    start: Plans | None = None
    left_open: OfferKey | None = None
    relaxations: tuple[Search, ...] = ()
    asked_gap: float = 0.001
    gap: float = math.inf
    measure: Measure | None = None
    held_until: int = 0
    enough: Estimate = UNKNOWN
    infeasible: bool = False
    why: str = "not searched: the time was over or the run was stopped"
    seconds: float = 0.0
    count: int = 0
    failures: int = 0
    proven_gap: float = math.inf
    _gap_under_way: float = math.inf
    _decided: SolveOptions | None = None

    def __post_init__(self) -> None:
        self.gap = min(self.gap, self.asked_gap)

    @property
    def cost_usd(self) -> float | None:
        """Cost of the cheapest plan known."""
        return None if self.plan is None else self.plan.objective_usd

    @property
    def least_cost(self) -> Estimate:
        """What is known of the least cost; unknown where no plan exists."""
        bounds = [self.bound_usd, *(each.least_cost.at_least for each in self.relaxations)]
        bound = max((each for each in bounds if each is not None), default=None)
        if bound is not None and self.cost_usd is not None:
            bound = min(bound, self.cost_usd)
        return Estimate.optimum(bound, self.cost_usd)

    @property
    def is_open(self) -> bool:
        """Whether searching on may tell more: the gap wanted is not proven."""
        if self.infeasible or self.failures >= MOST_FAILURES or self.proven_gap <= self.gap or self.is_decided:
            return False
        width, cost = self.least_cost.width, self.cost_usd
        return width is None or cost is None or width > max(self.gap, LEAST_GAP) * abs(cost) * (1.0 + 1e-9)

    @property
    def is_decided(self) -> bool:
        """Whether `enough` is known."""
        return self._ends(SolveOptions()).is_decided(self.cost_usd, self.least_cost.at_least)

    def _ends(self, options: SolveOptions) -> SolveOptions:
        """The options with when a search may end before it has proven the gap by itself."""
        known, below = self.least_cost.at_least, self.enough.at_least
        closes = None if known is None or self.gap >= 1.0 else known / (1.0 - math.copysign(self.gap, known))
        targets = [each for each in (closes, below) if each is not None]
        return replace(options, target_usd=max(targets, default=None), cutoff_usd=self.enough.at_most)

    def task(self, options: SolveOptions) -> SolveTask:
        """The next search, from the best plan known."""
        options = self._ends(replace(options, gap=self.gap, seed=options.seed + self.count))
        self._gap_under_way = self.gap
        # a plan found in another problem may take what this one has to take, and cost far more than the start
        begins_anew = self.plan is None or self.held_until or (self.left_open is not None and not self.count)
        start, left_open = (self.start, self.left_open) if begins_anew else (self.plan, None)
        if self.measure is not None:
            begin = start if isinstance(start, StochasticSolution) else None
            return JointTask(self.name, self.dataset, options, left_open=left_open, measure=self.measure, begin=begin)
        alone = start if isinstance(start, Plan) else None
        return SolveTask(self.name, self.dataset, options, alone, self.held_until, left_open)

    def variant(self, name: str, dataset: Dataset, **more: Any) -> Search:
        """A search of another problem, for the same gap and by the same measure."""
        return Search(name, dataset, **{"asked_gap": self.asked_gap, "measure": self.measure, **more})

    def learn(self, result: SolveResult) -> None:
        """Notes what a search of it proved; the plan is for `share_plan`."""
        self.count += 1
        self.why = result.why
        if result.status == "infeasible" and self.plan is None:
            self.infeasible = True
        if result.bound_usd is not None and (self.bound_usd is None or result.bound_usd > self.bound_usd):
            self.bound_usd = result.bound_usd
            self._hold_against_plan()
        if result.status == "optimal":
            self.proven_gap = min(self.proven_gap, self._gap_under_way)
        elif (asked := self._ends(SolveOptions())).is_decided(result.objective_usd, result.bound_usd):
            self.failures += asked == self._decided  # it ended with what it was asked for, twice with the same
            self._decided = asked
        elif not self.seconds:  # it had no limit, so that more time is no help
            self.failures = MOST_FAILURES
        elif (result.plans is None and result.bound_usd is None) or result.seconds < 0.5 * self.seconds:
            self.failures += 1

    def consider(self, plan: Plans) -> None:
        """Takes a plan where it is cheaper than what is known, and the audit accepts it here."""
        cost = self.cost_usd
        if cost is not None and plan.objective_usd >= cost:
            return
        on_the_table = set(offers_on_the_table(self.dataset))
        fits = all(each.signed or each.offer in on_the_table for each in plan.signings)  # sooner seen than audited
        fits = fits and all(plan.takes(each) for each in self.dataset.must_take)
        if fits and is_accepted(self.dataset, plan):
            self.plan, self.infeasible = plan, False
            self._hold_against_plan()

    def _hold_against_plan(self) -> None:
        """A bound that a plan refutes is none: the solver has contradicted itself."""
        bound, plan = self.bound_usd, self.plan
        if bound is None or plan is None:
            return
        size = max(abs(bound), added_up_usd(plan))  # of costs that cancel little is left, rounding of all of them
        if plan.objective_usd < bound - PRECISION * size:
            self.bound_usd, self.proven_gap = None, math.inf
            self.failures += 1


def is_accepted(dataset: Dataset, plans: Plans) -> bool:
    """Whether the audit accepts a plan, or with scenarios all their plans and that they decide alike."""
    if isinstance(plans, StochasticSolution):  # what must be taken has to be in one of the scenarios, not in each
        dataset = replace(dataset, must_take=())
    return audited(dataset, plans).passed


def share_plan(searches: Sequence[Search], plan: Plans) -> None:
    """Lets every search know of a plan. A plan costs the same in each: they differ in what is allowed only."""
    for each in searches:
        each.consider(plan)


def difference_is_known(difference: Estimate, noise_usd: float) -> bool:
    """Whether both ends agree within `NARROW`, or within what two searches of the gap asked for leave open."""
    width, most = difference.width, difference.at_most
    return width is not None and most is not None and width <= max(NARROW * abs(most), noise_usd) * (1.0 + 1e-9)


def noise_usd(*searches: Search) -> float:
    """What searches that prove the gap asked for leave open together: rounding at least."""
    return sum(max(LEAST_GAP, each.asked_gap) * abs(each.cost_usd or 0.0) for each in searches)


class Question(ABC):
    """Something to find out by searches, one after the other."""

    @property
    @abstractmethod
    def openness(self) -> float:
        """How far its answer is from known, in widths that count as known; 0 where it is known."""

    @property
    @abstractmethod
    def main_search(self) -> Search:
        """The search that comes first."""

    @abstractmethod
    def next_search(self) -> Search | None:
        """The search that would tell most; None where nothing more can be found out."""

    @abstractmethod
    def learn(self, search: Search, result: SolveResult) -> None:
        """Takes in what came of a search."""


class OneSearch(Question):
    """A question that one search answers; what it finds is tried in the `searches` of all."""

    search: Search
    searches: Sequence[Search]

    @property
    def main_search(self) -> Search:
        """As `Question`."""
        return self.search

    def next_search(self) -> Search | None:
        """As `Question`."""
        return self.search if self.search.is_open else None

    def learn(self, search: Search, result: SolveResult) -> None:
        """As `Question`."""
        search.learn(result)
        if result.plans is not None:
            share_plan(self.searches, result.plans)


class LeastCost(OneSearch):
    """The least cost of the problem itself, on which all differences hang."""

    def __init__(self, search: Search, searches: Sequence[Search]) -> None:
        self.search, self.searches = search, searches

    @property
    def openness(self) -> float:
        """As `Question`."""
        if not self.search.is_open:
            return 0.0
        width = self.search.least_cost.width
        if width is None:
            return math.inf
        widths = width / max(1e-9, self.search.gap * abs(self.search.cost_usd or 0.0))
        return min(MOST_OF_LEAST_COST, widths * len(self.searches)) / (1.0 + self.search.count)
