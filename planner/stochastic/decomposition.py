"""The best plan for all scenarios by decomposition: the scenarios one by one, tied by what they share.

The relaxation of the extensive form prices the decisions that scenarios share. With these multipliers in their
costs the scenarios solved one by one, with whole numbers of their own, bound the least expected cost from below, and
as cuts they stay in force in the L-shaped method, which finds decisions to take. These, held in all scenarios, bound
the cost from above and are plans. Where that comes to rest before the bounds meet, progressive hedging (Rockafellar
and Wets 1991; mpi-sppy) goes on from the multipliers, and at last the extensive form from the best plan found.
Expected cost only: worst cost, regret and CVaR tie the scenarios' costs, and stay with the extensive form.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.scaling import model_units
from models.dataset import Dataset
from models.plan import Plan
from models.stochastic.benders import Master, lagrangian
from models.stochastic.extensive_form import DecisionKey, ExtensiveForm
from models.stochastic.risk import Measure
from models.stochastic.subproblem import Stages, multipliers
from models.stochastic.tree import ScenarioTree
from models.warm_start import start_values
from planner.errors import WrongUsage
from planner.formatting import money
from planner.solving.highs import ArrayProblem, Progress, SolveOptions, solve
from planner.solving.relaxation import relaxed_optimum
from planner.solving.worker_pool import default_workers
from planner.stochastic.bounds import BoundTracker
from planner.stochastic.first_stage_candidates import GAP_FACTOR, Candidates, ImplementableSolution, nearest
from planner.stochastic.lshaped import LShaped
from planner.stochastic.method import cannot_decompose
from planner.stochastic.mpi import Ranks, ranks
from planner.stochastic.progressive_hedging import quietly
from planner.stochastic.subproblem_solver import SubproblemSolver
from planner.stochastic.subproblems import Subproblems

Vector = npt.NDArray[np.float64]

RELAXATION_SHARE = 0.4
"""Of a time limit, what pricing by the relaxation of the extensive form may take."""
BRIEF_SHARE, BRIEF_SECONDS = 0.03, 60.0
"""Of a time limit, the most that hedging may take to solve one scenario once; and the most without a limit."""
BRIEF_LEAST = 20.0
"""Below so many seconds a scenario of a large problem may have no plan yet, and hedging could not begin."""
FLOOR_SHARE, FLOOR_SECONDS = 0.25, 600.0
"""Of a time limit, what raising cuts may take at a time; and the most without a limit."""
HELD_SHARE = 0.1
"""Of a time limit, the most that a scenario may take with its shared decisions held."""
GAP_SHARE = 0.25
"""Of the gap asked for, what each solve of a scenario may leave open."""
SCREENED = 4
"""Candidates an iteration that are valued by relaxations; the best of them is worked out."""
STEP_SHARE = 0.05
"""Of the gap asked for, what the L-shaped method may leave open."""
REST, NEARER = 3, 0.01
"""So many times in a row without bounds nearer by this share of what is between them, a method is at rest."""
ITERATIONS = 1000
JOINED_MOST = 3_000_000
"""Nonzeros of all scenarios beyond which the extensive form is not built, and hedging begins without prices.

