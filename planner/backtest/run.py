"""`planner batch FILE --rolling ACTUALS`: from two workbooks to the cost of myopia."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.backtest.checkpoints import remove_stale
from planner.backtest.forecast_errors import forecast_errors
from planner.backtest.hindsight import Hindsight, hindsight
from planner.backtest.plan_files import write_plan_of
from planner.backtest.request import BacktestRequest, Inputs, read_inputs
from planner.backtest.simulation import steps
from planner.backtest.store import write_backtest_store
from planner.backtest.summary import BacktestResult, document, lines
from planner.backtest.workbook import SHEET, write_rolling
from planner.console import log_to
from planner.errors import ExitCode, Interrupted, WrongUsage, make_folder
from planner.files.atomic import write_json
from planner.files.lock import folder_lock
from planner.files.old_runs import remove_old_backtests
from planner.files.outputs import check_replaceable, check_writable, name_of, same_file
from planner.formatting import finite
from planner.interrupt import Stop
from planner.solving.progress import LiveText, ProgressLines
from planner.text_table import plain

log = logging.getLogger("planner")


@dataclass(frozen=True, slots=True)
class FinishedBacktest:
    """A backtest that is complete; `document` is the content of `rolling.json`."""

    result: BacktestResult
    document: dict[str, Any]
    folder: Path
    exit_code: ExitCode


def run_rolling(request: BacktestRequest, stop: Stop | None = None, live: LiveText | None = None) -> FinishedBacktest:
    """Plan month by month, evaluate the result on what happened, and write the report.

    A run that was ended continues with the step it was in; steps on record are not planned again.

    Parameters
    ----------
    request : BacktestRequest
        The two workbooks, and how to plan.
    stop : Stop, optional
        Where a signal is noted.
    live : LiveText, optional
        Where progress is shown.

    Raises
    ------
    FaultyWorkbook
        A workbook has faults, or the two are not of the same problem.
    WrongUsage, CannotWrite
        The request cannot be carried out.
    Locked
        Another run is at work in the folder.
    Interrupted
        A signal ended it; what was done is on record.
    """
    for path in (request.forecast, request.actuals):
        if not path.exists():
            raise WrongUsage(f"There is no workbook {path}. Check the path.")
    inputs = read_inputs(request)
    folder = _folder(request, inputs)
    stop = stop or Stop()
    with folder_lock(folder), log_to(folder / "rolling.log"):
        with _resume_hint(folder), stop:
            result = _backtest(request, inputs, folder, stop, live)
        published = document(result) | {"path": str(folder / "rolling.xlsx"), "folder": str(folder)}
        write_rolling(folder / "rolling.xlsx", result)
        _write_plans(result, folder)
        write_backtest_store(folder, result)
        write_json(folder / "rolling.json", published)
        for line in plain(lines(result)):
            log.debug("%s", line)
    if request.keep_runs is not None and request.folder is None:
        remove_old_backtests(folder.parent, request.keep_runs)
    return FinishedBacktest(result, published, folder, _exit_code(result))


def _backtest(
    request: BacktestRequest, inputs: Inputs, folder: Path, stop: Stop, live: LiveText | None
) -> BacktestResult:
    def watch(what: str) -> ProgressLines:
        return ProgressLines(what, inputs.actuals.settings.currency, live)

    remove_stale(folder / "steps", inputs.key)
    done = list(steps(request, inputs, folder, stop, watch))
    found: Hindsight | None = None
    if done[0].objective_usd is not None:
        found = hindsight(inputs.actuals, done[-1].plan, inputs.until, request.solver, stop, watch)
    return BacktestResult(request, inputs, done, found, forecast_errors(request, inputs, done))


def _folder(request: BacktestRequest, inputs: Inputs) -> Path:
    """Return the folder of the run: the one given, or one with the key of its inputs in its name."""
    folder = request.folder or request.outputs / name_of(request.forecast) / f"rolling-{inputs.key[:8]}"
    if folder.suffix.lower() == ".xlsx":
        instead = folder.with_suffix("")
        raise WrongUsage(f"A rolling run writes a folder; {folder} is a workbook's name. Try -o {instead}.")
    make_folder(folder)
    report = folder / "rolling.xlsx"
    if any(same_file(report, each) for each in (request.forecast, request.actuals)):
        raise WrongUsage(f"The report would be written over its input {report}. Give -o another folder.")
    check_writable(report)
    check_replaceable(report, {SHEET}, "a rolling report")
    return folder


@contextmanager
def _resume_hint(folder: Path) -> Iterator[None]:
    try:
        yield
    except Interrupted:
        log.info("Ended before the backtest was done. The same command continues it; finished steps are in %s.", folder)
        raise


def _write_plans(result: BacktestResult, folder: Path) -> None:
    """Write both plans of what really happened as workbooks, to read and to compare."""
    named = (("month by month", "month by month", result.rolling), ("foresight", "with foresight", result.foresight))
    for name, words, evaluated in named:
        if evaluated is not None:
            write_plan_of(
                folder / f"{name.replace(' ', '_')}.xlsx",
                result.request,
                (result.request.actuals, result.inputs.sha256[1]),
                result.actuals,
                evaluated.plan,
                evaluated.audit,
                name=f"{result.inputs.forecast.settings.plan_name}, {words}",
                status=evaluated.status,
                bound_usd=finite(evaluated.bound_usd),
                seconds=evaluated.seconds,
            )


def _exit_code(result: BacktestResult) -> ExitCode:
    found = result.hindsight
    if found is None:
        no_plan = result.steps[0].status == "no_plan"
        return ExitCode.STOPPED_WITHOUT_PLAN if no_plan else ExitCode.INFEASIBLE
    if "infeasible" in (found.rolling_status, found.foresight_status):
        return ExitCode.INFEASIBLE
    if found.rolling is None or found.foresight is None:
        return ExitCode.STOPPED_WITHOUT_PLAN
    ended = [*(step.status for step in result.steps), found.rolling.status, found.foresight.status]
    stopped = any(status != "optimal" for status in ended)
    return ExitCode.STOPPED_WITH_PLAN if stopped and not result.request.accept_stopped else ExitCode.OK
