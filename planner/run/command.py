"""One run of `planner solve`: reads the workbook, solves it, listens to Ctrl-C, publishes what was found.

Every run leaves `run.json` and `run.log`, with or without a plan.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from models.cancellation import cancelled_by
from models.dataset import Dataset
from models.faults import FaultyWorkbook, NamedWarning
from models.parsing.sources import sources_of
from models.plan import Plan
from models.stochastic.fixed_decisions import kept_decisions
from planner.console import run_log
from planner.errors import ExitCode, InternalFault, Interrupted, OutOfTime, PlannerError
from planner.files.lock import run_lock
from planner.files.old_runs import remove_old_runs
from planner.files.outputs import Outputs, name_of, outputs_of
from planner.interrupt import Stop
from planner.problem_reader import read
from planner.reports.run_result import RunResult
from planner.run.model_file import BuiltModel, check_model_target, write_built
from planner.run.options import PlanOptions
from planner.run.publish import publish
from planner.run.solve import (
    before_stress,
    check_options,
    check_scenario_options,
    left_for_stress,
    solve_dataset,
)
from planner.run.versions import versions
from planner.solving.progress import LiveText
from planner.solving.time_limit import LATE, TimeLimit
from planner.terminal import PHASE
from planner.version import __version__

log = logging.getLogger("planner")


TryPlan = Callable[[RunResult, int, float | None, Stop, LiveText | None], None]
"""Tries the plan of a result on so many samples, in so many seconds, and notes in it what came of that."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to solve, how, and where to put it.

    `overrides` as `sheet.row.column=value`; `start` and `keep` are plan workbooks. `plan_path`: None for a folder of
    its own under `outputs`. `accept_stopped`: a plan that is not proven within the gap is a success too.
    `keep_runs`: how many runs of the workbook stay in its folder; None for all. `write_model`: where the model is
    written too; `build_only`: it is all that is made.
    `option_sources` says where each option came from.
    """

    input_path: Path
    options: PlanOptions = field(default_factory=PlanOptions)
    plan_path: Path | None = None
    overrides: tuple[str, ...] = ()
    start: Path | None = None
    keep: Path | None = None
    accept_stopped: bool = False
    outputs: Path = Path("outputs")
    keep_runs: int | None = None
    write_model: Path | None = None
    build_only: bool = False
    option_sources: Mapping[str, str] = field(default_factory=dict)

    def recorded_options(self) -> dict[str, Any]:
        """The options by the names they have on the command line, as `run.json` has them."""
        options = asdict(self.options)
        return {
            "output": str(self.plan_path) if self.plan_path else None,
            **{name: options[name] for name in ("gap", "time_limit", "threads", "seed")},
            "set": list(self.overrides),
            "start": str(self.start) if self.start else None,
            "keep": str(self.keep) if self.keep else None,
            **{name: options[name] for name in ("change_cost", "alternatives", "within", "risk", "engine", "stress")},
            "accept_stopped": self.accept_stopped,
        }


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run that came to its end: what it found, the same as `run.json` has it, its files and its exit code."""

    result: RunResult
    document: dict[str, Any]
    outputs: Outputs
    exit_code: ExitCode


def run(
    request: RunRequest,
    stop: Stop | None = None,
    live: LiveText | None = None,
    try_plan: TryPlan | None = None,
    began: float | None = None,
) -> FinishedRun:
    """Runs from the workbook to the plan; `stop` listens to Ctrl-C and SIGTERM, `live` shows the search.

    `try_plan` tries the plan on samples, where the options ask for it. The time limit counts from `began` of the
    monotonic clock, or from now.

    Raises
    ------
    WrongUsage
        The request cannot be carried out.
    CannotWrite
        An output cannot be written; noticed before any work where that is possible.
    InternalFault
        A fault of this software; the traceback is in `run.log`.
    """
    began, stop = time.monotonic() if began is None else began, stop or Stop()
    if request.write_model is not None:
        check_model_target(request.write_model)
    outputs = outputs_of(request.input_path, request.plan_path, request.outputs)
    with run_lock(outputs), run_log(outputs.log) as place_log:
        try:
            with stop:
                result = _solve(request, stop, live, began, try_plan)
                document = publish(result, outputs, place_log)
                if request.keep_runs is not None and outputs.has_own_folder:
                    remove_old_runs(outputs.json.parent.parent, request.keep_runs)
                return FinishedRun(result, document, outputs, _exit_code(request, result, stop))
        except PlannerError as error:
            log.debug("%s", error)
            raise
        except Exception as error:
            log.debug("Internal fault", exc_info=error)
            raise InternalFault(f"{type(error).__name__}: {error}".splitlines()[0], outputs.log) from error