Its relaxation takes 80 seconds for 1.4 million, and more than 300 for 4.7 million (tests/benchmarks/scenarios.py).
"""

log = logging.getLogger("planner")


@dataclass(frozen=True, slots=True)
class DecomposedOutcome:
    """How a decomposition ended; money in USD, gap relative. `plans` by scenario, decided alike where they must be.

    `status` as in `planner.solving.highs.Outcome`. `iterations` of hedging; `log` its lines.
    """

    status: Literal["optimal", "stopped", "infeasible", "no_plan"]
    plans: Mapping[str, Plan] | None
    objective_usd: float | None
    bound_usd: float | None
    gap: float | None
    seconds: float
    iterations: int
    why: str
    log: tuple[str, ...]


@dataclass(frozen=True)
class _Task:
    """What all ranks take part in."""

    dataset: Dataset
    options: SolveOptions
    start: Mapping[str, Plan]


def decompose(
    dataset: Dataset,
    options: SolveOptions,
    *,
    start: Mapping[str, Plan] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> DecomposedOutcome:
    """Minimises expected cost over a dataset's scenarios; `start` are plans by scenario to begin from.

    Of scenarios that share a decision the first that has a plan in `start` is taken at its word. Under `mpiexec` the
    scenarios are spread over the ranks, of which this is 0.

    Raises:
        ValueError: the settings weigh CVaR, or a scenario has no probability.
        WrongUsage: there are more ranks than scenarios.
    """
    if why := cannot_decompose(dataset, Measure.of(dataset)):
        raise ValueError(f"{why}; use the extensive form")
    world = ranks()
    if world.size > len(dataset.scenarios):
        raise WrongUsage(
            f"{world.size} ranks are more than the {len(dataset.scenarios)} scenarios; start mpiexec with fewer."
        )
    task = _Task(dataset, options, start or {})
    if world.size > 1:
        world.broadcast(task)
    return _Decomposition(task, world, on_progress, should_stop).go()


def take_part(task: _Task) -> None:
    """The part of a rank other than 0."""
    _Decomposition(task, ranks(), None, None).go()


class Ended(Exception):
    """Raised on all ranks alike to end the hedging; says why."""


class _Decomposition:
    def __init__(
        self,
        task: _Task,
        world: Ranks,
        on_progress: Callable[[Progress], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self.task, self.world = task, world
        self.dataset, self.options = task.dataset, task.options
        self.standing = BoundTracker(
            model_units(self.dataset).usd,
            self.options.gap,
            self.dataset.settings.currency,
            world.rank == 0,
            on_progress,
        )
        self.tree = ScenarioTree(self.dataset)
        self.stages = Stages(self.tree)
        limit = self.options.time_limit
        self.bench = SubproblemSolver(
            options=self.options,
            workers=1 if world.size > 1 else self.options.threads or default_workers(),
            deadline=None if limit is None else self.standing.began + limit,
            slice_seconds=None if limit is None else max(1.0, HELD_SHARE * limit),
            brief_seconds=BRIEF_SECONDS if limit is None else max(BRIEF_LEAST, BRIEF_SHARE * limit),
            should_stop=should_stop,
        )
        self.pieces = Subproblems(self.stages, world)
        self.candidates = Candidates(self.pieces, self.bench)
        self.best: ImplementableSolution | None = None
        self.iterations = self.at_rest = 0
        self.between = math.inf, math.inf
        self.tried: list[Mapping[DecisionKey, float]] = []
        self.last: dict[str, Vector] = {}

    def go(self) -> DecomposedOutcome:
        form = self._joined()
        try:
            shaped = self._price(form)
            self._begin()
            self._shape(shaped)
            self.at_rest = 0
            why = self._hedge()
        except Ended as ended:
            why = str(ended)
        plans: Mapping[str, Plan] | None = None if self.best is None else self.candidates.plans(self.best)
        if form is not None and why != "infeasible" and not self.standing.proven and not self.bench.over:
            try:
                plans = self._finish(form, plans, why)
            except Ended as ended:
                why = str(ended)
        return self._outcome(plans, why)

    def _joined(self) -> ExtensiveForm | None:
        """On rank 0 the joint problem, where it is not too large."""
        if self.pieces.nonzeros() > JOINED_MOST or self.world.rank > 0:
            return None
        built = {name: part.model for name, part in self.pieces.parts.items()}
        return ExtensiveForm(self.dataset, Measure(), built)

    def _price(self, form: ExtensiveForm | None) -> LShaped | None:
        """Multipliers from the relaxation of the joint problem, whose least is a bound too; none if it takes long.

        What begins from there on, on every rank.
        """
        prices: dict[str, Vector] = {}
        values: dict[str, Vector] = {}
        core: dict[DecisionKey, float] = {}
        if form is not None:
            limit = None if self.options.time_limit is None else RELAXATION_SHARE * self.options.time_limit
            relaxed = relaxed_optimum(form, limit, lambda: self.bench.over)
            if relaxed is not None:
                self.standing.raised(form.compiled.objective(relaxed.values))
                prices = multipliers(form, relaxed.column_duals, relaxed.row_duals)
                values = {each.name: relaxed.values[each.places] for each in form.scenarios}
                core = {key: float(relaxed.values[place]) for key, place in form.shared.items()}
                self.standing.say("relaxation")
        prices, values, core, self.standing.lower = self.world.broadcast((prices, values, core, self.standing.lower))
        self.pieces.price(prices)
        self._tighten()
        if not values or not self.pieces.months:
            return None
        shaped = LShaped(None if form is None else Master(form), core, self.pieces, self.bench)
        cuts = {
            name: (lagrangian(part, prices[name], values[name]), values[name])
            for name, part in self.pieces.parts.items()
        }
        shaped.add({name: cut for name, (cut, _) in cuts.items()})
        raised = shaped.raise_cuts(cuts, self._floor_seconds())
        least = {name: cut.least for name, (cut, _) in cuts.items()}
        found = self.world.merge(least) | {name: cut.least for name, cut in raised.items()}
        # the multipliers add up to nothing, and so do these cuts' slopes
        self._heard(sum(self.tree.probability[name] * each for name, each in found.items()))
        self.standing.say(f"scenarios by themselves, {len(raised)} of {len(found)} cost more")
        return shaped

    def _shape(self, shaped: LShaped | None) -> None:
        """The L-shaped method, and what it comes to tried, until the bounds meet or nothing better is left."""
        if shaped is None:
            return
        at = self.standing
        while not self._at_rest():
            shaped.converge(self.bench.options, STEP_SHARE * self.options.gap * at.scale, self._heard)
            at.say("decisions in common")
            self._check()
            best = shaped.promising()
            if best is None or best[1] >= self._target():
                return
            self._try(best[0])
            at.say(f"decisions of {money(best[1] * at.usd, at.currency)} or more tried")
            self._check()
            raised = shaped.raise_at(best[0], self._floor_seconds())
            at.say(f"cuts of {len(raised)} scenarios raised")
            self._check()

    def _target(self) -> float:
        """What a plan must cost less than to be better than the best by the gap asked for."""
        upper = self.standing.upper
        return upper - self.options.gap * abs(upper) if math.isfinite(upper) else math.inf

    def _floor_seconds(self) -> float:
        """What raising cuts may take at a time."""
        return FLOOR_SECONDS if self.options.time_limit is None else FLOOR_SHARE * self.options.time_limit

    def _heard(self, lower: float) -> None:
        """A bound from the master, within tolerances no higher than the cost of the best plan."""
        self.standing.raised(min(lower, self.standing.upper))

    def _tighten(self) -> None:
        """What each solve may leave open, in model units, now that there is something to measure by."""
        scale = self.standing.scale
        if math.isfinite(scale):
            self.bench.options = replace(self.options, gap=0.0, absolute_gap=GAP_SHARE * self.options.gap * scale)
        else:
            self.bench.options = replace(self.options, gap=GAP_SHARE * self.options.gap)

    def _begin(self) -> None:
        """The decisions of the plans given, held."""
        said = self.world.merge(
            {
                name: part.decided(start_values(part.model, self.task.start[name]))
                for name, part in self.pieces.parts.items()
                if name in self.task.start
            }
        )
        decided: dict[DecisionKey, float] = {}
        for name in self.tree.names:
            decided |= {key: value for key, value in said.get(name, {}).items() if key not in decided}
        decided = {key: float(np.clip(value, *self.pieces.bounds[key])) for key, value in decided.items()}
        if decided or not self.pieces.months:
            self._try(decided)
            if not self.pieces.months and self.world.any(bool(self.bench.infeasible)):
                raise Ended("infeasible")
            self.standing.say("plans given" if decided else "apart")
            self._check()

    def _hedge(self) -> str:
        """Progressive hedging until the bounds meet, time is over or nothing moves any more; says which."""
        if not self.pieces.months:
            # nothing is shared: every scenario by itself is all there is
            if self.best is not None:
                self.standing.raised(self.best.bound)
            return "nothing is shared"
        with quietly(log):
            from planner.stochastic.progressive_hedging import Hedging
            from planner.stochastic.progressive_hedging import Tree as NamedTree

            tree = NamedTree(self.stages, self.pieces.bounds, self.pieces.months)
            hedging = Hedging(
                tree, self.pieces.parts, self.pieces.priced, self._solve_all, self, ITERATIONS, self.world.comm
            )
            hedging.ph_main(finalize=False)
        return "iterations"

    def _solve_all(self, problems: Mapping[str, Compiled], bounding: bool) -> dict[str, tuple[Vector, float, float]]:
        """Solves the parts as mpi-sppy has them; where no bound is wanted the gap is wide."""
        starts = {
            name: np.concatenate([self.last[name], np.full(len(arrays.columns) - len(self.last[name]), np.nan)])
            for name, arrays in problems.items()
            if name in self.last
        }
        units = {name: self.pieces.parts[name].model.units for name in problems}
        held = {name: ArrayProblem(arrays, units[name]) for name, arrays in problems.items()}
        ease = 1.0 if bounding else GAP_FACTOR
        found = self.bench.best(held, lot=True, starts=starts, ease=ease, brief=True)
        if self.world.any(bool(self.bench.infeasible)):
            raise Ended("infeasible")
        if self.world.any(any(each is None for each in found.values())):
            raise Ended("stopped" if self.bench.over else "a scenario was not solved in its time")
        solved = {name: each for name, each in found.items() if each is not None}
        for name, (values, _, _) in solved.items():
            arrays = self.pieces.plain[name]
            self.last[name] = np.where(arrays.integer, values[: len(arrays.columns)], np.nan)
        return solved

    def after(self, hedging: Any, iteration: int) -> None:
        """Both bounds anew, once the scenarios of an iteration are solved; those of iteration 0 are a bound."""
        self.iterations = iteration
        if iteration == 0:
            self.standing.raised(float(hedging.Ebound()))
            self.standing.say("multipliers")
        self._candidates(hedging)
        self.standing.say(f"iteration {iteration}")
        self._check()
        if iteration > 0:
            self.standing.raised(hedging.bound())
            self.standing.say(f"iteration {iteration}, multipliers")
            self._check()
        if self._at_rest():
            raise Ended("at rest")

    def proximal(self, hedging: Any) -> dict[DecisionKey, float]:
        """Proximal weights, from how far the scenarios are apart at first."""
        return self.pieces.proximal(self.world.merge(hedging.solutions()))

    def _candidates(self, hedging: Any) -> None:
        """The scenarios' decisions nearest to the average, the most promising of them worked out."""
        solutions = self.world.merge(hedging.solutions())
        average = self.world.merge(hedging.average())
        promising: list[tuple[float, dict[DecisionKey, float]]] = []
        for _, mine in nearest(solutions, average, self.pieces.weights, self.tried.__contains__, SCREENED):
            self.tried.append(mine)
            if self.world.any(self.bench.over):
                break
            decided = self.candidates.completed(mine)
            if decided is not None:
                promising.append((self.candidates.least(decided), decided))
        for least, decided in sorted(promising, key=lambda each: each[0])[:1]:
            if least < self.standing.upper:
                self._try(decided)

    def _try(self, mine: Mapping[DecisionKey, float]) -> None:
        """Works out what decisions come to; the best are kept."""
        decided = self.candidates.completed(mine)
        self._better(None if decided is None else self.candidates.evaluated(decided))

    def _better(self, found: ImplementableSolution | None) -> None:
        """Keeps decisions that come to less than all before."""
        if found is not None and found.objective < self.standing.upper:
            self.best, self.standing.upper = found, found.objective
            self._tighten()

    def _at_rest(self) -> bool:
        """Asked time after time: whether the bounds have hardly come nearer for a while."""
        at, (lower, between) = self.standing, self.between
        self.between = at.lower, at.upper - at.lower
        known = math.isfinite(self.between[1])
        nearer = self.between[1] < (1.0 - NEARER) * between if known else at.lower != lower
        self.at_rest = 0 if nearer else self.at_rest + 1
        return self.at_rest >= REST

    def _check(self) -> None:
        """Ends the hedging when the bounds meet within the gap, or it is time."""
        if self.standing.proven:
            raise Ended("bounds meet")
        if self.world.any(self.bench.over):
            raise Ended("stopped" if self.world.any(self.bench.stopped) else "time limit")

    def _finish(self, form: ExtensiveForm, plans: Mapping[str, Plan] | None, why: str) -> Mapping[str, Plan] | None:
        """Searches the extensive form from the best plan, for the rest of the time."""
        self.standing.tell(
            f"hedging ended after {self.iterations} iterations ({why}): the extensive form goes on from there"
        )
        outcome = solve(
            form,
            replace(self.options, time_limit=self.bench.left()),
            on_progress=self.standing.heard,
            should_stop=lambda: self.bench.over,
            start=None if plans is None else form.start(plans),
        )
        at = self.standing
        if outcome.bound_usd is not None:
            at.raised(outcome.bound_usd / at.usd)
        if outcome.objective_usd is not None and outcome.values is not None:
            found = outcome.objective_usd / at.usd
            if found < at.upper:
                at.upper, plans = found, form.plans(outcome.values)
        if outcome.status == "infeasible":
            raise Ended("infeasible")
        self.standing.say("extensive form")
        return plans

    def _outcome(self, plans: Mapping[str, Plan] | None, why: str) -> DecomposedOutcome:
        at = self.standing
        ended = at.seconds, self.iterations, why, tuple(at.lines)
        if why == "infeasible":
            return DecomposedOutcome("infeasible", None, None, None, None, *ended)
        if plans is None:
            return DecomposedOutcome("no_plan", None, None, at.lower_usd, None, *ended)
        status: Literal["optimal", "stopped"] = "optimal" if at.proven else "stopped"
        return DecomposedOutcome(status, plans, at.upper_usd, at.lower_usd, at.gap, *ended)
