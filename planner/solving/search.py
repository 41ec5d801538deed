"""The search for the least cost: a first plan, the solver, its answer checked, and the best dispatch for its decisions.

The solver is not taken at its word. Costs are recomputed in the problem's own arrays, the status follows from cost and
bound, and "no plan exists" is believed after a second look without presolve. Problems of up to `SMALL_NONZEROS` that
took no longer than `SECOND_LOOK_SECONDS` are solved twice, the second time without presolve. Where one answer's plan
costs less than the other's bound, or one finds a plan where the other says that there is none, a third run follows;
then the cheapest plan stands, with the lowest bound that any of the runs proved.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from models.core.vector import Vector
from models.supply.signing_columns import whole_but_sites
from planner.solving.dispatch import LEAST_POLISH, POLISH_SECONDS, polish
from planner.solving.exactness import PRECISION, ROUNDING, added_up, cost_of, duality_gap, violation
from planner.solving.highs import LEFT_BEHIND, HighsSolver, Status
from planner.solving.highs_reports import finite
from planner.solving.pipeline.quiet import without_heuristics
from planner.solving.pipeline.standing import DECIDED, INTERRUPTED, LEFT_OPEN, PROVEN, TIME_OVER, Standing
from planner.solving.problem import CompiledProblem, Outcome, Progress, SolveOptions
from planner.solving.start import begin_from, start_words
from planner.solving.time_limit import seconds_after

LARGE = 800
"""Whole-number columns from which it is searched in parts (`planner.solving.pipeline`); below HiGHS alone is faster."""
SMALL_NONZEROS = 20_000
"""Problems with no more nonzeros are solved a second time, without presolve."""
SECOND_LOOK_SECONDS = 1.0
"""The second time is cut off after this, and left out where the first one took longer: it would not come to an end."""
TIGHT = 1e-9
"""The solver's tolerance, in its units, in a further run where its usual one of 1e-6 leaves the gap open."""
COST_NOISE = 1e-9
"""Differences of cost below this share of what the objective adds up are noise."""

ENDED_EARLY = (TIME_OVER, INTERRUPTED, LEFT_BEHIND, DECIDED)
"""HiGHS's words for a search that was ended before it found a plan; any others without a plan are looked at again."""

