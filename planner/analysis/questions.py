"""Questions asked beside a plan, one after the other: the time that they share, and the plan that stands after them."""

from __future__ import annotations

import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from models.audit import AuditReport, audit, audit_scenario_set
from models.dataset import Dataset
from models.estimate import Estimate
from models.plan import Plan
from models.policy.stability import PlanStability
from models.stochastic.plan_problem import Plans, by_scenario
from models.stochastic.solution import StochasticSolution
from planner.errors import OutOfTime
from planner.interrupt import Stop
from planner.solving.exactness import PRECISION

LONGER = 1.5
"""A search that is begun again takes at least so many times as long as before."""
log = logging.getLogger("planner")


class BesideQuestion(ABC):
    """Something to find out by searches in this process."""

    @property
    @abstractmethod
    def openness(self) -> float:
        """How far its answer is from known, in widths that count as known; 0 where it is known."""

    @property
    @abstractmethod
    def plans(self) -> Sequence[Plans]:
        """The plans found on the way."""

    @abstractmethod
    def ask(self, seconds: float) -> None:
        """Searches for so long; asked again, it goes on from what is known."""


def openness_of(known: Estimate, gap: float) -> float:
    """The width of a least cost in widths that count as known; 0 where it is no wider."""
    if known.value(gap) is not None:
        return 0.0
    return math.inf if known.width is None else known.width / max(1e-9, gap * abs(known.at_most or 0.0))


def share_time(
    questions: Sequence[BesideQuestion], seconds: float, stop: Stop, on_asked: Callable[[BesideQuestion], object]
) -> None:
    """Asks each question for its part of the time, then again the one that is the furthest from known.

    Parameters
    ----------
    questions
        What to find out; the order is that of the first round.
    seconds
        For all of them together: what one leaves over is the others'.
    stop
        Asked again and again whether to stop.
    on_asked
        Told each time a question was asked.
    """
    ends, given = time.monotonic() + seconds, dict[BesideQuestion, float]()

    def ask(question: BesideQuestion, limit: float) -> None:
        given[question] = limit
        with suppress(OutOfTime):  # what it builds would come too late: no more is known than before
            question.ask(limit)
        on_asked(question)

    for position, question in enumerate(questions):
        if not stop.requested:
            ask(question, max(0.0, ends - time.monotonic()) / (len(questions) - position))
    while not stop.requested:
        left = ends - time.monotonic()
        again = [each for each in questions if each.openness > 0.0 and LONGER * given[each] <= left]
        if not again:
            return
        ask(max(again, key=lambda each: each.openness), left)


def audited(dataset: Dataset, plans: Plans) -> AuditReport:
    """The audit of a plan, or of the plans of all scenarios and that they decide alike."""
    if isinstance(plans, StochasticSolution):
        return audit_scenario_set(dataset, plans.plans)
    return audit(dataset, plans)


class Incumbent:
    """The plan that stands: a better one takes its place where the audit accepts it.

    Better is by what is minimised, with a plan to keep to the cost and the charge for departing from it.
    """

    def __init__(self, dataset: Dataset, plan: Plans, keep: PlanStability | None) -> None:
        self.dataset, self.plan, self.keep = dataset, plan, keep

    @property
    def only(self) -> Plan:
        """The plan that stands, of a problem without scenarios."""
        return by_scenario(self.plan)[""]

    def minimised_usd(self, plan: Plans) -> float:
        """The cost of a plan and what its departures are charged."""
        if self.keep is None:
            return plan.objective_usd
        if isinstance(plan, StochasticSolution):
            charged = {
                each.name: self._charged_usd(self.dataset.in_scenario(each.name), each.plan) for each in plan.scenarios
            }
            return plan.measure.value(charged, plan.probability)
        return self._charged_usd(self.dataset, plan)

    def _charged_usd(self, dataset: Dataset, plan: Plan) -> float:
        assert self.keep is not None
        return plan.objective_usd + self.keep.charge_usd(dataset, plan)

    def consider(self, plans: Iterable[Plans]) -> bool:
        """Takes the best of the plans that is better than the one that stands; whether there was one."""
        stands = self.minimised_usd(self.plan)
        for plan in sorted(plans, key=self.minimised_usd):
            if self.minimised_usd(plan) >= stands - PRECISION * abs(stands):
                return False
            if audited(self.dataset, plan).passed:
                self.plan = plan
                return True
        return False
