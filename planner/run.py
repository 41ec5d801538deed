"""One run, from a workbook to a plan: read, build, solve, audit, write.

Every run leaves `run.json` and `run.log`, with or without a plan.
"""

from __future__ import annotations

import json
import logging
import platform
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from models.dataset import Dataset
from models.faults import FaultyWorkbook
from models.plan import Plan
from planner import __version__
from planner.console import log_to
from planner.errors import CannotWrite, ExitCode, InternalFault, Interrupted, PlannerError, WrongUsage, why_not
from planner.outputs import EXPLANATION_SHEET, PLAN_SHEETS, Outputs, free_name, outputs_of, sheet_names
from planner.problem_reader import read
from planner.reports.plan.workbook import write_plan, write_plan_for_all
from planner.reports.run_result import ModelSize, RunReport
from planner.reports.terminal import summary_lines
from planner.results.fingerprints import file_sha256, output_sha256, output_sha256_of_all
from planner.solving.interrupt import Stop
from planner.solving.progress import LiveLine, ProgressLines

if TYPE_CHECKING:
    from models.policy.stability import Keep
    from planner.solving.highs import SolveOptions

VERSIONS_OF = ("pyomo", "highspy", "numpy", "scipy", "openpyxl", "xlsxwriter")

EXPLAIN_SECONDS = 60.0
"""How long a run looks for what to change where there is no plan; `planner explain` takes longer."""

log = logging.getLogger("planner")


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to solve, how, and where to put it.

    `gap` relative, `time_limit` in seconds, `change_cost` in USD per unit departed from the plan of `keep`, `within`
    the share that each of `alternatives` other plans may cost more, `risk` what is minimised with scenarios (expected,
    worst or regret), `plan_path` None for a folder of its own under
    `outputs`.
    `option_sources` says where each option came from.
    """

    input_path: Path
    plan_path: Path | None = None
    gap: float = 0.001
    time_limit: float | None = None
    threads: int = 0
    seed: int = 0
    overrides: tuple[str, ...] = ()
    start: Path | None = None
    keep: Path | None = None
    change_cost: float | None = None
    alternatives: int = 0
    within: float = 0.01
    risk: Literal["expected", "worst", "regret"] = "expected"
    engine: Literal["extensive", "decomposition", "auto"] = "auto"
    accept_stopped: bool = False
    outputs: Path = Path("outputs")
    option_sources: Mapping[str, str] = field(default_factory=dict)

    def options(self) -> dict[str, Any]:
        """The options by the names they have on the command line."""
        return {
            "output": str(self.plan_path) if self.plan_path else None,
            "gap": self.gap,
            "time_limit": self.time_limit,
            "threads": self.threads,
            "seed": self.seed,
            "set": list(self.overrides),
            "start": str(self.start) if self.start else None,
            "keep": str(self.keep) if self.keep else None,
            "change_cost": self.change_cost,
            "alternatives": self.alternatives,
            "within": self.within,
            "risk": self.risk,
            "engine": self.engine,
            "accept_stopped": self.accept_stopped,
        }


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that came to its end: what it found, the same as `run.json` says it, and its exit code."""

    report: RunReport
    dataset: Dataset | None
    document: dict[str, Any]
    outputs: Outputs
    exit_code: ExitCode


def run(request: RunRequest, stop: Stop | None = None, live: LiveLine | None = None) -> Finished:
    """Runs from the workbook to the plan; `stop` hears Ctrl-C and SIGTERM, `live` shows the search.

    Raises:
        WrongUsage: the request cannot be carried out.
        CannotWrite: an output cannot be written; noticed before any work where that is possible.
        InternalFault: a fault of this software; the traceback is in `run.log`.
    """
    stop = stop or Stop()
    outputs = outputs_of(request.input_path, request.plan_path, request.outputs)
    with log_to(outputs.log, afresh=True):
        try:
            with stop:
                return _Run(request, outputs, stop, live).finish()
        except PlannerError as error:
            log.debug("%s", error)
            raise
        except Exception as error:
            log.debug("Internal fault", exc_info=error)
            raise InternalFault(f"{type(error).__name__}: {error}".splitlines()[0], outputs.log) from error


