"""Hands a built model to HiGHS and brings the values back.

HiGHS runs in a thread of its own, so that a stop or a time limit is obeyed even while it is somewhere
it cannot be interrupted (presolve): after a grace the best plan it has reported is taken as it is.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

import highspy
import numpy as np
import numpy.typing as npt

from models.build import Model
from models.core.compiled import Compiled
from models.core.scaling import ModelUnits

Vector = npt.NDArray[np.float64]

GRACE_SECONDS = 10.0
"""How long HiGHS may take to stop once told to, before what it has reported is taken."""
_POLL_SECONDS = 0.05
_ABANDONED = "highs, abandoned"
"""The name of the thread of a HiGHS that did not stop in time."""
LARGE = 1500
"""Integer columns from which a first plan is looked for before the search proper; smaller searches find theirs soon."""
_FIRST_PLAN_SHARE = 0.3
"""At most this share of the time limit goes into looking for a first plan."""


@dataclass(frozen=True, slots=True)
class SolveOptions:
    """`gap` relative; `time_limit` in seconds, None for none; `threads` 0 lets HiGHS choose; `seed` >= 0.

    `absolute_gap`, in model units of money, is enough too where it is given. `bounding`: a bound is wanted more than
    a plan, and no time goes into looking for plans beside the search.
    """

    gap: float = 0.001
    time_limit: float | None = None
    threads: int = 0
    seed: int = 0
    absolute_gap: float | None = None
    bounding: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the search stands; money in USD, None while there is none; gap relative."""

    seconds: float
    incumbent_usd: float | None
    bound_usd: float | None
    gap: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What HiGHS said, as it is.

    `status`: optimal (gap proven), stopped (a plan, but stopped by limit or interrupt before the gap
    was proven), infeasible, no_plan (stopped with no plan). `values`: one value per column of the
    model, None without a plan. `why`: HiGHS's own words. `log`: its log lines. `start` says what became
    of a starting plan, "" when none was given.
    """

    status: Literal["optimal", "stopped", "infeasible", "no_plan"]
    objective_usd: float | None
    bound_usd: float | None
    gap: float | None
    values: Vector | None
    seconds: float
    why: str
    log: tuple[str, ...]
    start: str = ""


@dataclass(slots=True)
class Search:
    """What HiGHS has reported so far; written by its thread, read by ours."""

    log: list[str] = field(default_factory=list)
    stop: bool = False
    incumbent: Vector | None = None
    bound: float = -math.inf
    progress: Progress | None = None


class Problem(Protocol):
    """What can be solved: compiled arrays, and the units of their money."""

    @property
    def compiled(self) -> Compiled: ...
    @property
    def units(self) -> ModelUnits: ...


def solve(
    model: Problem,
    options: SolveOptions,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    start: Vector | None = None,
) -> Outcome:
    """Solves; `should_stop` is asked often, and once it says yes the best plan found is kept.

    `start` gives a value per column to begin from, NaN where it has none.
    """
    began = time.monotonic()
    arrays, search = model.compiled, Search()
    if not arrays.columns:
        usd = arrays.offset * model.units.usd
        return Outcome("optimal", usd, usd, 0.0, np.zeros(0), 0.0, "nothing to decide", ())
    # an earlier solve of this process may have asked for another number of threads
    highspy.Highs.resetGlobalScheduler(True)
    first = start
    if start is None and not options.bounding and arrays.integer.sum() >= LARGE:
        first = search.incumbent = first_plan(arrays, options, began, should_stop)
    left = None if options.time_limit is None else max(0.1, began + options.time_limit - time.monotonic())
    highs = load(arrays, replace(options, time_limit=left))
    listen(highs, search, began, model.units.usd)
    _give_start(highs, first)
    finished = run_highs(highs, search, options, began, on_progress, should_stop)
    if finished and highs.getModelStatus() == highspy.HighsModelStatus.kUnboundedOrInfeasible:
        highs.setOptionValue("presolve", "off")
        finished = run_highs(highs, search, options, began, on_progress, should_stop)
    outcome = _outcome(model, highs, search, finished, began)
    return outcome if start is None else _with_start(outcome, search)


def load(arrays: Compiled, options: SolveOptions) -> highspy.Highs:
    """HiGHS with a problem and options, ready to run."""
    highs = highspy.Highs()
    # the callbacks that report progress fire only while output is on
    highs.setOptionValue("output_flag", True)
    highs.setOptionValue("log_to_console", False)
    highs.setOptionValue("mip_rel_gap", float(options.gap))
    least = 0.0 if options.gap == 0.0 else 1e-6
    highs.setOptionValue("mip_abs_gap", least if options.absolute_gap is None else float(options.absolute_gap))
    highs.setOptionValue("threads", int(options.threads))
    highs.setOptionValue("random_seed", int(options.seed))
    if options.time_limit is not None:
        highs.setOptionValue("time_limit", float(options.time_limit))
    if options.bounding:
        highs.setOptionValue("mip_heuristic_effort", 0.0)
        for each in ("rins", "rens", "root_reduced_cost"):  # searches of their own, whatever the effort
            highs.setOptionValue(f"mip_heuristic_run_{each}", False)
    lp = highspy.HighsLp()
    rows, columns = arrays.matrix.shape
    lp.num_col_, lp.num_row_ = columns, rows
    lp.col_cost_, lp.offset_ = arrays.cost, arrays.offset
    lp.col_lower_, lp.col_upper_ = arrays.lower, arrays.upper
    lp.row_lower_, lp.row_upper_ = arrays.row_lower, arrays.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = columns, rows
    lp.a_matrix_.start_ = arrays.matrix.indptr
    lp.a_matrix_.index_ = arrays.matrix.indices
    lp.a_matrix_.value_ = arrays.matrix.data
    if arrays.integer.any():
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kInteger if each else kinds.kContinuous for each in arrays.integer]
    highs.passModel(lp)
    return highs


def listen(highs: highspy.Highs, search: Search, began: float, unit: float) -> None:
    """Notes log lines, progress and incumbents; answers whether to stop."""

    def on_log(event: Any) -> None:
        search.log.extend(line for line in event.message.splitlines() if line.strip())

    def on_progress(event: Any) -> None:
        told = event.data_out
        search.bound = max(search.bound, told.mip_dual_bound)
        search.progress = Progress(
            time.monotonic() - began,
            _finite(told.mip_primal_bound * unit),
            _finite(told.mip_dual_bound * unit),
            _finite(told.mip_gap),
        )

    def on_incumbent(event: Any) -> None:
        search.incumbent = np.array(event.data_out.mip_solution, dtype=float)

    def on_interrupt(event: Any) -> None:
        event.data_in.user_interrupt = search.stop

    highs.cbLogging.subscribe(on_log)
    highs.cbMipLogging.subscribe(on_progress)
    highs.cbMipImprovingSolution.subscribe(on_incumbent)
    for interrupt in (highs.cbMipInterrupt, highs.cbSimplexInterrupt, highs.cbIpmInterrupt):
        interrupt.subscribe(on_interrupt)


def first_plan(
    arrays: Compiled, options: SolveOptions, began: float, should_stop: Callable[[], bool] | None
) -> Vector | None:
    """A plan to begin a large search from: whole decisions of the relaxation kept, the others searched; None if none.

    The relaxation leaves most signings at 0 and a few between whole numbers; with the first held, what is
    left is small.
    """
    budget = None if options.time_limit is None else _FIRST_PLAN_SHARE * options.time_limit
    brief = replace(options, gap=max(options.gap, 0.005), time_limit=budget)
    values: Vector | None = None
    for integer in (np.zeros_like(arrays.integer), arrays.integer):
        lower, upper = arrays.lower, arrays.upper
        if values is not None:
            whole = arrays.integer & (np.abs(values - np.round(values)) <= 1e-6)
            lower, upper = np.where(whole, np.round(values), lower), np.where(whole, np.round(values), upper)
        highs = load(arrays.within(lower, upper, integer), brief)
        highs.setOptionValue("mip_max_nodes", 500)
        search = Search()
        listen(highs, search, began, 1.0)
        if not run_highs(highs, search, brief, time.monotonic(), None, should_stop):
            return None
        if highs.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return None
        values = np.array(highs.getSolution().col_value, dtype=float)
    return values


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) and abs(value) < 1e100 else None


def _give_start(highs: highspy.Highs, start: Vector | None) -> None:
    if start is not None:
        given = np.flatnonzero(~np.isnan(start)).astype(np.int32)
        highs.setSolution(len(given), given, start[given])


def _with_start(outcome: Outcome, search: Search) -> Outcome:

    used = any("start solution is feasible" in line.lower() for line in search.log)
    refused = any("infeasible" in line.lower() for line in search.log)
    word = "taken as the first plan" if used else "not needed: the problem was solved before any search"
    if refused and not used:
        word = "refused by the solver: it does not fit this workbook as it stands"
    return replace(outcome, start=word)


def run_highs(
    highs: highspy.Highs,
    search: Search,
    options: SolveOptions,
    began: float,
    on_progress: Callable[[Progress], None] | None,
    should_stop: Callable[[], bool] | None,
) -> bool:
    """Runs HiGHS; True when it came to an end by itself, False when it had to be left behind."""
    worker = threading.Thread(target=highs.run, daemon=True, name="highs")
    worker.start()
    deadline = math.inf if options.time_limit is None else began + options.time_limit + GRACE_SECONDS
    shown: Progress | None = None
    while worker.is_alive():
        worker.join(_POLL_SECONDS)
        if on_progress is not None and search.progress is not shown and search.progress is not None:
            shown = search.progress
            on_progress(shown)
        if not search.stop and should_stop is not None and should_stop():
            search.stop = True
            deadline = min(deadline, time.monotonic() + GRACE_SECONDS)
        if time.monotonic() > deadline and worker.is_alive():
            search.stop, worker.name = True, _ABANDONED
            return False
    return True


def abandoned_solver_alive() -> bool:
    """Whether a HiGHS that did not stop in time is still at work in this process."""
    return any(each.name == _ABANDONED for each in threading.enumerate())


def _outcome(model: Problem, highs: highspy.Highs, search: Search, finished: bool, began: float) -> Outcome:
    values, bound, why, status = search.incumbent, search.bound, "left behind after its time", None
    if finished:
        status, info, solution = highs.getModelStatus(), highs.getInfo(), highs.getSolution()
        why = highs.modelStatusToString(status)
        if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
            values = np.array(solution.col_value, dtype=float)
        is_mip = bool(model.compiled.integer.any())
        bound = info.mip_dual_bound if is_mip else info.objective_function_value

    def ended(word: Literal["optimal", "stopped", "infeasible", "no_plan"], best: Vector | None = None) -> Outcome:
        unit, log = model.units.usd, tuple(search.log)
        usd_bound = _finite(bound * unit) if word != "infeasible" else None
        seconds = time.monotonic() - began
        if best is None:
            return Outcome(word, None, usd_bound, None, None, seconds, why, log)
        if word == "optimal" and not model.compiled.integer.any():
            objective = model.compiled.objective(best)
        else:
            best, objective = polish(model.compiled, best)
        usd = objective * unit
        usd_bound = None if usd_bound is None else min(usd_bound, usd)
        gap = None if usd_bound is None else (usd - usd_bound) / abs(usd) if usd else 0.0
        return Outcome(word, usd, usd_bound, gap, best, time.monotonic() - began, why, log)

    infeasible = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
    if status in infeasible:
        return ended("infeasible")
    if values is None:
        return ended("no_plan")
    return ended("optimal" if status == highspy.HighsModelStatus.kOptimal else "stopped", values)


def polish(arrays: Compiled, values: Vector) -> tuple[Vector, float]:
    """The best plan with the same integer decisions, these exactly whole; and its objective (model units).

    A solver's integers are whole within a tolerance only, and an incumbent met on the way need not be
    the best for its integers. Where the rounded integers admit no plan, `values` is returned as it is.
    """
    highs = load(_held(arrays, np.where(arrays.integer, values, np.nan)), SolveOptions(gap=0.0, time_limit=60.0))
    highs.run()
    if highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
        values = np.array(highs.getSolution().col_value, dtype=float)
    return values, arrays.objective(values)


def _held(arrays: Compiled, decisions: Vector) -> Compiled:
    """The problem with columns held at whole numbers, those that are NaN left free."""
    held = ~np.isnan(decisions)
    whole = np.round(decisions[held])
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[held], upper[held] = whole, whole
    return arrays.within(lower, upper, arrays.integer & ~held)


@dataclass(frozen=True, slots=True)
class ArrayProblem:
    """A problem as arrays, made from a model's."""

    compiled: Compiled
    units: ModelUnits


