"""Monte Carlo simulation of a plan: in each sample its committed decisions fixed, the rest optimised.

Samples are taken in the order drawn, so that those finished when the time is over are a sample too, whatever the
others would have taken. With the same seed a sample has the same answer on any number of workers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Literal

from models.dataset import Dataset
from models.grouping import sums
from models.plan import Plan
from models.stochastic.fixed_decisions import decisions_of, unavailable
from planner.interrupt import Stop
from planner.solving.problem import SolveOptions
from planner.solving.solve_task import SolveResult, SolveTask
from planner.solving.worker_pool import solve_many
from planner.stress.samples import Samples

ALL_MONTHS = 100_000
"""Every decision of a plan is taken before this month t, those about ends beyond the horizon too."""
AT_ONCE = 200
"""Problems handed out together; more would only fill the memory."""
ONE_SHARE = 0.1
"""Of a time limit, what a single sample may take at most."""
NOTHING = 1e-6
"""Of a segment's demand in a month; less than this is not short."""
WORST = 5
"""Plans of so many of the most expensive problems are kept, to be audited."""


@dataclass(frozen=True, slots=True)
class Commitment:
    """What is tested: the plan, and the month t before which its decisions are fixed.

    `forecast_usd` is what the plan itself expects to cost. `made` has the plans behind it by scenario; one on the plain
    figures under "".
    """

    plan: Plan
    until: int
    forecast_usd: float
    made: Mapping[str, Plan] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SampleResult:
    """What became of the plan in one problem. Money in USD of present value.

    `status`: optimal (within the gap asked for), stopped (a plan with a larger gap), infeasible (no plan keeps every
    rule), or undecided (`why` in words). Where letting go of caps makes a plan possible, `caps` names those it goes
    beyond and the figures are its; without any plan the cost is NaN. `short` is billions of tokens a day not served by
    segment and month t, where any are; `unavailable` names the offers that were committed and could not be taken.
    `gap` is the share of the cost by which another plan may be cheaper, None where nothing is proven; `proven`: whether
    it is no larger than was asked for.
    """

    status: Literal["optimal", "stopped", "infeasible", "undecided"]
    cost_usd: float = math.nan
    gap: float | None = 0.0
    proven: bool = True
    shortfall_usd: float = 0.0
    short: tuple[tuple[str, int, float], ...] = ()
    unavailable: tuple[str, ...] = ()
    caps: tuple[str, ...] = ()
    seconds: float = 0.0
    why: str = ""

    @property
    def bound_usd(self) -> float:
        """What any plan costs at least in it; NaN where that is not known."""
        return math.nan if self.gap is None else self.cost_usd - self.gap * abs(self.cost_usd)

    @property
    def solved(self) -> bool:
        """Whether there is a plan that keeps every rule."""
        return self.status in ("optimal", "stopped")


@dataclass(frozen=True)
class SimulatedPlan:
    """Results by sample, in the order drawn, up to the first that was not finished.

    `words` says what was drawn in each. `most_expensive` has the plans of the problems that cost most, by the number
    of the problem.
    """

    samples: Samples
    results: tuple[SampleResult, ...]
    words: tuple[str, ...]
    most_expensive: dict[int, Plan]
    seconds: float

    @property
    def complete(self) -> bool:
        """Whether every sample was solved."""
        return len(self.results) == len(self.samples)


def simulate_plan(
    dataset: Dataset,
    commitment: Commitment,
    samples: Samples,
    options: SolveOptions,
    *,
    nonzeros: int,
    workers: int,
    stop: Stop,
    on_results: Callable[[Mapping[int, SampleResult]], None] = lambda results: None,
) -> SimulatedPlan:
    """A plan's committed decisions in every sample: the best of what is left to decide, or why there is no plan.

    Parameters
    ----------
    dataset
        The problem.
    commitment
        The plan, and the month t before which its decisions are fixed.
    samples
        The problems to solve.
    options
        Options of each solve; the time limit is for all of them together.
    nonzeros
        Size of one problem, from which it follows whether processes pay.
    workers
        Solves at a time; 0 chooses.
    stop
        Asked often whether to stop.
    on_results
        Called with the results so far, by problem.
    """
    began = time.monotonic()
    limit = options.time_limit
    deadline = math.inf if limit is None else began + limit
    each = replace(options, threads=1, time_limit=None if limit is None else limit * ONE_SHARE)
    fixed = decisions_of(commitment.plan)
    floor = _floors(dataset)
    found: dict[int, SampleResult] = {}
    most_expensive: dict[int, tuple[float, Plan]] = {}
    with solve_many(nonzeros, limit, stop, workers) as solve_all:
        for result in _solve_batches(solve_all, samples, each, fixed, commitment.until, lambda: _over(stop, deadline)):
            if _over(stop, deadline) and result.status in ("stopped", "no_plan"):
                continue  # cut short: how it would have ended is not known
            problem = int(result.key)
            found[problem] = _result(dataset, result, fixed, commitment.until, floor, options.gap)
            if result.plan is not None and found[problem].solved:
                most_expensive[problem] = found[problem].cost_usd, result.plan
                if len(most_expensive) > WORST:
                    del most_expensive[min(most_expensive, key=lambda k: (most_expensive[k][0], -k))]
            on_results(found)
    finished = takewhile(lambda problem: problem in found, samples.problem_of)
    results = tuple(found[problem] for problem in finished)
    kept = set(samples.problem_of[: len(results)])
    return SimulatedPlan(
        samples,
        results,
        tuple(samples.words(len(results))),
        {problem: plan for problem, (_, plan) in sorted(most_expensive.items()) if problem in kept},
        time.monotonic() - began,
    )


def _over(stop: Stop, deadline: float) -> bool:
    return stop.requested or time.monotonic() >= deadline


def _solve_batches(
    solve_all: Callable[[Iterable[SolveTask]], Iterator[SolveResult]],
    samples: Samples,
    options: SolveOptions,
    fixed: Plan,
    until: int,
    over: Callable[[], bool],
) -> Iterator[SolveResult]:
    for first in range(0, samples.problems, AT_ONCE):
        if over():
            return
        numbers = range(first, min(first + AT_ONCE, samples.problems))
        yield from solve_all(
            [SolveTask(str(k), samples.problem(k), options, fixed, until, beyond_caps=True) for k in numbers]
        )


def _floors(dataset: Dataset) -> dict[tuple[str, int], float]:
    """By segment and month, the shortfall in billions of tokens a day that still counts as none."""
    from models.demand.baseline import segment_demand

    return {key: NOTHING * tokens for key, tokens in segment_demand(dataset).items()}


def _result(
    dataset: Dataset, result: SolveResult, fixed: Plan, until: int, floor: dict[tuple[str, int], float], gap: float
) -> SampleResult:
    plan = result.plan
    status: Literal["optimal", "stopped", "infeasible", "undecided"] = (
        "undecided" if result.status == "no_plan" else result.status
    )
    if plan is None:
        return SampleResult(status, seconds=result.seconds, why=result.why)
    short = sums(
        ((each.segment, each.month), each.tokens_bn * 24.0 / dataset.hours(each.month)) for each in plan.shortfalls
    )
    return SampleResult(
        status,
        plan.objective_usd,
        result.gap,
        status == "optimal" or (result.gap is not None and result.gap <= gap * (1.0 + 1e-9)),
        plan.costs_usd()["shortfall"],
        tuple((*key, tokens) for key, tokens in sorted(short.items()) if tokens > floor[key]),
        unavailable(fixed, plan, until),
        result.caps,
        result.seconds,
    )