def _solve(request: RunRequest, stop: Stop, live: LiveText | None, began: float, try_plan: TryPlan | None) -> RunResult:
    """What the run found, whatever it was: a plan, none, or faults of the workbook."""
    options = request.recorded_options()
    result = RunResult(
        plan_name=name_of(request.input_path),
        input_path=str(request.input_path),
        planner_version=__version__,
        versions=versions(),
        options=options,
        option_sources={name: request.option_sources.get(name, "default") for name in options},
    )
    log.debug("planner %s; options %s", __version__, json.dumps(options))
    try:
        with result.timed("total"), stop.ending():
            _read_and_solve(request, result, stop, live, began)
            if try_plan is not None and request.options.stress:
                with result.timed("solve"):
                    try_plan(result, request.options.stress, left_for_stress(request.options, began), stop, live)
    except OutOfTime as late:  # while the problem was read
        log.info("warning: %s.", late)
        result.warnings = (*result.warnings, NamedWarning("no-plan", f"{late}."))
    except FaultyWorkbook as faulty:
        result.status, result.faults = "invalid", (*faulty.faults, *result.faults)
    except Interrupted as interrupted:
        result.discard_plan()
        log.debug("%s", interrupted)
    stop.draining = True  # what is left takes a moment, and is worth having
    result.interrupted = stop.requested
    return result


def _read_and_solve(request: RunRequest, result: RunResult, stop: Stop, live: LiveText | None, began: float) -> None:
    with result.timed("read"):
        log.info("Reading %s", request.input_path, extra=PHASE)
        limit = TimeLimit(request.options.time_limit, began)
        with cancelled_by(lambda: limit.check(LATE)):
            found = read(request.input_path, request.overrides)
        stop.check()
    result.input_sha256, result.faults, dataset = found.sha256, found.faults, found.dataset
    result.warnings = tuple(NamedWarning(fault.warning, str(fault)) for fault in found.warnings)
    if dataset is None:
        result.status = "invalid"
        return
    for warning in result.warnings:
        log.info("warning: %s", warning.text)
    result.sources = sources_of(found.tables)
    result.dataset, result.plan_name = dataset, dataset.settings.plan_name or result.plan_name
    check_options(request.options)
    start, keep = _earlier_plans(request, dataset)
    options = before_stress(request.options)
    solve_dataset(
        dataset,
        options,
        start=start,
        keep=keep,
        stop=stop,
        live=live,
        result=result,
        began=began,
        before_building=lambda: None if request.write_model is None else _write_model(request, dataset, keep),
    )
    before = request.keep or request.start
    if before is not None:
        from planner.analysis.plan_comparison import read_side
        from planner.run.bridge import note_bridge

        note_bridge(result, lambda: read_side(before), options, stop, live, began)


def build_alone(request: RunRequest) -> BuiltModel:
    """Builds the model of a run, and writes it where the request says so, without a search.

    Raises
    ------
    FaultyWorkbook
        The workbook or a plan has errors.
    WrongUsage
        The options do not fit the problem, or its model is not known before the search.
    CannotWrite
        The model cannot be written.
    """
    if request.write_model is not None:
        check_model_target(request.write_model)
    found = read(request.input_path, request.overrides)
    if found.dataset is None:
        raise FaultyWorkbook(found.faults)
    check_options(request.options)
    _, keep = _earlier_plans(request, found.dataset)
    check_scenario_options(request.options, found.dataset, keeps=keep is not None)
    return write_built(found.dataset, request.options, keep, request.write_model)


def _write_model(request: RunRequest, dataset: Dataset, keep: Plan | None) -> None:
    for line in write_built(dataset, request.options, keep, request.write_model).lines:
        log.info("%s", line)


def _earlier_plans(request: RunRequest, dataset: Dataset) -> tuple[Mapping[str, Plan] | None, Plan | None]:
    """Plans to begin from by scenario, and the plan to keep to."""
    earlier = None if request.keep is None else _read_earlier(request.keep, dataset)
    keep = None if earlier is None else kept_decisions(dataset, earlier)
    return earlier if request.start is None else _read_earlier(request.start, dataset), keep


def _read_earlier(path: Path, dataset: Dataset) -> Mapping[str, Plan]:
    from planner.excel.scenario_plan_reader import read_earlier_plans

    return read_earlier_plans(path, dataset)


def _exit_code(request: RunRequest, result: RunResult, stop: Stop) -> ExitCode:
    if result.status == "no_plan" and stop.requested:
        return Interrupted(stop.signal_number).exit_code
    return {
        "optimal": ExitCode.OK,
        "stopped": ExitCode.OK if request.accept_stopped else ExitCode.STOPPED_WITH_PLAN,
        "infeasible": ExitCode.INFEASIBLE,
        "invalid": ExitCode.WRONG_INPUT,
        "rejected": ExitCode.REJECTED_BY_AUDIT,
        "no_plan": ExitCode.STOPPED_WITHOUT_PLAN,
    }[result.status]
