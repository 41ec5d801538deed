"""Rows held as plans break them: a search begins without the rows of `resilience` and adds those its plan breaks.

It begins without the rows, too, that hold bills which could stand in for a later top-up (`Dataset.exact_bills`), and
adds them where a plan, its bills settled, breaks a cap on cash. Elsewhere these rows cost too little to search twice.
With fewer rows held more plans are allowed, so that a bound holds for the whole problem, and so does that no plan
exists; a plan that breaks none is one of the whole. What known plans only just survive is held from the beginning;
which others have to be is first found with rough plans.
"""

from __future__ import annotations

import logging
import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar

from models.audit import keeps_cash_caps, what_is_left
from models.cancellation import cancelled_by
from models.core.model import Model
from models.core.vector import Vector
from models.dataset import Dataset
from models.plan import Plan
from models.policy.resilience import Loss
from models.supply.take_or_pay import may_prepay_top_up
from models.warm_start import start_values
from planner.errors import OutOfTime
from planner.formatting import counted
from planner.solving.pipeline.standing import PROVEN, TIME_OVER
from planner.solving.problem import CompiledProblem, Outcome, Progress, SolveOptions
from planner.solving.search import solve
from planner.solving.time_limit import TimeLimit

KEPT_WITHIN = 5e-7
"""What is left after a loss may serve so much less than what is protected: what the audit lets pass."""
SPARE = 0.05
"""A known plan that could serve so much more after a loss, or less, only just survives it."""
ROUGH_GAP, ROUGH_TIME = 0.03, 0.2
"""Which losses have to be held is first found with plans of this gap, each in this share of the time left."""

log = logging.getLogger("planner")

T = TypeVar("T")
P = TypeVar("P", bound=CompiledProblem)
Plans = Mapping[str, Plan]
"""Plans by scenario; of a problem of one future under ""."""


@dataclass(frozen=True, slots=True)
class Attempt(Generic[T]):
    """What a search with some losses held came to: `found` as its caller wants it; money in USD, gap relative.

    `why`: why the search ended, in words.
    """

    found: T
    plans: Plans
    status: Literal["optimal", "stopped", "infeasible", "no_plan"]
    objective_usd: float | None
    bound_usd: float | None
    why: str

    @property
    def gap(self) -> float | None:
        """Of the plans; None without one end."""
        cost, bound = self.objective_usd, self.bound_usd
        if cost is None or bound is None:
            return None
        return max(0.0, cost - bound) / max(abs(cost), 1e-9)

    def with_bound(self, bound_usd: float) -> Attempt[T]:
        """The same with a bound of another search of fewer losses, where that is higher."""
        own = -math.inf if self.bound_usd is None else self.bound_usd
        best = min(max(own, bound_usd), math.inf if self.objective_usd is None else self.objective_usd)
        return replace(self, bound_usd=best if math.isfinite(best) else None)


Search = Callable[[Dataset, SolveOptions, Plans], Attempt[T]]
"""A search of a problem, to begin from plans where there are any."""


def broken_losses(dataset: Dataset, plan: Plan, spare: float = -KEPT_WITHIN) -> frozenset[Loss]:
    """The losses after which the rest could serve less than what is protected against them, and `spare` of it more."""
    if not dataset.resilience:
        return frozenset()
    left = what_is_left(dataset, plan)
    return frozenset((each.against, each.lost, each.month) for each in left if each.multiple < 1.0 + spare)


def breaks_losses(dataset: Dataset, plans: Plans, spare: float = -KEPT_WITHIN) -> frozenset[Loss]:
    """As `broken_losses`, of the plans of all scenarios."""
    views = ((dataset.in_scenario(name) if name else dataset, plan) for name, plan in plans.items())
    return frozenset[Loss]().union(*(broken_losses(view, plan, spare) for view, plan in views))


def breaks_by_bills(dataset: Dataset, plans: Plans) -> bool:
    """Whether plans, their bills settled, break a cap on cash that bills above what is owed could keep."""
    if not any(may_prepay_top_up(dataset, each) for each in dataset.contracts):
        return False
    views = ((dataset.in_scenario(name) if name else dataset, plan) for name, plan in plans.items())
    return not all(keeps_cash_caps(view, plan) for view, plan in views)