def hold(model: Problem, decisions: Vector) -> ArrayProblem:
    """The problem with columns held at whole numbers; those that are NaN are still to be decided."""
    return ArrayProblem(_held(model.compiled, decisions), model.units)


@dataclass(frozen=True, slots=True)
class LocalOptimum:
    """The best of a problem with its integer decisions held: values, and duals of columns and rows in model units.

    A column's dual is what a unit more of it changes of the objective; a row's, what a unit more of its
    right-hand side does.
    """

    values: Vector
    column_duals: Vector
    row_duals: Vector


def local_optimum(model: Model, decisions: Vector, time_limit: float = 60.0) -> LocalOptimum | None:
    """Holds the integer columns at `decisions` (NaN: the best is looked for first), solves, and reads the duals.

    None where these decisions admit no plan, or it is not found in `time_limit` seconds.
    """
    arrays, options = model.compiled, SolveOptions(gap=0.0, time_limit=time_limit)
    decisions = np.where(arrays.integer, decisions, np.nan)
    for _ in range(2):  # first for decisions left open, then, all held, for the duals
        highs = load(_held(arrays, decisions), options)
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = highs.getSolution()
        values = np.array(solution.col_value, dtype=float)
        if not np.isnan(decisions[arrays.integer]).any():
            break
        decisions = np.where(arrays.integer, values, np.nan)
    duals = np.array(solution.col_dual, dtype=float), np.array(solution.row_dual, dtype=float)
    return LocalOptimum(values, *duals)
