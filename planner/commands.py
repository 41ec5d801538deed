"""What each command does, once its options are known."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner import __version__
from planner.console import Console
from planner.errors import CannotWrite, ExitCode, WrongUsage
from planner.outputs import check_writable, same_file

if TYPE_CHECKING:
    from models.audit import AuditReport
    from models.dataset import Dataset


def init_workbook(console: Console, file: Path, example: str | None, force: bool) -> int:
    """Writes the template or an example, never over a file unless told to."""
    from planner.template import copy_example, write_template

    if file.suffix.lower() != ".xlsx":
        raise WrongUsage(f"A workbook is an .xlsx file; {file} is no name for one. Try {file.with_suffix('.xlsx')}.")
    if file.exists() and not force:
        raise CannotWrite(file, "it exists already; choose another name, or add --force to replace it")
    check_writable(file)
    if example is None:
        write_template(file, dt.date.today())
    else:
        copy_example(example, file)
    console.tell([f"Written: {file}. Fill it in, then: planner check {file}"])
    console.give({"path": str(file), "example": example})
    return ExitCode.OK


def check_workbook(console: Console, file: Path, annotated: Path | None) -> int:
    """Reads a workbook and lists its faults; exit 2 when there is an error, 0 with warnings only."""
    from planner.read import read
    from planner.run_json import faults_json
    from planner.summary import count_of_faults, fault_lines

    if annotated is not None:
        from planner.annotate import annotate, check_target

        check_target(file, annotated)
    result = read(file)
    console.tell(fault_lines(result.faults), urgent=bool(result.errors))
    console.tell([f"{file}: {count_of_faults(result.faults)}."], urgent=bool(result.errors))
    if annotated is not None:
        annotate(file, annotated, result.faults)
        console.tell([f"Marked copy: {annotated}"])
    console.give(
        {
            "input_path": str(file),
            "input_sha256": result.sha256,
            "errors": len(result.errors),
            "warnings": len(result.warnings),
            "faults": faults_json(result.faults),
            "annotated_path": str(annotated) if annotated else "",
            "planner_version": __version__,
        }
    )
    return ExitCode.WRONG_INPUT if result.errors else ExitCode.OK


def solve_workbook(console: Console, file: Path, values: Mapping[str, Any], sources: Mapping[str, str]) -> int:
    """One run of the main job."""
    from planner.run import RunRequest, run
    from planner.summary import summary_lines

    if not file.is_file():
        raise WrongUsage(f"There is no workbook {file}. Check the path; `planner init {file}` writes one to fill in.")
    if (values["keep"] is None) != (values["change_cost"] is None):
        raise WrongUsage("--keep PLAN.xlsx and --change-cost X go together: a plan, and the price of departing.")
    request = RunRequest(
        input_path=file,
        plan_path=values["output"],
        gap=values["gap"],
        time_limit=values["time_limit"],
        threads=values["threads"],
        seed=values["seed"],
        overrides=tuple(values["overrides"]),
        start=values["start"],
        keep=values["keep"],
        change_cost=values["change_cost"],
        alternatives=values["alternatives"],
        within=values["within"],
        risk=values["risk"],
        engine=values["engine"],
        accept_stopped=values["accept_stopped"],
        option_sources={**sources, "set": sources["overrides"]},
    )
    with console.live_line() as live:
        finished = run(request, live=live)
    failed = finished.exit_code not in (ExitCode.OK, ExitCode.STOPPED_WITH_PLAN)
    console.tell(summary_lines(finished.report, finished.dataset), urgent=failed)
    if failed:
        console.tell([f"  Log               {finished.outputs.log}"], urgent=True)
    console.give(finished.document)
    return finished.exit_code


def audit_plan(console: Console, file: Path, plan_path: Path, overrides: tuple[str, ...]) -> int:
    """Recomputes a written plan from the two workbooks; exit 6 when a rule is broken."""
    from models.faults import FaultyWorkbook
    from planner.read import read
    from planner.run_json import audit_json, faults_json
    from planner.summary import audit_lines, fault_lines

    told: dict[str, Any] = {"input_path": str(file), "plan_path": str(plan_path), "planner_version": __version__}
    result = read(file, overrides)
    faults = result.errors
    report = None
    if result.dataset is not None:
        try:
            report = _audited(result.dataset, plan_path)
        except FaultyWorkbook as faulty:
            faults = faulty.faults
    notes = [] if report is None else made_from_something_else(plan_path, result.sha256, overrides)
    told |= {"audit": audit_json(report), "checks": _checks(report), "faults": faults_json(faults), "notes": notes}
    console.give(told)
    if report is None:
        console.tell(fault_lines(faults), urgent=True)
        return ExitCode.WRONG_INPUT
    console.tell([*audit_lines(report), *notes], urgent=not report.passed)
    verdict = "keeps every rule and costs what it says" if report.passed else "is rejected"
    console.tell([f"{plan_path} {verdict}: {len(report.checks)} rules looked at."], urgent=not report.passed)
    return ExitCode.OK if report.passed else ExitCode.REJECTED_BY_AUDIT


def _audited(dataset: Dataset, plan_path: Path) -> AuditReport:
    """The audit of a written plan; of the plans of all scenarios, where the workbook has some."""
    if dataset.scenarios:
        from planner.uncertain.checked import audit_written
        from planner.uncertain.read_plans import read_written_plans

        return audit_written(dataset, read_written_plans(plan_path, dataset))
    from models.audit import audit
    from planner.read_plan import read_written_plan

    written = read_written_plan(plan_path, dataset)
    return audit(dataset, written.plan, objective_usd=written.objective_usd)


def compare_plans(console: Console, plans: tuple[Path, ...], output: Path | None) -> int:
    """Holds plans side by side; exit 2 when one cannot be read."""
    from models.faults import FaultyWorkbook
    from planner.compare import compare
    from planner.compare_report import SHEET, comparison_json, comparison_lines, write_comparison
    from planner.outputs import outputs_of
    from planner.run_json import faults_json, write_run_json
    from planner.summary import fault_lines

    if len(plans) < 2:
        raise WrongUsage("Name two plans or more, the one to hold the others against first.")
    try:
        comparison = compare(plans)
    except FaultyWorkbook as faulty:
        console.tell(fault_lines(faulty.faults), urgent=True)
        console.give({"faults": faults_json(faulty.faults)})
        return ExitCode.WRONG_INPUT
    outputs = outputs_of(Path("compare"), output, Path("outputs"), name="comparison", sheets={SHEET})
    for plan in plans:
        if output is not None and same_file(output, plan):
            raise WrongUsage(f"The comparison would be written over the plan {plan}. Give -o another name.")
    write_comparison(outputs.plan, comparison)
    document = comparison_json(comparison) | {"path": str(outputs.plan), "planner_version": __version__}
    write_run_json(outputs.json, document)
    console.tell([*comparison_lines(comparison), f"  Comparison  {outputs.plan}"])
    console.give(document)
    return ExitCode.OK


def roll_workbook(
    console: Console, file: Path, plan: Path, to_month: int | None, output: Path | None, force: bool
) -> int:
    """Writes the next round's workbook; exit 2 when the input, or what was written, has faults to mend."""
    from models import months
    from models.faults import FaultyWorkbook
    from planner.roll import roll
    from planner.run_json import faults_json
    from planner.summary import count_of_faults, fault_lines

    told: dict[str, Any] = {"input_path": str(file), "plan_path": str(plan), "planner_version": __version__}
    try:
        rolled = roll(file, plan, to_month, output, force=force)
    except FaultyWorkbook as faulty:
        console.tell(fault_lines(faulty.faults), urgent=True)
        console.give(told | {"path": "", "faults": faults_json(faulty.faults)})
        return ExitCode.WRONG_INPUT
    notes = [*rolled.notes, *made_from_something_else(plan, rolled.input_sha256, ())]
    console.tell([f"  {line}" for line in rolled.done])
    console.tell([f"  Note: {line}" for line in notes])
    errors = [fault for fault in rolled.faults if fault.severity == "error"]
    console.tell(fault_lines(rolled.faults), urgent=bool(errors))
    if errors:
        console.tell([f"{rolled.path}: {count_of_faults(rolled.faults)}; mend them before solving."], urgent=True)
    first_month = months.label(rolled.first_month)
    console.tell([f"Written: {rolled.path}, from {first_month} on. Next: planner solve '{rolled.path}'"])
    found = {"path": str(rolled.path), "first_month": first_month, "done": list(rolled.done), "notes": notes}
    console.give(told | found | {"faults": faults_json(rolled.faults)})
    return ExitCode.WRONG_INPUT if errors else ExitCode.OK