class _Run:
    """The phases of one run and what they hand on."""

    def __init__(self, request: RunRequest, outputs: Outputs, stop: Stop, live: LiveLine | None) -> None:
        self.request = request
        self.outputs = outputs
        self.stop = stop
        self.live = live
        self.began = time.perf_counter()
        self.dataset: Dataset | None = None
        self.warnings: list[str] = []
        self.report = RunReport(
            plan_name=request.input_path.stem,
            input_path=str(request.input_path),
            planner_version=__version__,
            versions=versions(),
            options=request.options(),
            option_sources={name: request.option_sources.get(name, "default") for name in request.options()},
            seconds=dict.fromkeys(("read", "build", "solve", "audit", "write", "total"), 0.0),
        )
        log.debug("planner %s; options %s", __version__, json.dumps(self.report.options))

    def finish(self) -> Finished:
        try:
            self._go()
        except Interrupted as interrupted:
            report = self.report
            report.status, report.plan, report.together, report.audit = "no_plan", None, None, None
            report.objective_usd = report.bound_usd = report.gap = report.base_case_usd = None
            log.debug("%s", interrupted)
        self.stop.keeping = True  # what is left takes a moment, and is worth having
        return self._publish()

    def _go(self) -> None:
        report = self.report
        with self._phase("read"):
            log.info("Reading %s", self.request.input_path)
            result = read(self.request.input_path, self.request.overrides)
        report.input_sha256, report.faults = result.sha256, result.faults
        self.warnings += [str(fault) for fault in result.warnings]
        self.dataset = dataset = result.dataset
        if dataset is None:
            report.status = "invalid"
            return
        for warning in self.warnings:
            log.info("warning: %s", warning)
        report.plan_name, report.months = dataset.settings.plan_name or report.plan_name, dataset.settings.months
        if dataset.scenarios:
            self._check_together()
        try:
            if dataset.scenarios:
                self._solve_together(dataset, self._earlier_plans(dataset))
                return
            keep, start = self._earlier(self.request.keep, dataset), self._earlier(self.request.start, dataset)
        except FaultyWorkbook as faulty:
            report.status, report.faults = "invalid", (*faulty.faults, *report.faults)
            return
        self._solve(dataset, start or keep, keep)

    def _check_together(self) -> None:
        """Refuses what plans for scenarios cannot do."""
        asked = ["--keep"] * (self.request.keep is not None) + ["--alternatives"] * bool(self.request.alternatives)
        if asked:
            raise WrongUsage(
                f"{' and '.join(asked)} cannot be had for a workbook with scenarios. Leave them out, or solve a copy "
                "without the sheets scenarios and scenario_factors."
            )

    def _earlier_plans(self, dataset: Dataset) -> Mapping[str, Plan] | None:
        """Earlier plans by scenario to begin from, where some are given."""
        if self.request.start is None:
            return None
        from planner.excel.scenario_plan_reader import read_plans

        return read_plans(self.request.start, dataset)

    def _earlier(self, path: Path | None, dataset: Dataset) -> Plan | None:
        """An earlier plan, where one is given."""
        if path is None:
            return None
        from planner.excel.plan_reader import read_plan

        return read_plan(path, dataset)

    def _solve(self, dataset: Dataset, start: Plan | None, kept: Plan | None) -> None:
        from models.audit import audit
        from models.build import build_model
        from models.policy.stability import Keep
        from models.warm_start import start_values
        from planner.analysis.base_case import base_case
        from planner.analysis.marginal_values import marginal_values
        from planner.solving.highs import SolveOptions, solve

        report, request = self.report, self.request
        keep = None if kept is None else Keep(kept, request.change_cost or 0.0)
        with self._phase("build"):
            model = build_model(dataset, keep=keep)
            report.model = ModelSize(model.size.rows, model.size.columns, model.size.integers, model.size.nonzeros)
            first = None if start is None else start_values(model, start)
        log.info("Solving: %s rows, %s columns, %s of them whole numbers", *_counts(report.model))
        options = SolveOptions(request.gap, request.time_limit, request.threads, request.seed)
        lines = self._watch("Plan")
        self.stop.keeping = True
        with self._phase("solve"):
            outcome = solve(
                model,
                options,
                on_progress=lines.news,
                should_stop=lambda: lines.stopped_by(self.stop),
                start=first,
            )
        for line in outcome.log:
            log.debug("HiGHS: %s", line)
        log.info("The solver says: %s", outcome.why)
        if outcome.start:
            log.info("The starting plan was %s.", outcome.start)
        report.status, report.solver_log = outcome.status, outcome.log
        report.objective_usd, report.bound_usd, report.gap = outcome.objective_usd, outcome.bound_usd, outcome.gap
        if outcome.status == "infeasible" and not self.stop.requested:
            self._explain_infeasible(dataset)
        if outcome.values is None:
            return
        with self._phase("audit"):
            report.plan = model.plan(outcome.values)
            if keep is not None:
                self._take_out_charge(report.plan)
            report.audit = audit(dataset, report.plan, objective_usd=report.objective_usd)
        if not report.audit.passed:
            report.status = "rejected"
            return
        with self._phase("solve"):
            report.marginal = marginal_values(dataset, report.plan)
        if report.marginal is None:
            self._warn("Marginal values could not be worked out, so the sheet is left out.")
        if self.stop.requested or solver_left_behind():
            self._warn("The base case was left out, because the run was stopped.")
        else:
            self._more(dataset, report.plan, keep, options, outcome.seconds)
            base = base_case(dataset, outcome, options, self.stop, self._watch)
            report.base_case_usd = base.cost_usd
            if base.warning:
                self._warn(base.warning)

    def _solve_together(self, dataset: Dataset, start: Mapping[str, Plan] | None) -> None:
        """The plan for all scenarios of a workbook that has some."""
        from models.audit.scenario_set import audit_together
        from models.stochastic.risk import Measure
        from planner.solving.highs import SolveOptions
        from planner.stochastic.base_case import base_case_for_scenarios
        from planner.stochastic.solve import solve_stochastic

        report, request = self.report, self.request
        measure = replace(Measure.of(dataset), kind=request.risk)
        options = SolveOptions(request.gap, request.time_limit, request.threads, request.seed)
        self.stop.keeping = True
        with self._phase("solve"):
            found = solve_stochastic(
                dataset,
                measure,
                options,
                self.stop,
                self._watch,
                start,
                None if request.engine == "auto" else request.engine,
            )
        report.status, report.solver_log = found.status, found.log
        report.model = ModelSize(found.size.rows, found.size.columns, found.size.integers, found.size.nonzeros)
        log.info("%s.", found.why)
        best = report.together = found.best
        if best is None:
            self._warn(f"{found.why}.")
            if found.infeasible and not self.stop.requested:
                one = dataset.in_scenario(found.infeasible[0])
                name = f"{report.plan_name}, scenario {one.scenario}"
                self._explain_infeasible(replace(one, settings=replace(one.settings, plan_name=name)))
            return
        report.objective_usd, report.bound_usd, report.gap = best.objective_usd, best.bound_usd, best.gap
        with self._phase("audit"):
            report.audit = audit_together(dataset, {each.name: each.plan for each in best.scenarios})
        if not report.audit.passed:
            report.status = "rejected"
            return
        if self.stop.requested or solver_left_behind():
            self._warn("The base case was left out, because the run was stopped.")
            return
        with self._phase("solve"):
            seconds = report.seconds["solve"]
            base = base_case_for_scenarios(dataset, best.measure, seconds, options, self.stop, self._watch)
        report.base_case_usd = base.cost_usd
        if base.warning:
            self._warn(base.warning)

    def _take_out_charge(self, plan: Plan) -> None:
        """Cost and bound without the charge for departing from a kept plan, which nobody pays."""
        report = self.report
        assert report.objective_usd is not None
        charge = report.objective_usd - plan.objective_usd
        report.objective_usd = plan.objective_usd
        if report.bound_usd is not None:
            report.bound_usd = min(report.bound_usd - charge, plan.objective_usd)
            left = plan.objective_usd - report.bound_usd
            report.gap = left / abs(plan.objective_usd) if plan.objective_usd else 0.0

    def _more(self, dataset: Dataset, plan: Plan, keep: Keep | None, options: SolveOptions, seconds: float) -> None:
        """What was kept only because of its price, and alternatives, where they are asked for."""
        with self._phase("solve"):
            if keep is not None:
                from planner.analysis.plan_stability import kept_report

                self.report.kept = kept_report(dataset, plan, keep, options, seconds, self.stop, self._watch)
                if self.report.kept.saving_usd is None:
                    self._warn("What was kept only because of the change cost was not found out in the time.")
            if self.request.alternatives:
                from planner.analysis.alternatives import alternatives

                count, within = self.request.alternatives, self.request.within
                self.report.alternatives = alternatives(
                    dataset, plan, count, within, options, seconds, self.stop, self._watch
                )

    def _explain_infeasible(self, dataset: Dataset) -> None:
        """Looks for what to change, and writes it beside where the plan would be."""
        from planner.analysis.infeasibility import explain_infeasible
        from planner.reports.infeasibility import write_repairs

        limit = self.request.time_limit
        seconds = EXPLAIN_SECONDS if limit is None else min(EXPLAIN_SECONDS, limit)
        log.info("No plan exists; looking for the smallest changes that make one possible, for up to %.0f s", seconds)
        with self._phase("solve"):
            self.report.repairs = explain_infeasible(dataset, seconds=seconds, stop=self.stop)
        path = self.outputs.explanation
        if path.exists() and EXPLANATION_SHEET not in sheet_names(path):
            path = free_name(path)  # somebody else's
        with self._phase("write"):
            write_repairs(path, dataset, self.report.repairs)
        self.report.explanation_path = str(path)

    def _publish(self) -> Finished:
        from planner.reports.run_json import run_json, write_run_json
        from planner.results.fingerprints import data_sha256

        report, dataset = self.report, self.dataset
        report.interrupted = self.stop.requested
        report.data_sha256 = data_sha256(dataset) if dataset is not None else ""
        report.warnings = tuple(self.warnings)
        failure: CannotWrite | None = None
        if dataset is not None and report.has_plan:
            with self._phase("write"):
                failure = published(report, dataset, self.outputs.plan)
        report.seconds["total"] = time.perf_counter() - self.began
        document = run_json(report, dataset) | {"option_sources": dict(report.option_sources)}
        write_run_json(self.outputs.json, document)
        for line in summary_lines(report, dataset):
            log.debug("%s", line)
        log.debug("Seconds: %s", ", ".join(f"{phase} {spent:.2f}" for phase, spent in report.seconds.items()))
        if failure is not None:
            raise failure
        return Finished(report, dataset, document, self.outputs, self._exit_code())

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.report.seconds[name] += time.perf_counter() - began

    def _watch(self, what: str) -> ProgressLines:
        assert self.dataset is not None
        return ProgressLines(what, self.dataset.settings.currency, self.live)

    def _warn(self, warning: str) -> None:
        self.warnings.append(warning)
        log.info("warning: %s", warning)

    def _exit_code(self) -> ExitCode:
        codes = {
            "optimal": ExitCode.OK,
            "stopped": ExitCode.OK if self.request.accept_stopped else ExitCode.STOPPED_WITH_PLAN,
            "infeasible": ExitCode.INFEASIBLE,
            "invalid": ExitCode.WRONG_INPUT,
            "rejected": ExitCode.REJECTED_BY_AUDIT,
            "no_plan": ExitCode.STOPPED_WITHOUT_PLAN,
        }
        if self.report.status == "no_plan" and self.stop.requested:
            return Interrupted(self.stop.signal_number).exit_code
        return codes[self.report.status]


