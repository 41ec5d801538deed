"""`planner scenarios`: a copy of a workbook with sampled scenarios in it, and how they were made.

Sheets, formats, notes, formulas and everything the planner does not read stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.dataset import Dataset
from models.faults import Fault
from models.sampling import uncertainty_faults
from models.schema import SCENARIO_NOTES
from planner.errors import WrongUsage
from planner.excel.copy_edit import check_as_meant, rewritten_book
from planner.excel.problem_workbook import written_problem
from planner.excel.workbook_edit import SHARE, WorkbookEdit
from planner.files.outputs import check_new_problem, derived_path
from planner.problem_reader import read
from planner.sampling.scenarios import SampledScenarios, check_tree, sample_scenarios
from planner.sampling.uncertainty import UncertaintyOptions, facts_behind

SHEETS = ("scenarios", "scenario_factors")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenariosRequest(UncertaintyOptions):
    """Which scenarios to write into a copy of a workbook.

    Parameters
    ----------
    input_path : Path
        The workbook.
    sample : int
        How many paths are drawn.
    count : int
        How many scenarios are kept of them.
    seed : int
        Random seed of the paths.
    branch : int, optional
        The month (a month number) from which scenarios of one node are told apart, for trees of two levels.
    nodes : int, optional
        How many nodes; without it the square root of the number of scenarios.
    output : Path, optional
        The copy; without it `outputs/<name>/<name> scenarios.xlsx`.
    force : bool
        Replace the output if it exists, and the scenarios that the workbook has.
    overrides : tuple of str
        Cells overridden, `sheet.key.column=value`.
    """

    input_path: Path
    sample: int = 1000
    count: int = 9
    seed: int = 0
    branch: int | None = None
    nodes: int | None = None
    output: Path | None = None
    force: bool = False
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScenariosWritten:
    """The workbook written, the scenarios in it and how they were made, and its faults."""

    path: Path
    sampled: SampledScenarios
    faults: tuple[Fault, ...]
    input_sha256: str


def write_scenarios(request: ScenariosRequest) -> ScenariosWritten:
    """Samples, reduces and writes.

    Raises
    ------
    FaultyWorkbook
        The workbook cannot be read.
    WrongUsage
        The options do not fit the workbook or one another; every reason is given.
    CannotWrite
        The target cannot be written, or exists and `force` is not given.
    """
    result = read(request.input_path, request.overrides)
    dataset = result.valid_dataset()
    uncertainty, unread = request.uncertainty()
    found = [*unread, *uncertainty_faults(dataset, uncertainty), *_uncertainty_faults(request, dataset)]
    if request.overrides:
        found += _overridden(request.input_path, dataset)
    if found:
        raise WrongUsage("\n  ".join(["Scenarios cannot be made as asked:", *found]))
    target = request.output or derived_path(request.input_path, "scenarios")
    check_new_problem(target, (request.input_path,), force=request.force, what="the workbook with scenarios")
    sampled = sample_scenarios(
        dataset,
        uncertainty,
        count=request.count,
        paths=request.sample,
        seed=request.seed,
        branch=request.branch,
        nodes=request.nodes,
    )
    book = rewritten_book(request.input_path, dataset, sampled.dataset)
    _note_each(book, sampled)
    _note_all(book, request, sampled)
    with written_problem(book, target) as temporary:
        again = read(temporary)
        if again.dataset is not None:
            check_as_meant(again.dataset, sampled.dataset, SHEETS)
    return ScenariosWritten(target, sampled, (*again.faults, *book.losses()), result.sha256)


def _uncertainty_faults(request: ScenariosRequest, dataset: Dataset) -> list[str]:
    found = []
    if not request.anything_uncertain:
        found.append("nothing is uncertain; give --demand-volatility, --delay-prior or another of these options.")
    if (dataset.scenarios or dataset.scenario_factors) and not request.force:
        found.append("the workbook has scenarios already; add --force to have others in their place in the copy.")
    wanted = check_tree(dataset, count=request.count, paths=request.sample, branch=request.branch, nodes=request.nodes)
    return [*found, *wanted]


def _overridden(source: Path, dataset: Dataset) -> list[str]:
    """What overrides must not change, because the copy keeps its cells: the months that scenarios speak of."""
    settings = read(source).valid_dataset().settings
    return [
        f"--set settings.{name}: the copy keeps the cell as it is; change it in the workbook."
        for name in ("first_month", "months", "first_stage_months")
        if getattr(settings, name) != getattr(dataset.settings, name)
    ]


def _note_each(book: WorkbookEdit, sampled: SampledScenarios) -> None:
    """The words beside each scenario, in the column note."""
    sheet = book.sheet("scenarios")
    assert sheet is not None
    places = sheet.columns
    if "note" not in places:
        places["note"] = sheet.free_column()
        sheet.set(1, places["note"], "note", sheet.style(1, "A"))
    told = {each.scenario: line for each, line in zip(sampled.dataset.scenarios, sampled.words, strict=True)}
    for row, line in list(sheet.lines.items()):
        cell = line.cells.get(places["scenario"])
        if row > 1 and cell is not None and (name := sheet.text(cell)) in told:
            sheet.set(row, places["note"], told[name])
            share = line.cells[places["probability"]]
            share.style = book.style(share.style, SHARE)


def _note_all(book: WorkbookEdit, request: ScenariosRequest, sampled: SampledScenarios) -> None:
    """The sheet of how the scenarios were made: options, facts, what the reduction lost."""
    sheet = book.new_sheet(SCENARIO_NOTES, ["topic", "what", "paths_drawn", "scenarios_kept"], [20, 80, 16, 16])
    rows: list[tuple[Any, ...]] = [("made", line) for line in sampled.made]
    if sampled.lost:
        rows.append(("warning", sampled.lost))
    rows += [("option", "seed", request.seed), ("option", "sample", request.sample)]
    rows.append(("option", "count", None, request.count))
    rows += [("option", f"{name} {text}") for name, text in request.record()]
    rows += [("option", f"set {text} (for the sampling only; the cell is as it was)") for text in request.overrides]
    rows += [("fact", f"{name}: {words}") for name, words in facts_behind(request.delay_prior)]
    rows.append(("distance", "Kantorovich, from the paths drawn", 0.0, sampled.reduction.distance))
    rows.append(("distance", "of the best single path", 0.0, sampled.reduction.distance_of_one))
    for each in sampled.moments.itertuples():
        what = f"{each.quantity} of {each.name} in the last month"
        rows.append(("mean", what, each.mean, each.mean_kept))
        rows.append(("standard deviation", what, each.deviation, each.deviation_kept))
    for row in rows:
        sheet.append(row)
