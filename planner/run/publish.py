"""What a run leaves behind: the plan workbook or the explanation why there is none, `run.json`, lines in the log."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.core.compiled import Compiled
from models.dataset import Dataset
from planner.analysis.alternatives import Alternative
from planner.errors import CannotWrite, os_error_reason
from planner.outputs import EXPLANATION_SHEET, PLAN_SHEETS, Outputs, free_name, sheet_names, write_json
from planner.reports.infeasibility import write_repairs
from planner.reports.plan_report import write_plan
from planner.reports.run_json import run_json
from planner.reports.run_result import RunResult
from planner.reports.terminal import summary_lines
from planner.results.fingerprints import data_sha256, file_sha256, output_sha256
from planner.results.scenario_set import ScenarioSetResult
from planner.solving.highs import write_model
from planner.solving.scaling import Scaling

log = logging.getLogger("planner")


def publish(result: RunResult, outputs: Outputs) -> dict[str, Any]:
    """Writes what a run found, and notes in the result where it is and what its hashes are.

    Returns
    -------
    dict
        The object of `run.json`, as it was written.

    Raises
    ------
    CannotWrite
        The plan or the explanation could not be written to its place; `run.json` is there, and says where a plan is.
    """
    dataset = result.dataset
    failure: CannotWrite | None = None
    if dataset is not None:
        result.data_sha256 = data_sha256(result.input_rows)
        with result.timed("total"), result.timed("write"):
            if result.has_plan:
                failure = _publish_plan(result, outputs.plan)
            elif result.repairs is not None:
                failure = _publish_explanation(result, dataset, outputs.explanation)
            if result.disputed is not None:
                _save_disputed(result.disputed, outputs)
    document = run_json(result) | {"option_sources": dict(result.option_sources)}
    write_json(outputs.json, document)
    for line in summary_lines(result):
        log.debug("%s", line)
    log.debug("Seconds: %s", ", ".join(f"{phase} {spent:.2f}" for phase, spent in result.seconds.items()))
    if failure is not None:
        raise failure
    return document


def _save_disputed(arrays: Compiled, outputs: Outputs) -> None:
    """Saves the problem on which the solver contradicted itself: as it is, and as the solver was handed it."""
    for name, each in (("model", arrays), ("scaled", Scaling.of(arrays).apply(arrays))):
        path = outputs.log.with_suffix(f".{name}.mps")
        try:
            write_model(each, path)
            log.info("Problem saved: %s", path)
        except OSError as error:
            log.info("The problem could not be saved as %s: %s", path, error)


def _publish_explanation(result: RunResult, dataset: Dataset, path: Path) -> CannotWrite | None:
    """Writes what would make a plan possible beside where the plan would be."""
    assert result.repairs is not None
    if path.exists() and EXPLANATION_SHEET not in sheet_names(path):
        path = free_name(path)  # somebody else's
    try:
        scenario = f", scenario {result.infeasible_scenario}" if result.infeasible_scenario else ""
        write_repairs(path, dataset, result.repairs, result.plan_name + scenario)
    except CannotWrite as error:
        return error
    result.explanation_path = str(path)
    return None


def _publish_plan(result: RunResult, wanted: Path) -> CannotWrite | None:
    """Writes the plan; where its place has become unwritable meanwhile, keeps it elsewhere and says so.

    `result.plan_path` is where the plan is then, "" when it is nowhere.
    """
    failure: CannotWrite | None = None
    for path in (wanted, free_name(wanted), free_name(Path(tempfile.gettempdir()) / wanted.name)):
        result.plan_path = str(path)
        try:
            _write_plan(result, path)
        except (CannotWrite, OSError) as error:
            failure = failure or (
                error if isinstance(error, CannotWrite) else CannotWrite(path, os_error_reason(error))
            )
            continue
        return CannotWrite(wanted, f"{failure.reason}; the plan is kept in {path}") if failure else None
    result.plan_path = ""
    return failure


def _write_plan(result: RunResult, path: Path) -> None:
    write_plan(path, result)
    result.output_sha256 = output_sha256(result.plan_set)
    for number, each in enumerate(result.alternatives, start=1):
        _write_alternative(result, number, each, path.with_name(f"{path.stem}.alternative-{number}.xlsx"))
    result.plan_sha256 = file_sha256(path)


def _write_alternative(result: RunResult, number: int, alternative: Alternative, path: Path) -> None:
    """An alternative as a plan workbook of its own beside the plan."""
    if path.exists() and not sheet_names(path) >= PLAN_SHEETS:
        path = free_name(path)  # somebody else's
    own = replace(
        result,
        plan_name=f"{result.plan_name}, alternative {number}",
        status="stopped",
        solution=ScenarioSetResult.of_figures(alternative.figures),
        audit=alternative.audit,
        objective_usd=alternative.cost_usd,
        gap=None,
        marginal=None,
        kept=None,
        alternatives_found=None,
        plan_path=str(path),
    )
    write_plan(path, own)
