"""What a run leaves behind: the plan workbook or the explanation why there is none, `run.json`, lines in the log."""

from __future__ import annotations

import io
import logging
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.core.compiled import Compiled
from planner.errors import CannotWrite
from planner.files.atomic import json_bytes, written_together
from planner.files.outputs import EXPLANATION_SHEET, PLAN_SHEETS, Outputs, free_name
from planner.files.package import names_of_sheets
from planner.problem_reader import read
from planner.reports.plan_report import plan_workbook
from planner.reports.run_json import run_json
from planner.reports.run_result import RunResult
from planner.reports.terminal import summary_lines
from planner.results.fingerprints import bytes_sha256, data_sha256, output_sha256
from planner.solving.highs_model import write_model
from planner.solving.scaling import Scaling

log = logging.getLogger("planner")


def publish(result: RunResult, outputs: Outputs, place_log: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Writes what a run found, and notes in the result where it is and what its hashes are.

    All of it is written first and moved to its place together: `place_log` moves the log there, then come plan or
    explanation, and last `run.json`, which names the hash of the plan that it is of.

    Returns
    -------
    dict
        The object of `run.json`, as it was written.

    Raises
    ------
    CannotWrite
        The plan or the explanation could not be written to its place; `run.json` is there, and says where a plan is.
    """
    failure: CannotWrite | None = None
    source = result.input_path
    if result.dataset is not None:
        result.data_sha256 = data_sha256(result.input_rows)
    for place in (*_places(outputs), None):
        files: dict[Path, bytes] = {}
        try:
            if place is not None:
                with result.timed("total"), result.timed("write"):
                    files = _drawn(result, place, source)
            else:
                result.plan_path = result.plan_sha256 = result.explanation_path = result.cases_path = ""
            document = run_json(result) | {"option_sources": dict(result.option_sources)}
            with written_together(files | {outputs.json: json_bytes(document)}):
                place_log()
            break
        except CannotWrite as error:
            failure = failure or error
            if error.path == str(outputs.json):  # a plan is worth having without its report
                with written_together(files):
                    pass
                raise
    if result.disputed is not None:
        _save_disputed(result.disputed, outputs)
    for line in summary_lines(result):
        log.debug("%s", line)
    if result.audit is not None:
        log.debug("Feasibility: %s", result.audit.feasibility)
    log.debug("Seconds: %s", ", ".join(f"{phase} {spent:.2f}" for phase, spent in result.seconds.items()))
    if failure is not None:
        kept = result.plan_path or result.explanation_path
        what = f"; the {'plan' if result.plan_path else 'explanation'} is kept in {kept}" if kept else ""
        raise CannotWrite(failure.path, failure.reason + what)
    return document


def _places(outputs: Outputs) -> tuple[Outputs, ...]:
    """Where the plan goes, and where it is kept if its place has become unwritable meanwhile."""
    elsewhere = Path(tempfile.gettempdir()) / outputs.plan.name
    return outputs, replace(outputs, plan=free_name(outputs.plan)), replace(outputs, plan=free_name(elsewhere))


def _drawn(result: RunResult, outputs: Outputs, source: str) -> dict[Path, bytes]:
    """The workbooks of what was found, by where they go, the alternatives before the plan."""
    if result.has_plan:
        path = outputs.plan
        cases = _cases(result, path, source)
        result.plan_path, result.output_sha256 = str(path), output_sha256(result.plan_set)
        plan = plan_workbook(path, result)
        result.plan_sha256 = bytes_sha256(plan)
        return {**cases, **_alternatives(result, path), path: plan}
    if result.repairs is None or result.dataset is None:
        return {}
    from planner.reports.infeasibility import repairs_workbook

    path = _ours(outputs.explanation, {EXPLANATION_SHEET})
    result.explanation_path = str(path)
    dataset = result.dataset.in_scenario(result.infeasible_scenario)
    return {path: repairs_workbook(dataset, result.repairs, result.plan_name)}


def _ours(path: Path, sheets: set[str]) -> Path:
    """The path, or a free name beside it where somebody else's workbook is there."""
    return free_name(path) if path.exists() and not names_of_sheets(path) >= sheets else path


def _cases(result: RunResult, plan: Path, source: str) -> dict[Path, bytes]:
    """With a budget of delays and exits the workbook whose scenarios are the cases found."""
    if not result.cases_tried or not source or result.dataset is None:
        return {}
    from planner.excel.copy_edit import rewritten_book

    path = _ours(plan.with_name(f"{plan.stem}.cases.xlsx"), {"scenarios", "scenario_factors"})
    buffer = io.BytesIO()
    rewritten_book(Path(source), read(Path(source)).valid_dataset(), result.dataset).save(buffer)
    book, result.cases_path = buffer.getvalue(), str(path)
    result.cases_sha256 = bytes_sha256(book)
    return {path: book}


def _alternatives(result: RunResult, plan: Path) -> dict[Path, bytes]:
    """Each alternative as a plan workbook of its own beside the plan."""
    files = {}
    for number, alternative in enumerate(result.alternatives, start=1):
        path = _ours(plan.with_name(f"{plan.stem}.alternative-{number}.xlsx"), PLAN_SHEETS)
        own = replace(
            result,
            plan_name=f"{result.plan_name}, alternative {number}",
            status="stopped",
            solution=alternative.plan_set,
            audit=alternative.audit,
            objective_usd=alternative.cost_usd,
            gap=None,
            marginal=None,
            kept=None,
            tried=None,
            alternatives_found=None,
            plan_path=str(path),
        )
        files[path] = plan_workbook(path, own)
    return files


def _save_disputed(arrays: Compiled, outputs: Outputs) -> None:
    """Saves the problem on which the solver contradicted itself: as it is, and as the solver was handed it."""
    for name, each in (("model", arrays), ("scaled", Scaling.of(arrays).apply(arrays))):
        path = outputs.log.with_suffix(f".{name}.mps")
        try:
            write_model(each, path)
            log.info("Problem saved: %s", path)
        except OSError as error:
            log.info("The problem could not be saved as %s: %s", path, error)