OnProgress = Callable[[Progress], None] | None
ShouldStop = Callable[[], bool] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one run of the solver says: its bound and its best values, in model units.

    `ended`: how it ended; `dispatch_gap`: of its values, see `polish`;
    `proven`: the solver itself says that its gap is closed or that there is no plan.
    """

    ended: Literal["plan", "infeasible", "nothing"]
    proven: bool
    bound: float
    values: Vector | None
    objective: float
    why: str
    dispatch_gap: float | None = None


def solve(
    problem: CompiledProblem,
    options: SolveOptions,
    *,
    on_progress: OnProgress = None,
    should_stop: ShouldStop = None,
    start: Vector | None = None,
) -> Outcome:
    """Finds the least-cost values of a problem's columns.

    Parameters
    ----------
    problem
        Arrays in model units, and the units.
    options
        Gap, time limit and the like.
    on_progress
        Is given where the search stands, now and then.
    should_stop
        Is asked often; once it says yes the best plan found is kept.
    start
        A value per column to begin from, NaN where there is none.

    Returns
    -------
    Outcome
        The plan found and what is proven of its cost.

    Raises
    ------
    ModelRefused
        The solver does not take the numbers of the problem.
    """
    return _CheckedSearch(problem, options, on_progress, should_stop).outcome(start)


class _CheckedSearch:
    def __init__(
        self, problem: CompiledProblem, options: SolveOptions, on_progress: OnProgress, should_stop: ShouldStop
    ) -> None:
        self.problem, self.arrays, self.options = problem, problem.compiled, options
        self.on_progress, self.should_stop = on_progress, should_stop
        self.began = time.monotonic()
        self.log: list[str] = []
        self.parts: dict[str, float] = {}
        self.stopped = self.planned = False

    def outcome(self, start: Vector | None) -> Outcome:
        if not self.arrays.columns:
            usd = self.arrays.offset * self.problem.units.usd
            return Outcome("optimal", usd, usd, 0.0, np.zeros(0), 0.0, "nothing to decide", (), dispatch_gap=0.0)
        before, begin = list[Answer](), start
        answer, became = self._by_decisions(start)
        if answer is not None and answer.why == LEFT_OPEN:
            before, begin, answer = [answer], answer.values, None
        if answer is None and self._parts_pay():
            answer = self._in_parts(begin)
        if answer is None:
            answer = self._run(None) if begin is None else self._begun(begin)
        if start is not None:
            became = became or start_words(self.log)
        answers = [answer, *(replace(each, why=answer.why) for each in before), *self._second_looks(answer)]
        return replace(self._concluded(answers), start=became, parts=self.parts)

    def _parts_pay(self) -> bool:
        """Whether there is much to decide, and not mostly where work runs, which HiGHS finds sooner alone."""
        least, whole = self.options.parts_from, int(self.arrays.integer.sum())
        return whole >= (LARGE if least is None else least) and 2 * whole_but_sites(self.arrays) >= whole

    def _in_parts(self, start: Vector | None) -> Answer | None:
        """The answer of a search in parts; None where it found no plan."""
        from planner.solving.pipeline.coarse_search import search_large  # loaded for large problems alone

        standing = self._standing()
        ended = search_large(self.problem, standing, start)
        self.log, self.stopped, self.parts = standing.log, standing.stopped, standing.seconds
        if standing.values is None:
            return Answer("nothing", False, standing.bound, None, math.inf, DECIDED) if standing.decided else None
        why = DECIDED if standing.decided and not standing.closed else ended.why
        if why == INTERRUPTED and not standing.stopped:  # by another part that closed the gap, or by the time limit
            why = PROVEN if ended.proven else TIME_OVER
        return self._plan(ended.proven, standing.bound, standing.values, why)

    def _by_decisions(self, start: Vector | None) -> tuple[Answer | None, str]:
        """The answer of a search of decisions by turns with the rest, and what became of a start.

        None where the rest does not fall into parts, or no plan was found.
        """
        from planner.solving.pipeline.decision_search import master_of, search_decisions

        asked = self.options.gap > 0.0 or bool(self.options.absolute_gap)
        master = master_of(self.problem) if asked else None
        if master is None:
            return None, ""
        standing = self._standing()
        became = search_decisions(self.problem, master, standing, start)
        self.log, self.stopped, self.parts = standing.log, standing.stopped, standing.seconds
        if standing.values is not None:
            return self._plan(standing.closed, standing.bound, standing.values, standing.words), became
        return Answer("nothing", False, standing.bound, None, math.inf, DECIDED) if standing.decided else None, ""

    def _standing(self) -> Standing:
        return Standing(
            self.arrays, self.options, self.problem.units.usd, self.began, self.on_progress, self.should_stop
        )

    def _begun(self, start: Vector) -> Answer:
        """The answer of HiGHS alone from a start, without its own searches for plans where that is near."""
        if self.arrays.integer.any():
            start, is_near = begin_from(self.problem, start, self._options_left, self.should_stop)
            return self._run(start, heuristics=not is_near)
        return self._run(start)

    def _options_left(self, most: float = math.inf) -> SolveOptions:
        """The options with what is left of the time limit, at most so many seconds."""
        limit = min(self._left(), most)
        return replace(self.options, time_limit=None if math.isinf(limit) else limit)

    def _left(self) -> float:
        """Seconds left of the time limit, and while there is no plan of what may be taken besides."""
        limit, more = self.options.time_limit, 0.0 if self.planned else self.options.without_plan
        return math.inf if limit is None else max(0.1, self.began + limit + more - time.monotonic())

    @property
    def _late(self) -> bool:
        """Whether a search may go on only because it has no plan."""
        limit = self.options.time_limit
        return limit is not None and self.options.without_plan > 0.0 and time.monotonic() > self.began + limit

    def _run(
        self,
        first: Vector | None = None,
        *,
        presolve: bool = True,
        heuristics: bool = True,
        seed: int = 0,
        most: float = math.inf,
        tolerance: float | None = None,
    ) -> Answer:
        options = replace(self._options_left(most), seed=self.options.seed + seed)
        solver = HighsSolver(self.arrays, options, self.problem.units.usd)
        if not heuristics:
            without_heuristics(solver)
        if not presolve:
            solver.set("presolve", "off")
        if tolerance is not None:
            solver.set("mip_feasibility_tolerance", tolerance)
        solver.give_start(first)
        decided = late = False

        def ended() -> bool:
            nonlocal decided, late
            late = late or (self._late and solver.incumbent is not None)
            seen = solver.progress
            decided = seen is not None and options.is_decided(seen.incumbent_usd, seen.bound_usd)
            return decided or late or (self.should_stop is not None and self.should_stop())

        solver.run(began=self.began, on_progress=self.on_progress, should_stop=ended)
        self.log += solver.log
        self.stopped = self.stopped or (solver.stop and not decided and not late)
        answer = self._answer(solver, first)
        if (decided or late) and answer.why == INTERRUPTED:
            return replace(answer, why=DECIDED if decided else TIME_OVER)
        return answer

    def _answer(self, solver: HighsSolver, first: Vector | None) -> Answer:
        if solver.status == Status.kInfeasible:
            return Answer("infeasible", True, -math.inf, None, math.inf, solver.words)
        values = solver.values
        if values is None and first is not None and not np.isnan(first).any():
            values = first if violation(self.arrays, first) <= PRECISION else None
        if values is None:
            return Answer("nothing", False, solver.bound, None, math.inf, solver.words)
        proven = solver.status == Status.kOptimal
        duals = solver.duals()[1] if proven and not self.arrays.integer.any() else None
        return self._plan(proven, solver.bound, values, solver.words, duals)

    def _plan(self, proven: bool, bound: float, values: Vector, why: str, duals: Vector | None = None) -> Answer:
        """A plan with the best dispatch for its decisions; `duals` of the rows where a linear program was solved."""
        self.planned = True
        dispatch_gap = None if duals is None else duality_gap(self.arrays, values, duals)
        if dispatch_gap is None or dispatch_gap > PRECISION:
            spent = time.monotonic() - self.began
            seconds = seconds_after(self.options.time_limit, spent, LEAST_POLISH, POLISH_SECONDS)
            values, dispatch_gap = polish(self.arrays, values, seconds)
        cost, size = cost_of(self.arrays, values), added_up(self.arrays, values)
        if not self.arrays.integer.any() and (dispatch_gap is None or dispatch_gap > PRECISION):
            # the optimum of a linear program is proven by its duals, whatever it is called
            bound = -math.inf if dispatch_gap is None else min(bound, cost - dispatch_gap * size)
        if abs(bound) <= ROUNDING * size:
            bound = 0.0
        return Answer("plan", proven, bound, values, cost, why, dispatch_gap)

    def _second_looks(self, answer: Answer) -> list[Answer]:
        """Further answers where this one is to be looked at again."""
        small = self.arrays.matrix.nnz <= SMALL_NONZEROS
        unclear = answer.ended == "nothing" and answer.why not in ENDED_EARLY
        quick = time.monotonic() - self.began <= SECOND_LOOK_SECONDS
        checked = answer.ended == "plan" and answer.proven and small and quick and self.options.second_look
        doubtful = unclear or answer.ended == "infeasible" or bool(self._contradiction([answer]))
        answers = []
        if (doubtful or checked) and not self.stopped:
            most = math.inf if doubtful else SECOND_LOOK_SECONDS
            answers.append(self._run(presolve=False, most=most))
        if self.stopped:
            return answers
        if self._contradiction([answer, *answers]):
            answers.append(self._run(presolve=False, seed=1))
        elif answer.proven and not self._closed([answer, *answers]):
            # with a start HiGHS's presolve may lose a part of the objective (1.16), and leave the gap open by that
            answers.append(self._run(answer.values, presolve=False, tolerance=TIGHT))
        return answers

    def _closed(self, answers: Sequence[Answer]) -> bool:
        """Whether the gap asked for is proven of the first; the solver leaves out what is better by its tolerance."""
        first = answers[0]
        return first.ended != "plan" or self._within(first, max(each.bound for each in answers), "")

    def _concluded(self, answers: Sequence[Answer]) -> Outcome:
        contradicted = self._contradiction(answers)
        plans = sorted((each for each in answers if each.values is not None), key=lambda each: each.objective)
        bounds = [each.bound for each in answers if each.ended != "infeasible"]
        bound = (min if contradicted else max)(bounds, default=-math.inf)
        # a second look that its seconds ended changes nothing of an answer that is proven
        telling = [each for each in answers if each.why != TIME_OVER or contradicted or not answers[0].proven]
        why = "; then ".join(dict.fromkeys(each.why for each in telling))
        seconds, unit, log = time.monotonic() - self.began, self.problem.units.usd, tuple(self.log)
        if not plans:
            # presolve alone is not believed: without it the same must have come out
            confirmed = len([each for each in answers if each.ended == "infeasible"]) > 1
            status: Literal["infeasible", "no_plan"] = "infeasible" if confirmed else "no_plan"
            bound_usd = None if confirmed else finite(bound * unit)
            return Outcome(status, None, bound_usd, None, None, seconds, why, log, contradiction=contradicted)
        best = plans[0]
        usd = best.objective * unit
        bound_usd = finite(bound * unit)
        bound_usd = None if bound_usd is None else min(bound_usd, usd)
        gap = None if bound_usd is None else (usd - bound_usd) / abs(usd) if usd else 0.0 if bound_usd == usd else None
        within = self._within(best, bound, contradicted)
        return Outcome(
            "optimal" if within else "stopped",
            usd,
            bound_usd,
            gap,
            best.values,
            seconds,
            why,
            log,
            contradiction=contradicted,
            dispatch_gap=best.dispatch_gap,
            other_values=tuple(each.values for each in plans[1:] if each.values is not None) if contradicted else (),
        )

    def _contradiction(self, answers: Sequence[Answer]) -> str:
        """What contradicts itself in answers to the same problem, in words; "" where nothing does."""
        plans = [each for each in answers if each.values is not None]
        if plans and any(each.ended == "infeasible" for each in answers):
            return "one run of the solver found a plan where another said that none exists"
        for plan in plans:
            for bound in (each.bound for each in answers if math.isfinite(each.bound)):
                if plan.objective < bound - max(PRECISION * abs(bound), self._noise(plan)):
                    return "a plan costs less than a bound that the solver said was proven"
        return ""

    def _noise(self, plan: Answer) -> float:
        """Differences of cost that the solver's tolerances make, in model units."""
        assert plan.values is not None
        return max(PRECISION * abs(plan.objective), COST_NOISE * added_up(self.arrays, plan.values))

    def _within(self, best: Answer, bound: float, contradicted: str) -> bool:
        """Whether the plan's recomputed cost is within the gap asked for of the bound.

        What the solver calls closed may be open by its tolerances once recomputed; no more than that is let pass.
        """
        open_by = best.objective - bound
        noise = self._noise(best) if best.proven and not contradicted else 0.0
        asked = max(self.options.gap * abs(best.objective), self.options.absolute_gap or 0.0)
        return open_by <= max(asked * (1.0 + 1e-9), noise)


def dispatch_proven(outcome: Outcome) -> bool:
    """Whether duals prove, in the problem's own arrays, that no other dispatch for the decisions found costs less."""
    return outcome.dispatch_gap is not None and outcome.dispatch_gap <= PRECISION
