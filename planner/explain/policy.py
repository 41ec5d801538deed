"""Policy: what each cap, rule and limit costs, from the problem solved again with it loosened."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.cancellation import cancelled_by
from models.dataset import Dataset
from models.estimate import Estimate
from models.stochastic.plan_problem import plan_problem
from models.variants.elastic import RelaxableRule, rule_of
from models.variants.loosened import Loosened, loosened, loosened_together
from planner.errors import OutOfTime
from planner.explain.by_scenario import ScenarioDifference
from planner.explain.searches import OneSearch, Search, difference_is_known, noise_usd
from planner.solving.relaxation import relaxed_optimum
from planner.solving.time_limit import TimeLimit

NOT_SEARCHED = 1e6
"""Openness of a saving of which an end is not known."""
SLACK = 1e-9
"""Duals of rows below this are rounding, in model units."""


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """What loosening a cap, rule or limit saves: the optimum of the problem less that of the loosened one, USD."""

    loosened: Loosened
    saving: Estimate
    complete: bool
    why: str
    by_scenario: tuple[ScenarioDifference, ...] = ()


class SlackPolicy(OneSearch):
    """Pieces of policy that the relaxation does not hang on, loosened together.

    Where that saves nothing none of them costs anything, which one search shows instead of one for each.
    """

    def __init__(self, dataset: Dataset, base: Search, pieces: Sequence[PolicyQuestion]) -> None:
        problem = loosened_together(dataset, [each.loosened for each in pieces])
        self.base, self.pieces, self.searches = base, pieces, ()
        self.search = base.variant("without policy that does not bind", problem, plan=base.plan)
        for each in pieces:
            each.search.relaxations = (*each.search.relaxations, self.search)
            each.after = self

    @property
    def openness(self) -> float:
        """As `Question`."""
        return 0.0 if self.settled else NOT_SEARCHED * len(self.pieces)

    def next_search(self) -> Search | None:
        """As `Question`; a plan that costs less than the problem as it is shows that one of them does bind."""
        bound = self.base.least_cost.at_least
        if bound is not None:  # less by something: where it costs nothing there is no noise, and the plan is no news
            self.search.enough = Estimate(math.nextafter(bound - noise_usd(self.base), -math.inf), None)
        return super().next_search()

    @property
    def settled(self) -> bool:
        """Whether it has been searched, or need not be."""
        return self.search.count > 0 or all(each.complete for each in self.pieces)


class PolicyQuestion(OneSearch):
    """What one cap, rule or limit costs; it waits for what it comes after."""

    def __init__(self, loosened: Loosened, base: Search, search: Search, after: PolicyQuestion | None) -> None:
        self.loosened, self.base, self.search = loosened, base, search
        self.after: PolicyQuestion | SlackPolicy | None = after
        self.searches = ()

    @property
    def saving(self) -> Estimate:
        """The sign of a difference turned: the loosened problem costs no more."""
        return self.base.least_cost.minus(self.search.least_cost).not_below(0.0)

    @property
    def complete(self) -> bool:
        """Whether both ends agree."""
        return difference_is_known(self.saving, noise_usd(self.base, self.search))

    @property
    def openness(self) -> float:
        """As `Question`."""
        if self.complete or (self.after is not None and not self.after.settled):
            return 0.0
        width = self.saving.width
        return NOT_SEARCHED if width is None else width / max(1e-9, noise_usd(self.base, self.search))

    @property
    def settled(self) -> bool:
        """Whether it has been searched, or need not be."""
        return self.search.count > 0 or self.complete

    def answer(self) -> PolicyAnswer:
        """What was found out."""
        return PolicyAnswer(self.loosened, self.saving, self.complete, self.search.why)


def policy_questions(dataset: Dataset, base: Search) -> list[PolicyQuestion]:
    """A question for each piece of policy; that of a cap's step waits for that of the cap dropped."""
    questions: list[PolicyQuestion] = []
    dropped: dict[str, PolicyQuestion] = {}
    for each in loosened(dataset):
        after = dropped.get(each.name) if each.what == "cap" else None
        looser = () if after is None else (after.search,)
        search = base.variant(each.words, each.dataset, plan=base.plan, relaxations=looser)
        question = PolicyQuestion(each, base, search, after)
        if each.what == "cap" and after is None:
            dropped[each.name] = question
        base.relaxations = (*base.relaxations, search)
        questions.append(question)
    return questions


def slack_policy(
    dataset: Dataset, base: Search, questions: Sequence[PolicyQuestion], seconds: float | None
) -> list[SlackPolicy]:
    """The question about what the relaxation does not hang on, where it takes the place of several.

    Parameters
    ----------
    dataset, base, questions
        The problem, its search and the questions about its policy.
    seconds
        For the relaxation; None for no limit.
    """
    dropped = [each for each in questions if each.after is None]
    binding = _binding(dataset, base, seconds) if len(dropped) > 1 else None
    slack = [] if binding is None else [each for each in dropped if each.loosened.rule not in binding]
    return [SlackPolicy(dataset, base, slack)] if len(slack) > 1 else []


def _binding(dataset: Dataset, base: Search, seconds: float | None) -> set[RelaxableRule] | None:
    """The rules of which rows have duals in the relaxation; None where it was not solved."""
    limit = TimeLimit(seconds)
    try:
        with cancelled_by(limit.check):
            problem = plan_problem(replace(dataset, losses=frozenset()), base.measure)
    except OutOfTime:
        return None
    best = relaxed_optimum(problem, None if seconds is None else max(0.1, limit.left()))
    if best is None:
        return None
    rows = problem.compiled.rows
    found = (rule_of(rows[i]) for i in np.flatnonzero(np.abs(best.row_duals) > SLACK) if rows[i] is not None)
    return {rule for rule in found if rule is not None}
