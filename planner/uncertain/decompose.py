"""The best plan for all scenarios by decomposition: the scenarios one by one, tied by prices and by held decisions.

The relaxation of the extensive form prices the decisions that scenarios share. With these multipliers in their
costs the scenarios solved one by one bound the least expected cost from below, and progressive hedging (Rockafellar
and Wets 1991; mpi-sppy) brings their decisions together and the multipliers on. The decisions of the scenarios
nearest to the average, held in all of them, bound it from above and are plans. Where hedging comes to rest before the
bounds meet, the extensive form is searched from the best plan found. Expected cost only: worst cost, regret and CVaR
tie the scenarios' costs, and stay with the extensive form.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from models.compiled import Compiled
from models.dataset import Dataset
from models.plan import Plan
from models.start import start_values
from models.uncertainty.extensive import ExtensiveForm, Shared
from models.uncertainty.parts import Part, Stages, multipliers, part_of, tightest
from models.uncertainty.risk import Measure
from models.uncertainty.tree import Tree
from models.units import units_of
from planner.solve import Held, Progress, SolveOptions, relaxed_optimum, solve
from planner.uncertain.bench import Bench
from planner.uncertain.candidates import Candidates, Implementable, nearest
from planner.uncertain.quietly import quietly
from planner.uncertain.ranks import Ranks, ranks
from planner.workers import default_workers

Vector = npt.NDArray[np.float64]

RELAXATION_SHARE = 0.4
"""Of a time limit, what pricing by the relaxation of the extensive form may take."""
PART_SHARE = 0.15
"""Of a time limit, the most that one solve of one scenario may take."""
GAP_SHARE = 0.25
"""Of the gap asked for, what each solve of a scenario may leave open."""
SCREENED = 4
"""Candidates an iteration that are valued by relaxations; the best of them is worked out."""
REST = 3
"""Iterations in a row without a better bound on either side, after which hedging is at rest."""
ITERATIONS = 1000

log = logging.getLogger("planner")


@dataclass(frozen=True, slots=True)
class DecomposedOutcome:
    """How a decomposition ended; money in USD, gap relative. `plans` by scenario, decided alike where they must be.

    `status` as in `planner.solve.Outcome`. `iterations` of hedging; `log` its lines.
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
        ValueError: the settings weigh CVaR.
    """
    if Measure.of(dataset).weight:
        raise ValueError("decomposition minimises expected cost; with a risk_weight use the extensive form")
    world = ranks()
    task = _Task(dataset, options, start or {})
    if world.size > 1:
        world.told(task)
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
        self.task, self.world, self.on_progress = task, world, on_progress
        self.dataset, self.options = task.dataset, task.options
        self.began = time.monotonic()
        self.tree = Tree(self.dataset)
        self.stages = Stages(self.tree)
        self.usd = units_of(self.dataset).usd
        limit = self.options.time_limit
        self.bench = Bench(
            options=self.options,
            workers=1 if world.size > 1 else self.options.threads or default_workers(),
            deadline=None if limit is None else self.began + limit,
            slice_seconds=None if limit is None else max(1.0, PART_SHARE * limit),
            should_stop=should_stop,
        )
        self.lower, self.upper = -math.inf, math.inf
        self.best: Implementable | None = None
        self.iterations = self.at_rest = 0
        self.lines: list[str] = []
        self.tried: list[Mapping[Shared, float]] = []
        self.last: dict[str, Vector] = {}

    def go(self) -> DecomposedOutcome:
        form = self._prepare()
        try:
            self._price(form)
            self._begin()
            why = self._hedge()
        except Ended as ended:
            why = str(ended)
        plans: Mapping[str, Plan] | None = None if self.best is None else self.candidates.plans(self.best)
        if form is not None and why != "infeasible" and not self._proven and not self.bench.over:
            try:
                plans = self._finish(form, plans)
            except Ended as ended:
                why = str(ended)
        return self._outcome(plans, why)

    def _prepare(self) -> ExtensiveForm | None:
        """Builds the parts of this rank; on rank 0 with its joint problem."""
        form = ExtensiveForm(self.dataset, Measure()) if self.world.rank == 0 else None
        built = {} if form is None else {each.name: each.model for each in form.scenarios}
        names = self.world.share(self.stages.order)
        self.parts: dict[str, Part] = {name: part_of(self.tree, name, built.get(name)) for name in names}
        said = self.world.merged({name: (part.bounds, dict(part.months)) for name, part in self.parts.items()})
        self.bounds = tightest(said[name][0] for name in self.stages.order)
        self.months = {key: month for name in self.stages.order for key, month in said[name][1].items()}
        self.keys = {name: frozenset(said[name][0]) for name in self.stages.order}
        self.plain: dict[str, Compiled] = {name: part.within(self.bounds) for name, part in self.parts.items()}
        return form

    def _price(self, form: ExtensiveForm | None) -> None:
        """Multipliers from the relaxation of the joint problem, whose least is a bound too; none if it takes long."""
        prices: dict[str, Vector] = {}
        if form is not None:
            limit = self.options.time_limit
            relaxed = relaxed_optimum(
                form, None if limit is None else RELAXATION_SHARE * limit, lambda: self.bench.over
            )
            if relaxed is not None:
                self.lower = float(form.compiled.cost @ relaxed.values) + form.compiled.offset
                prices = multipliers(form, relaxed.column_duals, relaxed.row_duals)
                self._say("relaxation")
        prices, self.lower = self.world.told((prices, self.lower))
        self.weights = self._weights(prices)
        self.priced = {
            name: replace(arrays, cost=arrays.cost + prices[name]) if prices else arrays
            for name, arrays in self.plain.items()
        }
        self.candidates = Candidates(
            self.stages, self.parts, self.plain, self.priced, self.keys, self.bench, self.world
        )
        self._tighten()

    def _weights(self, prices: Mapping[str, Vector]) -> dict[Shared, float]:
        """What a unit of each shared decision weighs: its multipliers' size on average, or else its cost's."""
        mine: dict[Shared, list[tuple[float, float]]] = {}
        for name, part in self.parts.items():
            amounts = prices[name] if prices else self.plain[name].cost
            for key, i in part.columns.items():
                mine.setdefault(key, []).append((part.probability, abs(float(amounts[i]))))
        found: dict[Shared, float] = {}
        said = self.world.each(mine)
        for key in self.months:
            terms = [term for each in said for term in each.get(key, ())]
            found[key] = sum(p * amount for p, amount in terms) / sum(p for p, _ in terms)
        most = max(found.values(), default=0.0) or 1.0
        return {key: max(weight, 1e-4 * most) for key, weight in found.items()}

    def _tighten(self) -> None:
        """What each solve may leave open, in model units, now that there is something to measure by."""
        scale = min(abs(each) for each in (self.lower, self.upper)) if math.isfinite(self.lower) else math.inf
        if math.isfinite(scale):
            self.bench.options = replace(self.options, gap=0.0, absolute_gap=GAP_SHARE * self.options.gap * scale)
        else:
            self.bench.options = replace(self.options, gap=GAP_SHARE * self.options.gap)

    def _begin(self) -> None:
        """The decisions of the plans given, held."""
        said = self.world.merged(
            {
                name: part.decided(start_values(part.model, self.task.start[name]))
                for name, part in self.parts.items()
                if name in self.task.start
            }
        )
        decided: dict[Shared, float] = {}
        for name in self.tree.names:
            decided |= {key: value for key, value in said.get(name, {}).items() if key not in decided}
        decided = {key: float(np.clip(value, *self.bounds[key])) for key, value in decided.items()}
        if decided or not self.months:
            self._try(decided)
            if not self.months and self.world.any(bool(self.bench.infeasible)):
                raise Ended("infeasible")
            self._say("plans given" if decided else "apart")
            self._check()

    def _hedge(self) -> str:
        """Progressive hedging until the bounds meet, time is over or nothing moves any more; says which."""
        if not self.months:
            # nothing is shared: every scenario by itself is all there is
            self.lower = max(self.lower, -math.inf if self.best is None else self.best.bound)
            return "nothing is shared"
        with quietly(log):
            from planner.uncertain.hedging import Hedging
            from planner.uncertain.hedging import Tree as NamedTree

            tree = NamedTree(self.stages, self.bounds, self.months)
            hedging = Hedging(tree, self.parts, self.priced, self._solve_all, self, ITERATIONS, self.world.comm)
            hedging.ph_main(finalize=False)
        return "iterations"

    def _solve_all(self, problems: Mapping[str, Compiled]) -> dict[str, tuple[Vector, float, float]]:
        starts = {
            name: np.concatenate([self.last[name], np.full(len(arrays.columns) - len(self.last[name]), np.nan)])
            for name, arrays in problems.items()
            if name in self.last
        }
        units = {name: self.parts[name].model.units for name in problems}
        held = {name: Held(arrays, units[name]) for name, arrays in problems.items()}
        found = self.bench.best(held, lot=True, starts=starts)
        if self.world.any(bool(self.bench.infeasible)):
            raise Ended("infeasible")
        if self.world.any(any(each is None for each in found.values())):
            raise Ended("stopped" if self.bench.over else "a scenario was not solved in its time")
        solved = {name: each for name, each in found.items() if each is not None}
        for name, (values, _, _) in solved.items():
            arrays = self.plain[name]
            self.last[name] = np.where(arrays.integer, values[: len(arrays.columns)], np.nan)
        return solved

    def after(self, hedging: Any, iteration: int) -> None:
        """Both bounds anew, once the scenarios of an iteration are solved; those of iteration 0 are a bound."""
        self.iterations = iteration
        before = self.lower, self.upper
        if iteration == 0:
            self.lower = max(self.lower, float(hedging.Ebound()))
        self._candidates(hedging)
        self._say(f"iteration {iteration}")
        self._check()
        if iteration > 0:
            self.lower = max(self.lower, hedging.bound())
            self._say(f"iteration {iteration}, multipliers")
            self._check()
        self.at_rest = 0 if (self.lower, self.upper) != before else self.at_rest + 1
        if self.at_rest >= REST:
            raise Ended("at rest")

    def proximal(self, hedging: Any) -> dict[Shared, float]:
        """Proximal weights: what a unit weighs by how far the scenarios are apart (Watson and Woodruff 2011)."""
        said = self.world.merged(hedging.solutions())
        most: dict[Shared, float] = {}
        least: dict[Shared, float] = {}
        for each in said.values():
            for key, value in each.items():
                most[key] = max(value, most.get(key, -math.inf))
                least[key] = min(value, least.get(key, math.inf))
        return {key: weight / (most[key] - least[key] + 1.0) for key, weight in self.weights.items()}

    def _candidates(self, hedging: Any) -> None:
        """The scenarios' decisions nearest to the average, the most promising of them worked out."""
        solutions = self.world.merged(hedging.solutions())
        average = self.world.merged(hedging.average())
        promising: list[tuple[float, dict[Shared, float]]] = []
        for _, mine in nearest(solutions, average, self.weights, self.tried.__contains__, SCREENED):
            self.tried.append(mine)
            if self.world.any(self.bench.over):
                break
            decided = self.candidates.completed(mine)
            if decided is not None:
                promising.append((self.candidates.least(decided), decided))
        for least, decided in sorted(promising, key=lambda each: each[0])[:1]:
            if least < self.upper:
                self._try(decided)

    def _try(self, mine: Mapping[Shared, float]) -> None:
        """Works out what decisions come to; the best are kept."""
        decided = self.candidates.completed(mine)
        found = None if decided is None else self.candidates.evaluated(decided)
        if found is not None and found.objective < self.upper:
            self.best, self.upper = found, found.objective
            self._tighten()

    @property
    def _proven(self) -> bool:
        return math.isfinite(self.upper) and self.upper - self.lower <= self.options.gap * abs(self.upper) + 1e-9

    def _check(self) -> None:
        """Ends the hedging when the bounds meet within the gap, or it is time."""
        if self._proven:
            raise Ended("bounds meet")
        if self.world.any(self.bench.over):
            raise Ended("stopped" if self.world.any(self.bench.stopped) else "time limit")

    def _finish(self, form: ExtensiveForm, plans: Mapping[str, Plan] | None) -> Mapping[str, Plan] | None:
        """Searches the extensive form from the best plan, for the rest of the time."""
        self._tell(f"hedging is at rest after {self.iterations} iterations: the extensive form goes on from there")
        outcome = solve(
            form,
            replace(self.options, time_limit=self.bench.left()),
            on_progress=self._from_form,
            should_stop=lambda: self.bench.over,
            start=None if plans is None else form.start(plans),
        )
        if outcome.bound_usd is not None:
            self.lower = max(self.lower, outcome.bound_usd / self.usd)
        if outcome.objective_usd is not None and outcome.values is not None:
            found = outcome.objective_usd / self.usd
            if found < self.upper:
                self.upper, plans = found, form.plans(outcome.values)
        if outcome.status == "infeasible":
            raise Ended("infeasible")
        self._say("extensive form")
        return plans

    def _from_form(self, told: Progress) -> None:
        """What the extensive form tells, with what was known before."""
        upper = min(self.upper, math.inf if told.incumbent_usd is None else told.incumbent_usd / self.usd)
        lower = max(self.lower, -math.inf if told.bound_usd is None else told.bound_usd / self.usd)
        self._progress(lower, upper)

    def _progress(self, lower: float, upper: float) -> None:
        if self.on_progress is not None:
            self.on_progress(
                Progress(
                    time.monotonic() - self.began,
                    upper * self.usd if math.isfinite(upper) else None,
                    min(lower, upper) * self.usd if math.isfinite(lower) else None,
                    _gap(lower, upper),
                )
            )

    def _say(self, what: str) -> None:
        """Where the search stands, to whoever watches and to the log."""
        upper = f"{self.upper * self.usd:,.0f}" if math.isfinite(self.upper) else "none yet"
        lower = f"{self.lower * self.usd:,.0f}" if math.isfinite(self.lower) else "none yet"
        gap = _gap(self.lower, self.upper)
        share = "-" if gap is None else f"{gap:.2%}"
        self._tell(f"{what}: plan {upper}, bound {lower} USD, gap {share}, {time.monotonic() - self.began:.0f} s")
        self._progress(self.lower, self.upper)

    def _tell(self, line: str) -> None:
        if self.world.rank == 0:
            self.lines.append(line)
            log.info("Decomposition: %s", line)

    def _outcome(self, plans: Mapping[str, Plan] | None, why: str) -> DecomposedOutcome:
        seconds, lines = time.monotonic() - self.began, tuple(self.lines)
        lower = min(self.lower, self.upper) * self.usd if math.isfinite(self.lower) else None
        if why == "infeasible":
            return DecomposedOutcome("infeasible", None, None, None, None, seconds, self.iterations, why, lines)
        if plans is None:
            return DecomposedOutcome("no_plan", None, None, lower, None, seconds, self.iterations, why, lines)
        status: Literal["optimal", "stopped"] = "optimal" if self._proven else "stopped"
        upper, gap = self.upper * self.usd, _gap(self.lower, self.upper)
        return DecomposedOutcome(status, plans, upper, lower, gap, seconds, self.iterations, why, lines)


def _gap(lower: float, upper: float) -> float | None:
    """The relative gap between two bounds, None without one of them."""
    if not (math.isfinite(upper) and math.isfinite(lower)):
        return None
    return max(0.0, upper - lower) / abs(upper) if upper else 0.0
