"""Near-optimal alternatives: other plans that cost nearly the same, and the decisions common to all of them."""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from models.audit import AuditReport
from models.dataset import Dataset
from models.grouping import counts
from models.kinds import OPTION, Kind
from models.plan import Plan
from models.stochastic.fixed_decisions import kept_decisions
from models.stochastic.plan_problem import PlanProblem, Plans, by_scenario, plan_problem
from models.stochastic.solution import StochasticSolution
from models.variants.plan_changes import differences
from planner.analysis.other_plans import OtherPlans
from planner.analysis.questions import BesideQuestion, Incumbent, audited
from planner.errors import OutOfTime
from planner.formatting import percent
from planner.interrupt import Stop
from planner.results.scenario_set import ScenarioSetResult
from planner.solving.exactness import PRECISION
from planner.solving.held_rows import solve_holding
from planner.solving.problem import Outcome, SolveOptions, fixed_problem
from planner.solving.progress import ProgressLines

LEAST_SECONDS = 5.0
"""Least time for the cheapest plan with given signings."""
DISTANCE_GAP = 0.05
"""A distance is called the largest when it is proven within this share."""
CHEAPEST_SHARE = 0.5
"""Of the time for an alternative, what the search for the cheapest may take."""
log = logging.getLogger("planner")


@dataclass(frozen=True, slots=True)
class Alternative:
    """A plan, or the plans of all scenarios, with figures and audit.

    `distance_mw`: to the nearest of the plans before it; `furthest`: whether no plan within the cost is further away.
    `cheapest`: whether it is proven that no plan that signs the same costs less. `words` say how it differs from the
    best plan.
    """

    plan_set: ScenarioSetResult
    audit: AuditReport
    distance_mw: float
    furthest: bool
    cheapest: bool
    words: tuple[str, ...]

    @property
    def plan(self) -> Plan:
        """The plan itself, of a problem without scenarios."""
        return self.plan_set.only.plan

    @property
    def cost_usd(self) -> float:
        """Net present cost, with scenarios of what is minimised."""
        return self.plan_set.solution.objective_usd

    def extra_share(self, best_usd: float) -> float:
        """What it costs more than the best plan, as a share of that plan's cost."""
        return (self.cost_usd - best_usd) / abs(best_usd or 1.0)


@dataclass(frozen=True, slots=True)
class CommonDecision:
    """An offer and a month in which plans sign: the units that each of the plans signs."""

    kind: Kind
    name: str
    month: int
    units: tuple[int, ...]

    @property
    def all_agree(self) -> bool:
        """Whether every plan signs the same units."""
        return len(set(self.units)) == 1

    @property
    def in_all(self) -> int:
        """The units that every plan signs."""
        return min(self.units)


@dataclass(frozen=True, slots=True)
class AlternativesFound:
    """What the search for alternatives came to.

    `asked`: how many were asked for, within the share `within` of the cost; `seconds`: what the search took.
    `no_more`: whether it is proven that no other plan within the cost signs anything else than the plan and these.
    `by_first_stage`: with scenarios, whether what is signed in the first stage alone tells plans apart.
    """

    plans: tuple[Alternative, ...]
    asked: int
    within: float
    seconds: float
    no_more: bool
    by_first_stage: bool = False

    @property
    def none_exists(self) -> bool | None:
        """Whether no alternative exists; None where that is not known."""
        if self.plans:
            return False
        return True if self.no_more else None

    @property
    def words(self) -> str:
        """Why there are fewer than were asked for; "" where there are not."""
        if len(self.plans) >= self.asked:
            return ""
        further = "further" if self.plans else "other"
        plan = f"{further} plan within {percent(self.within)} of the cost"
        if self.no_more:
            same = "signs the same in the first stage" if self.by_first_stage else "signs the same"
            return f"No {plan} exists (proven): every other one {same} or costs more."
        return f"No {plan} was found in {self.seconds:.0f} s; whether one exists is not known."


class _Candidate(NamedTuple):
    """A plan that the audit accepts.

    Whether it was proven the furthest away when the plan `best` stood, and the cheapest of those that sign the same.
    """

    plan: Plans
    audit: AuditReport
    furthest: bool
    cheapest: bool
    best: Plans