def versions() -> dict[str, str]:
    """The versions a result depends on."""
    found = {"python": platform.python_version()}
    for name in VERSIONS_OF:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def solver_left_behind() -> bool:
    """Whether a solver that did not stop in time is still at work in this process."""
    return any(each.daemon for each in threading.enumerate())


def _counts(size: ModelSize) -> tuple[str, str, str]:
    return f"{size.rows:,}", f"{size.columns:,}", f"{size.integers:,}"


def published(report: RunReport, dataset: Dataset, wanted: Path) -> CannotWrite | None:
    """Writes the plan; where its place has become unwritable meanwhile, keeps it elsewhere and says so.

    `report.plan_path` is where the plan is then, "" when it is nowhere.
    """
    failure: CannotWrite | None = None
    for path in (wanted, free_name(wanted), free_name(Path(tempfile.gettempdir()) / wanted.name)):
        report.plan_path = str(path)
        try:
            _write(report, dataset, path)
        except (CannotWrite, OSError) as error:
            failure = failure or (error if isinstance(error, CannotWrite) else CannotWrite(path, why_not(error)))
            continue
        return CannotWrite(wanted, f"{failure.reason}; the plan is kept in {path}") if failure else None
    report.plan_path = ""
    return failure


def _write(report: RunReport, dataset: Dataset, path: Path) -> None:
    if report.together is not None:
        write_plan_for_all(path, dataset, report.together, report)
        report.output_sha256 = output_sha256_of_all(dataset, report.together)
    elif report.plan is not None:
        write_plan(path, dataset, report.plan, report)
        report.output_sha256 = output_sha256(dataset, report.plan)
        _write_alternatives(report, dataset, path)
    report.plan_sha256 = file_sha256(path)


def _write_alternatives(report: RunReport, dataset: Dataset, path: Path) -> None:
    """Each alternative as a plan workbook of its own beside the plan: `plan.alternative-1.xlsx`, …"""
    for number, each in enumerate(report.alternatives, start=1):
        beside = path.with_name(f"{path.stem}.alternative-{number}.xlsx")
        if beside.exists() and not sheet_names(beside) >= PLAN_SHEETS:
            beside = free_name(beside)  # somebody else's
        own = replace(
            report,
            plan_name=f"{report.plan_name}, alternative {number}",
            status="stopped",
            plan=each.plan,
            audit=each.audit,
            objective_usd=each.cost_usd,
            bound_usd=report.bound_usd,
            gap=None,
            marginal=None,
            kept=None,
            alternatives=(),
            plan_path=str(beside),
        )
        write_plan(beside, dataset, each.plan, own)
