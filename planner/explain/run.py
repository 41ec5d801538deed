"""One explanation of a plan, from files to files."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models.audit import AuditReport, audit, audit_scenario_set
from models.build import build_model
from models.cancellation import cancelled_by
from models.dataset import Dataset
from models.estimate import Estimate
from models.faults import FaultyWorkbook
from models.stochastic.plan_problem import Plans
from models.stochastic.risk import Measure
from models.stochastic.solution import StochasticSolution
from models.stochastic.tree import ScenarioTree
from planner.analysis.plan_audit import measure_of
from planner.analysis.plan_comparison import input_changes
from planner.command import CommandResult, Refused, run_and_record, subject
from planner.errors import ExitCode, Interrupted, OutOfTime, WrongUsage
from planner.excel.input_sheet import read_input
from planner.excel.plan_reader import read_plan, run_record
from planner.excel.scenario_plan_reader import problem_of_plan, read_written_plans
from planner.explain.better_plan import BetterPlan, better_plan_workbook
from planner.explain.document import explanation_json
from planner.explain.explanation import LATE_SECONDS, SEARCH_SHARE, Explanation, explain_plan
from planner.explain.ranges import Variation, check_variations
from planner.explain.report import explanation_workbook
from planner.explain.words import explanation_lines
from planner.files.outputs import EXPLANATION_SHEET, Outputs, name_of, outputs_of
from planner.interrupt import Stop
from planner.problem_reader import read
from planner.reports.scenarios.terminal import NO_PLAN
from planner.reports.terminal import audit_lines
from planner.solving.held_rows import one_plan, one_start, solve_holding
from planner.solving.problem import SolveOptions
from planner.solving.progress import LiveText, ProgressLines
from planner.solving.time_limit import TimeLimit
from planner.solving.worker_pool import WorkerPool, default_workers
from planner.stochastic.solve import solve_stochastic
from planner.terminal import PHASE
from planner.text_table import Line

FIRST_SOLVE_SHARE = 0.4
"""Share of the time limit for finding a plan where none is given."""
SEARCH_SHARE_VARIED = 0.9
"""Of the time for ranges, what goes into searches; decisions are compared between neighbours in the rest."""

log = logging.getLogger("planner")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainRequest:
    """A workbook and its plan to explain.

    Parameters
    ----------
    input_path : Path
        The workbook.
    plan_path : Path, optional
        A plan of it; without one a plan is found first.
    output : Path, optional
        The report; without it `outputs/<input>/<UTC time>/explanation.xlsx`.
    vary : tuple of Variation
        Ranges to solve along, instead of explaining offers.
    conflict : bool
        Where no plan exists, also name rules that cannot hold together.
    gap : float
        Relative optimality gap of every solve.
    time_limit : float
        Seconds for everything together.
    workers : int
        Solves in parallel; 0 for one per core.
    threads : int
        Solver threads of the first solve, where no plan is given; 0 lets the solver choose.
    seed : int
        Random seed of the solver.
    overrides : tuple of str
        Cells overridden, `sheet.key.column=value`.
    """

    input_path: Path
    plan_path: Path | None = None
    output: Path | None = None
    vary: tuple[Variation, ...] = ()
    conflict: bool = False
    gap: float = 0.001
    time_limit: float = 540.0
    workers: int = 0
    threads: int = 0
    seed: int = 0
    overrides: tuple[str, ...] = ()


def explain(request: ExplainRequest, live: LiveText | None = None) -> CommandResult:
    """Explain a plan, write the report and return the result.

    The exit code is 0 when done, 3 when no plan exists (the result says what to change), 4 when interrupted, 5 when no
    plan was found in time, 130 or 143 when it was stopped before there was one, and 6 when the plan breaks a rule of
    the workbook.

    Raises
    ------
    CannotWrite
        The report cannot be written.
    """
    sheets = {EXPLANATION_SHEET}
    outputs = outputs_of(request.input_path, request.output, Path("outputs"), name="explanation", sheets=sheets)
    files = subject(input_path=request.input_path, plan_path=request.plan_path)
    with Stop("Stopping; what is known by now is told. Ctrl-C again ends at once, without it.") as stop:
        return run_and_record(outputs, files, _Explainer(request, outputs, stop, live).run)


class _Explainer:
    """One explanation."""

    def __init__(self, request: ExplainRequest, outputs: Outputs, stop: Stop, live: LiveText | None) -> None:
        self.request, self.outputs, self.stop, self.live = request, outputs, stop, live
        self.began = time.monotonic()
        self.workers = request.workers or default_workers()
        self._logged_at = 0.0
        self.infeasible_scenario = ""
        """The scenario that no plan serves; "" without scenarios."""

    @property
    def seconds_left(self) -> float:
        """What is left of the time limit."""
        return max(1.0, self.request.time_limit - (time.monotonic() - self.began))

    def run(self) -> CommandResult:
        """Explain, or say what to change where no plan exists."""
        dataset = self._dataset()
        check_variations(dataset, self.request.vary)
        self.stop.draining = True
        plan, cost = self._plan(dataset)
        if plan is None:
            return self._infeasible(dataset)
        if self.request.vary:
            return self._vary(dataset, plan, cost)
        explanation = explain_plan(
            dataset,
            plan,
            cost,
            seconds=self.seconds_left,
            gap=self.request.gap,
            seed=self.request.seed,
            workers=self.workers,
            stop=self.stop,
            on_progress=self._show_progress,
        )
        seconds = time.monotonic() - self.began
        explanation = replace(explanation, seconds=seconds)
        document = explanation_json(explanation, dataset) | {
            "status": "explained",
            "seconds": seconds,
            "explanation_path": str(self.outputs.plan),
        }
        files = {self.outputs.plan: explanation_workbook(dataset, explanation)}
        return self._with_better_plan(dataset, explanation.better, self._lines(dataset, explanation), document, files)

    def _with_better_plan(
        self,
        dataset: Dataset,
        better: BetterPlan | None,
        lines: Sequence[Line],
        document: dict[str, Any],
        files: dict[Path, bytes],
    ) -> CommandResult:
        """The result; a better plan that was found on the way is written too."""
        if better is not None:
            path, content = better_plan_workbook(dataset, better, self.outputs.plan)
            files = files | {path: content}
            lines, document = [*lines, f"  Better plan  {path}"], document | {"better_plan_path": str(path)}
        return CommandResult(lines, document, self._exit_code, files)

    @property
    def _exit_code(self) -> ExitCode:
        return ExitCode.STOPPED_WITH_PLAN if self.stop.requested else ExitCode.OK

    def _dataset(self) -> Dataset:
        path, plan_path = self.request.input_path, self.request.plan_path
        log.info("Reading %s", path, extra=PHASE)
        with cancelled_by(TimeLimit(self.request.time_limit, self.began).check):
            dataset = read(path, self.request.overrides).valid_dataset()
        return dataset if plan_path is None else problem_of_plan(plan_path, dataset)

    def _plan(self, dataset: Dataset) -> tuple[Plans | None, Estimate]:
        """Return the plan to explain and the range of the least cost; None when no plan exists."""
        path = self.request.plan_path
        if path is None:
            return self._solve_together(dataset) if dataset.scenarios else self._solve(dataset)
        plan, report = _read_and_audited(path, dataset)
        if not report.passed:
            reason = f"{path} is not a plan of {self.request.input_path} as it is now, so nothing is explained."
            lines = [*audit_lines(report), reason]
            raise Refused(CommandResult(lines, {"status": "rejected"}, ExitCode.REJECTED_BY_AUDIT))
        return plan, Estimate.optimum(_recorded_bound(path, dataset), plan.objective_usd)

    def _solve_together(self, dataset: Dataset) -> tuple[Plans | None, Estimate]:
        """As `_solve`, for all scenarios, by the settings' measure."""
        log.info("Solving, because no plan is given", extra=PHASE)
        found = solve_stochastic(
            dataset,
            Measure.of(dataset),
            self._options(FIRST_SOLVE_SHARE * self.seconds_left, threads=self.request.threads),
            self.stop,
            lambda what: ProgressLines(what, dataset.settings.currency, self.live),
        )
        if found.best is not None:
            bound = found.best.bound_usd
            plans = found.best.in_order_of(dataset)
            return plans, Estimate.optimum(bound if math.isfinite(bound) else None, found.best.objective_usd)
        if found.infeasible:
            self.infeasible_scenario = found.infeasible[0]
            return None, Estimate.unknown()
        if found.status == "infeasible":
            lines = [f"{found.why}. {NO_PLAN}"]
            raise Refused(CommandResult(lines, {"status": "infeasible"}, ExitCode.INFEASIBLE))
        raise self._not_found()

    def _solve(self, dataset: Dataset) -> tuple[Plans | None, Estimate]:
        lines = ProgressLines("Plan", dataset.settings.currency, self.live)
        options = self._options(FIRST_SOLVE_SHARE * self.seconds_left, threads=self.request.threads)
        log.info("Solving, because no plan is given", extra=PHASE)
        try:
            model, outcome = solve_holding(
                dataset,
                build_model,
                one_plan,
                options,
                start=one_start,
                on_progress=lines.update,
                should_stop=lambda: lines.stopped_by(self.stop),
            )
        except OutOfTime:
            raise self._not_found() from None
        if outcome.values is None:
            if outcome.status == "infeasible":
                return None, Estimate.unknown()
            raise self._not_found()
        plan = model.plan(outcome.values)
        return plan, Estimate.optimum(outcome.bound_usd, plan.objective_usd)

    def _not_found(self) -> Refused:
        if self.stop.requested:
            line = "Stopped before a plan was found, so nothing is explained."
            code = Interrupted(self.stop.signal_number).exit_code
        else:
            line = "No plan was found in time, so nothing is explained. Raise --time-limit, or give a PLAN."
            code = ExitCode.STOPPED_WITHOUT_PLAN
        return Refused(CommandResult([line], {"status": "no_plan"}, code))

    def _options(self, seconds: float, threads: int = 1) -> SolveOptions:
        return SolveOptions(self.request.gap, seconds, threads, self.request.seed)

    def _show_progress(self, done: int, count: int) -> None:
        """Show progress on a live line, or log it every ten seconds; nothing before there is something to solve."""
        if not count:
            return
        seconds = time.monotonic() - self.began
        text = f"Explaining: {done} of {count} solves done, {seconds:.0f} s"
        if self.live is not None:
            self.live.show(text)
        elif seconds - self._logged_at >= 10.0:
            self._logged_at = seconds
            log.info("%s", text)

    def _lines(self, dataset: Dataset, explanation: Explanation) -> list[str]:
        name = explanation.plan_name or name_of(self.request.input_path)
        lines = [f"{name}, explained in {explanation.seconds:.0f} s."]
        lines += [f"  {each}" for each in explanation_lines(explanation, dataset)]
        return [*lines, f"  Explanation  {self.outputs.plan}"]

    def _infeasible(self, dataset: Dataset) -> CommandResult:
        from planner.analysis.infeasibility import explain_infeasible
        from planner.reports.infeasibility import repair_lines, repairs_json, repairs_workbook

        log.info("No plan exists; looking for the smallest changes that make one possible", extra=PHASE)
        dataset = dataset.in_scenario(self.infeasible_scenario)
        found = explain_infeasible(dataset, seconds=self.seconds_left, stop=self.stop, conflict=self.request.conflict)
        document = {"status": "infeasible", "explanation_path": str(self.outputs.plan)} | repairs_json(found, dataset)
        lines = [*repair_lines(found, dataset), f"  Explanation  {self.outputs.plan}"]
        files = {self.outputs.plan: repairs_workbook(dataset, found)}
        return CommandResult(lines, document, ExitCode.INFEASIBLE, files)

    def _vary(self, dataset: Dataset, plan: Plans, cost: Estimate) -> CommandResult:
        from planner.explain.sensitivity import vary
        from planner.explain.sensitivity_report import variation_lines, variations_workbook
        from planner.explain.sensitivity_tables import variations_json

        left = self.seconds_left
        with WorkerPool(self.workers, SEARCH_SHARE_VARIED * left, self.stop, grace=LATE_SECONDS) as workers:
            found = vary(
                dataset,
                plan,
                cost,
                self.request.vary,
                workers,
                self._options(left),
                self._show_progress,
                until=time.monotonic() + SEARCH_SHARE * left,
            )
        document = {"status": "varied", "explanation_path": str(self.outputs.plan)} | variations_json(found, dataset)
        lines = [*variation_lines(found, dataset), f"  Explanation  {self.outputs.plan}"]
        files = {self.outputs.plan: variations_workbook(dataset, found)}
        return self._with_better_plan(dataset, found.better, lines, document, files)


def _read_and_audited(path: Path, dataset: Dataset) -> tuple[Plans, AuditReport]:
    """A plan, with scenarios the plans of all of them by the measure that they were made for."""
    if not dataset.scenarios:
        plan = read_plan(path, dataset)
        return plan, audit(dataset, plan)
    written = read_written_plans(path, dataset)
    measure, probability = measure_of(dataset, written), ScenarioTree(dataset).probability
    if measure is None:
        raise WrongUsage(
            f"{path} does not say what every scenario would cost if it were certain, from which regret is measured. "
            "Solve again with more time, and explain that plan."
        )
    plans = StochasticSolution.of_plans(measure, probability, written.plans)
    return plans, audit_scenario_set(dataset, written.plans)


def _recorded_bound(path: Path, dataset: Dataset) -> float | None:
    """What every plan costs at least, USD, where a plan's file tells it of this very problem; else None."""
    bound = run_record(path).get(("run", "bound_usd"))
    if not isinstance(bound, (int, float)):
        return None
    try:
        return None if input_changes(read_input(path), dataset) else float(bound)
    except FaultyWorkbook:  # of before plans carried their input
        return None