class AlternativesQuestion(BesideQuestion):
    """Up to `count` plans that cost at most the share `within` more and are as far apart as that allows.

    Of each first the cheapest that signs anything else is looked for, which finds one or proves that none exists, then
    one further away. Fewer are found where no further plan exists, or where the time is over before; a plan that its
    audit rejects is none, nor one that does not hold in what the problem leaves out (`holds`). With scenarios plans
    differ by what they sign in the first stage. What costs less than the plan that stands is no alternative to it: it
    takes its place.
    """

    def __init__(
        self,
        dataset: Dataset,
        incumbent: Incumbent,
        count: int,
        within: float,
        options: SolveOptions,
        stop: Stop,
        watch: Callable[[str], ProgressLines],
        holds: Callable[[Plans], bool] = lambda plan: True,
    ) -> None:
        self.dataset, self.incumbent, self.count, self.within = dataset, incumbent, count, within
        self.options, self.stop, self.watch, self.holds = options, stop, watch, holds
        stands = incumbent.plan
        self.others = OtherPlans(dataset, stands.measure if isinstance(stands, StochasticSolution) else None)
        self.candidates: list[_Candidate] = []
        self.no_more, self.seconds = False, 0.0

    @property
    def most_usd(self) -> float:
        """What an alternative may cost."""
        best = self.incumbent.plan.objective_usd
        return best + self.within * abs(best)

    @property
    def plans(self) -> Sequence[Plans]:
        """As `BesideQuestion`."""
        return [each.plan for each in self.candidates]

    @property
    def openness(self) -> float:
        """As `BesideQuestion`."""
        return 0.0 if self.no_more or len(self._alternatives()) >= self.count else math.inf

    def ask(self, seconds: float) -> None:
        """As `BesideQuestion`."""
        began = time.monotonic()
        if all(each.plan is not self.incumbent.plan for each in self.candidates):
            best = self.incumbent.plan
            self.candidates.append(_Candidate(best, audited(self.dataset, best), False, False, best))
        try:
            while (missing := self.count - len(self._alternatives())) > 0 and not self.no_more:
                left = seconds - (time.monotonic() - began)
                if left <= 0.0 or self.stop.requested or not self._look_for_another(left / missing):
                    break
        finally:
            self.seconds += time.monotonic() - began

    def told(self) -> AlternativesFound:
        """The alternatives to the plan that stands, in the order in which they were found."""
        plan, found = self.incumbent.plan, list[Alternative]()
        for each, distance in self._alternatives():
            changes = differences(self.others.decided(plan), self.others.decided(each.plan), self.dataset.label)
            words = tuple(change.words for change in changes if change.change != "same")
            furthest = each.furthest and each.best is plan
            plan_set = ScenarioSetResult.of_plans(self.dataset, each.plan)
            found.append(Alternative(plan_set, each.audit, distance, furthest, each.cheapest, words))
        by_first_stage = self.others.measure is not None
        return AlternativesFound(tuple(found), self.count, self.within, self.seconds, self.no_more, by_first_stage)

    def _alternatives(self) -> list[tuple[_Candidate, float]]:
        """Those of the plans found that are alternatives to the one that stands, with the distance to those before."""
        known, found = [self.incumbent.plan], list[tuple[_Candidate, float]]()
        for each in self.candidates:
            distance = min(self.others.distance_mw(each.plan, other) for other in known)
            if len(found) < self.count and distance > 1e-9 and self._cheap_enough(each.plan):
                found.append((each, distance))
                known.append(each.plan)
        return found

    def _cheap_enough(self, plan: Plans) -> bool:
        return plan.objective_usd <= self.most_usd + PRECISION * abs(self.most_usd)

    def _look_for_another(self, seconds: float) -> bool:
        """Whether a further plan was found; where none was, `no_more` says whether none exists."""
        found = self._another(seconds)
        if found is None:
            return False
        self.candidates.append(found)
        if found.plan.objective_usd < self.incumbent.plan.objective_usd and self.incumbent.consider([found.plan]):
            log.info("An alternative costs less than the plan, and takes its place.")
        return True

    def _another(self, seconds: float) -> _Candidate | None:
        ends, lines = time.monotonic() + seconds, self.watch(f"Alternative {len(self._alternatives()) + 1}")
        known = self.plans
        near = self._cheapest_apart(known, lines, CHEAPEST_SHARE * seconds)
        if self.no_more:
            return None
        far = None
        with suppress(OutOfTime):  # what is near is an alternative too
            far = self._furthest(known, known[-1] if near is None else near.plan, lines, ends)
        if near is None or far is None:
            return near or far
        return far if self._apart(far, known) >= self._apart(near, known) else near

    def _furthest(self, known: Sequence[Plans], start: Plans, lines: ProgressLines, ends: float) -> _Candidate | None:
        """The plan furthest away within the cost, as far as it is found, at the least cost for what it signs."""
        options, most = replace(self.options, gap=DISTANCE_GAP), self.most_usd
        left = ends - time.monotonic()
        problem, outcome = self._solve(lambda others: others.furthest(known, most), options, lines, left, start)
        if outcome.values is None:
            return None
        found = problem.plans_of(outcome.values)
        plan, cheapest = self._cheapest(found, lines, max(LEAST_SECONDS, ends - time.monotonic()))
        return self._accepted(known, plan, furthest=outcome.status == "optimal", cheapest=cheapest)

    def _cheapest_apart(self, known: Sequence[Plans], lines: ProgressLines, seconds: float) -> _Candidate | None:
        """The cheapest plan that signs anything else, as far as it is found; notes where none is cheap enough."""
        problem, outcome = self._solve(lambda others: others.cheapest_apart(known), self.options, lines, seconds)
        bound = outcome.bound_usd
        too_dear = bound is not None and bound > self.most_usd + PRECISION * abs(self.most_usd)
        self.no_more = outcome.status == "infeasible" or too_dear
        if outcome.values is None:
            return None
        return self._accepted(known, problem.plans_of(outcome.values), cheapest=outcome.status == "optimal")

    def _solve(
        self,
        build: Callable[[OtherPlans], PlanProblem],
        options: SolveOptions,
        lines: ProgressLines,
        seconds: float,
        start: Plans | None = None,
    ) -> tuple[PlanProblem, Outcome]:
        return solve_holding(
            self.dataset,
            lambda problem: build(replace(self.others, dataset=problem)),
            lambda problem, values: by_scenario(problem.plans_of(values)),
            replace(options, time_limit=max(1.0, seconds)),
            known={} if start is None else by_scenario(start),
            start=lambda problem, begin: problem.start_of(begin) if begin else None,
            should_stop=partial(lines.stopped_by, self.stop),
        )

    def _apart(self, candidate: _Candidate, known: Sequence[Plans]) -> float:
        return min(self.others.distance_mw(candidate.plan, each) for each in known)

    def _accepted(
        self, known: Sequence[Plans], plan: Plans, *, furthest: bool = False, cheapest: bool
    ) -> _Candidate | None:
        """The plan, where it is an alternative: cheap enough, none of those known, and accepted by the audit."""
        report = audited(self.dataset, plan)
        candidate = _Candidate(plan, report, furthest, cheapest, self.incumbent.plan)
        apart = self._apart(candidate, known) > 1e-9
        fits = apart and self._cheap_enough(plan) and report.passed
        return candidate if fits and self.holds(plan) else None

    def _cheapest(self, plan: Plans, lines: ProgressLines, seconds: float) -> tuple[Plans, bool]:
        """The cheapest plan with the same signings, and whether that is proven.

        The search for distance left the rest at any cost allowed; that plan stands where no time is left for this one.
        """
        try:
            problem, outcome = solve_holding(
                self.dataset,
                lambda problem: plan_problem(problem, self.others.measure),
                lambda problem, values: by_scenario(problem.plans_of(values)),
                replace(self.options, time_limit=seconds),
                known=by_scenario(plan),
                arrays=lambda problem: fixed_problem(problem, self.others.signed(problem, plan)),
                on_progress=lines.update,
                should_stop=lambda: lines.stopped_by(self.stop),
            )
        except OutOfTime:
            return plan, False
        if outcome.values is None:
            return plan, False
        cheaper = problem.plans_of(outcome.values)
        return min(cheaper, plan, key=lambda each: each.objective_usd), outcome.status == "optimal"


def decided_by_each(best: ScenarioSetResult, others: Sequence[Alternative]) -> tuple[Plan, ...]:
    """What the plan and each alternative sign; of plans for scenarios what they have in common in the first stage."""
    sets = (best, *(each.plan_set for each in others))
    return tuple(kept_decisions(best.dataset, each.solution.plans) for each in sets)


def common_decisions(plans: tuple[Plan, ...]) -> tuple[CommonDecision, ...]:
    """Every offer and month in which any of the plans signs, with what each of them signs there."""

    def taken(plan: Plan) -> Counter[tuple[int, Kind, str]]:
        signed = [((each.month, each.kind, each.name), each.units) for each in plan.chosen]
        return counts([*signed, *(((each.month, OPTION, each.name), 1) for each in plan.options)])

    units = [taken(plan) for plan in plans]
    keys = sorted(set().union(*units))
    return tuple(CommonDecision(kind, name, t, tuple(each[t, kind, name] for each in units)) for t, kind, name in keys)