def scenarios_workbook(console: Console, file: Path, values: Mapping[str, Any]) -> int:
    """Writes a copy of a workbook with sampled scenarios; exit 2 when the input or the options have faults."""
    from models import months
    from models.faults import FaultyWorkbook
    from planner.run_json import faults_json
    from planner.scenario_options import UncertaintyTexts
    from planner.scenarios import ScenariosRequest, lines_of, write_scenarios
    from planner.summary import fault_lines

    texts = UncertaintyTexts.of(values)
    request = ScenariosRequest(
        source=file,
        texts=texts,
        target=values["output"],
        overrides=tuple(values["overrides"]),
        paths=values["sample"],
        **{name: values[name] for name in ("count", "seed", "branch", "nodes", "force")},
    )
    told: dict[str, Any] = {"input_path": str(file), "planner_version": __version__}
    try:
        written = write_scenarios(request)
    except FaultyWorkbook as faulty:
        console.tell(fault_lines(faulty.faults), urgent=True)
        console.give(told | {"path": "", "faults": faults_json(faulty.faults)})
        return ExitCode.WRONG_INPUT
    errors = tuple(fault for fault in written.faults if fault.severity == "error")
    console.tell(lines_of(written))
    console.tell(fault_lines(errors), urgent=True)
    console.tell([f"Written: {written.path}. Next: planner solve '{written.path}'"])
    found = {
        "path": str(written.path),
        "input_sha256": written.input_sha256,
        "seed": request.seed,
        "paths_drawn": request.paths,
        "options": [f"{name} {text}" for name, text in texts.said()],
        "scenarios": [
            {
                "scenario": each.scenario,
                "probability": each.probability,
                "follows": each.follows,
                "branches_at": None if each.branches_at is None else months.label(each.branches_at),
                "words": words,
            }
            for each, words in zip(written.scenarios, written.words, strict=True)
        ],
        "distance": written.reduction.distance,
        "distance_of_one": written.reduction.distance_of_one,
        "relative_distance": written.reduction.relative,
        "moments": [asdict(each) for each in written.moments],
        "faults": faults_json(written.faults),
    }
    console.give(told | found)
    return ExitCode.WRONG_INPUT if errors else ExitCode.OK


def made_from_something_else(plan_path: Path, input_sha256: str, overrides: tuple[str, ...]) -> list[str]:
    """What the plan's own record says it was made from, where that is not what it is held against now."""
    from planner.read_plan import run_record

    recorded = {key: "" if value is None else str(value) for key, value in run_record(plan_path).items()}
    notes = []
    if recorded.get(("run", "input_sha256"), input_sha256) != input_sha256:
        notes.append("Note: the plan was made from another version of the workbook, which has changed since.")
    made_with, given = recorded.get(("option", "set"), ""), "; ".join(overrides)
    if made_with != given:
        made, audited = (f"with --set '{each}'" if each else "without --set" for each in (made_with, given))
        notes.append(f"Note: the plan was made {made}; it is audited {audited}.")
    return notes


def _checks(report: AuditReport | None) -> list[dict[str, Any]]:
    keys = ("rule", "what", "passed", "places", "failed", "where", "found", "limit", "violation")
    return [{key: _strict(getattr(each, key)) for key in keys} for each in report.checks] if report else []


def _strict(value: Any) -> Any:
    """The value as strict JSON knows it: a number that is none is null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