def hold_rows(dataset: Dataset, options: SolveOptions, search: Search[T], known: Plans) -> Attempt[T]:
    """Searches a problem until its plans break no rows that were left out; without `resilience` once, with all.

    Parameters
    ----------
    dataset
        The problem; the losses it names, if any, are held from the beginning.
    options
        For all searches together: the time limit is that of all.
    search
        Is given the problem with losses to hold, its options, and plans to begin from.
    known
        Plans to begin from, {} for none.

    Returns
    -------
    Attempt
        The last, or the best whose plans break nothing; `no_plan` where there is none.

    Raises
    ------
    OutOfTime
        The time limit passed while the first program was built.
    """
    if not dataset.resilience:
        return search(dataset, options, known)
    options = replace(options, target_usd=None)  # which a plan that breaks rows left out may reach
    began, bound_usd, exact_bills = time.monotonic(), -math.inf, False
    held = (dataset.losses or frozenset()) | breaks_losses(dataset, known, SPARE)
    begin, ways = known, [_rough, *([] if options.time_limit is None else [_first_plan])]
    safe: Attempt[T] | None = None
    made: Attempt[T] | None = None
    while True:
        left = with_time_left(options, began)
        try:
            problem = replace(dataset, losses=held, exact_bills=exact_bills)
            made = search(problem, ways[0](left) if ways else left, begin)
        except OutOfTime:
            if made is None:
                raise
            made = replace(made, status="stopped", why=TIME_OVER)
            break
        bound_usd = max(bound_usd, -math.inf if made.bound_usd is None else made.bound_usd)
        begin = made.plans or begin
        broken = breaks_losses(dataset, made.plans) - held
        by_bills = not exact_bills and breaks_by_bills(dataset, made.plans)
        if (broken or by_bills) and (ways or made.status == "optimal"):
            if broken:
                log.info("The plan breaks resilience in %s, held from now on.", counted(len(broken), "case"))
            if by_bills:
                log.info("The plan, its bills settled, breaks a cap on cash: bills are held to the use from now on.")
            held, exact_bills = held | broken, exact_bills or by_bills
        elif ways and made.status != "infeasible":
            safe, ways = (made, []) if made.plans else (None, ways[1:])
            if safe and safe.gap is not None and safe.gap <= options.gap:
                return replace(safe, status="optimal", why=PROVEN)
        else:
            break
    if made.status == "infeasible" or (made.plans and not (broken or by_bills)):
        return made.with_bound(bound_usd)
    if made.plans:
        stands = "no plan is left" if safe is None else "the one before it stands"
        log.info("The search ended before what its last plan breaks could be held: %s.", stands)
    if safe is not None:
        return replace(safe, status="stopped", why=made.why).with_bound(bound_usd)
    return replace(made, plans={}, status="no_plan", objective_usd=None).with_bound(bound_usd)


def solve_holding(
    dataset: Dataset,
    build: Callable[[Dataset], P],
    plans_of: Callable[[P, Vector], Plans],
    options: SolveOptions,
    *,
    start: Callable[[P, Plans], Vector | None] = lambda problem, plans: None,
    known: Plans | None = None,
    arrays: Callable[[P], CompiledProblem] = lambda problem: problem,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    late: float = 0.0,
) -> tuple[P, Outcome]:
    """The program solved last, with the losses held that the plan has to survive, and what came of it.

    Parameters
    ----------
    build
        The program of the problem with losses to hold.
    plans_of
        The plans that values by column of a program mean.
    options
        The time limit counts the building too.
    start
        Values by column to begin from that plans mean; asked without plans where none are known.
    known
        Plans to begin from.
    arrays
        What is solved of a program, with decisions held.
    on_progress, should_stop
        As of `planner.solving.search.solve`.
    late
        Seconds after the time limit by which a program may be built, for a search that is asked for a plan above all.

    Raises
    ------
    OutOfTime
        The time limit passed, or the search was stopped, while the first program was built.
    """
    limit, more = TimeLimit(options.time_limit), options.without_plan + late

    def check() -> None:
        if should_stop is not None and should_stop():
            raise OutOfTime("The run was stopped before a search could begin")
        limit.check(more)

    def search(problem: Dataset, options: SolveOptions, begin: Plans) -> Attempt[tuple[P, Outcome]]:
        began = time.monotonic()
        with cancelled_by(check):
            program = build(problem)
        values = start(program, begin)
        outcome = solve(
            arrays(program),
            with_time_left(options, began),
            on_progress=on_progress,
            should_stop=should_stop,
            start=values,
        )
        return attempt_of(program, outcome, plans_of)

    made = hold_rows(dataset, options, search, known or {})
    return made.found[0], outcome_of(made)


def one_plan(model: Model, values: Vector) -> Plans:
    """The plan that values mean of a model of one future."""
    return {"": model.plan(values)}


def one_start(model: Model, plans: Plans) -> Vector | None:
    """A value for each column of a model of one future that its plan means, to begin from; None without a plan."""
    return start_values(model, plans[""]) if plans else None


def attempt_of(program: P, outcome: Outcome, plans_of: Callable[[P, Vector], Plans]) -> Attempt[tuple[P, Outcome]]:
    """What a solve of a program came to."""
    plans = {} if outcome.values is None else plans_of(program, outcome.values)
    return Attempt((program, outcome), plans, outcome.status, outcome.objective_usd, outcome.bound_usd, outcome.why)


def outcome_of(made: Attempt[tuple[P, Outcome]]) -> Outcome:
    """The outcome of an attempt, with what other attempts have shown of it."""
    _, outcome = made.found
    if (made.status, made.bound_usd, made.why) == (outcome.status, outcome.bound_usd, outcome.why):
        return outcome
    outcome = replace(outcome, status=made.status, bound_usd=made.bound_usd, gap=made.gap, why=made.why)
    if made.plans or outcome.values is None:
        return outcome
    return replace(outcome, values=None, other_values=(), objective_usd=None)


def _rough(options: SolveOptions) -> SolveOptions:
    """How far to search for a plan that only shows which losses have to be held."""
    limit = None if options.time_limit is None else options.time_limit * ROUGH_TIME
    return replace(options, gap=max(options.gap, ROUGH_GAP), time_limit=limit, without_plan=0.0)


def _first_plan(options: SolveOptions) -> SolveOptions:
    """How far to search where the time for a rough plan brought none: to the first plan.

    A search to the end of the time could end with a plan that breaks a loss, and none left to hold it in.
    """
    return replace(options, target_usd=sys.float_info.max)


def with_time_left(options: SolveOptions, began: float) -> SolveOptions:
    """The options with what is left of their time limit, which began to count at `began` of the monotonic clock."""
    limit = options.time_limit
    if limit is None:
        return options
    left = limit - (time.monotonic() - began)
    return replace(options, time_limit=max(0.1, left), without_plan=max(0.0, options.without_plan + min(left, 0.0)))
