"""`planner scenarios`: a copy of a workbook with sampled scenarios in it, and how they were made.

Sheets, formats, notes and everything the planner does not read stay as they are; formulas stand as the
values they had.
"""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from models.dataset import Dataset
from models.faults import Fault, FaultyWorkbook
from models.parsing.raw_tables import fold
from models.sampling import Moment, Paths, Reduction, moments, reduce_to, sample, uncertainty_faults, vectors
from models.schema import SCENARIO_NOTES, Scenario
from planner.errors import WrongUsage
from planner.excel.copy_edit import check_as_meant, new_sheet, rewritten_book
from planner.excel.problem_workbook import written_problem
from planner.outputs import check_new_problem, made_from
from planner.problem_reader import read
from planner.sampling.text import reduction_words, scenario_words
from planner.sampling.uncertainty import UncertaintyOptions, facts_behind

SHEETS = ("scenarios", "scenario_factors")
MOST_ROWS = 1_000_000
"""Excel's sheets end a little further down."""


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
    """The workbook written: its scenarios with a line of words each, how they were made, the workbook's faults."""

    path: Path
    scenarios: tuple[Scenario, ...]
    words: tuple[str, ...]
    reduction: Reduction
    moments: tuple[Moment, ...]
    made: tuple[str, ...]
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
    if result.dataset is None:
        raise FaultyWorkbook(result.errors)
    dataset = result.dataset
    uncertainty, unread = request.uncertainty()
    found = [*unread, *uncertainty_faults(dataset, uncertainty), *_uncertainty_faults(request, dataset)]
    if request.overrides:
        found += _overridden(request.input_path, dataset)
    if found:
        raise WrongUsage("\n  ".join(["Scenarios cannot be made as asked:", *found]))
    target = request.output or made_from(request.input_path, "scenarios")
    check_new_problem(target, (request.input_path,), force=request.force, what="the workbook with scenarios")
    try:
        paths = sample(dataset, uncertainty, request.sample, request.seed)
    except ValueError as error:
        raise WrongUsage(f"Scenarios cannot be made as asked: {error}.") from None
    reduction = reduce_to(vectors(dataset, paths), request.count)
    order, scenarios = _scenarios(request, dataset, paths, reduction)
    words = scenario_words(dataset, paths, order)
    factors = [paths.factors(path, each.scenario) for path, each in zip(order, scenarios, strict=True)]
    meant = replace(dataset, scenarios=scenarios, scenario_factors=tuple(row for rows in factors for row in rows))
    if len(meant.scenario_factors) > MOST_ROWS:
        raise WrongUsage(
            f"{len(scenarios)} scenarios take {len(meant.scenario_factors):,} rows, more than a sheet holds; "
            "lower --count, or leave out what matters least."
        )
    found_moments = moments(dataset, paths, reduction)
    made = reduction_words(paths, reduction, request.count, request.seed)
    book = rewritten_book(request.input_path, dataset, meant)
    _note_each(book, scenarios, words)
    _note_all(book, request, made, reduction, found_moments)
    with written_problem(book, target) as temporary:
        again = read(temporary)
        if again.dataset is not None:
            check_as_meant(again.dataset, meant, SHEETS)
    return ScenariosWritten(
        target, scenarios, tuple(words), reduction, found_moments, tuple(made), again.faults, result.sha256
    )


def _uncertainty_faults(request: ScenariosRequest, dataset: Dataset) -> list[str]:
    found = []
    if not request.anything_uncertain:
        found.append("nothing is uncertain; give --demand-volatility, --delay-prior or another of these options.")
    if (dataset.scenarios or dataset.scenario_factors) and not request.force:
        found.append("the workbook has scenarios already; add --force to have others in their place in the copy.")
    if request.count > request.sample:
        found.append(f"--count {request.count} are more than the --sample of {request.sample} paths to choose from.")
    if request.branch is None and request.nodes is not None:
        found.append("--nodes needs --branch MONTH, the month in which scenarios of one node are told apart.")
    if request.branch is not None:
        first = dataset.settings.first_stage_months
        if not first < dataset.t(request.branch) < len(dataset.horizon):
            found.append(
                f"--branch: choose a month after {dataset.label(first)}, when the first stage ends "
                f"(first_stage_months), and up to {dataset.label(len(dataset.horizon) - 1)}."
            )
    return found


def _overridden(source: Path, dataset: Dataset) -> list[str]:
    """What overrides must not change, because the copy keeps its cells: the months that scenarios speak of."""
    as_it_is = read(source)
    if as_it_is.dataset is None:
        raise FaultyWorkbook(as_it_is.errors)
    settings = as_it_is.dataset.settings
    return [
        f"--set settings.{name}: the copy keeps the cell as it is; change it in the workbook."
        for name in ("first_month", "months", "first_stage_months")
        if getattr(settings, name) != getattr(dataset.settings, name)
    ]


def _scenarios(
    request: ScenariosRequest, dataset: Dataset, paths: Paths, reduction: Reduction
) -> tuple[tuple[int, ...], tuple[Scenario, ...]]:
    """The paths kept in the order in which they are written, and their rows; likelier ones first.

    With a branch the scenarios are put into nodes by what is seen of them before the first stage ends, since that
    is when nodes are told apart; the others of a node follow the one that stands for it until the branch.
    """
    leader = list(range(len(reduction.kept)))
    if request.branch is not None:
        seen = vectors(dataset, paths, before=dataset.settings.first_stage_months)[list(reduction.kept)]
        if not seen.shape[1]:
            raise WrongUsage(
                "Scenarios cannot be made as asked: --branch needs something that shows before the first stage ends: "
                "uncertain demand, prices or exits; delays and shares delivered show later."
            )
        nodes = request.nodes or math.ceil(math.sqrt(len(leader)))
        node = reduce_to(seen, nodes, np.array(reduction.probabilities))
        leader = [node.kept[place] for place in node.stands_for]
    shares = reduction.probabilities
    of_node = {i: math.fsum(share for share, each in zip(shares, leader, strict=True) if each == i) for i in leader}
    places = sorted(
        range(len(leader)),
        key=lambda i: (-of_node[leader[i]], leader[i], i != leader[i], -shares[i], reduction.kept[i]),
    )
    digits = max(2, len(str(len(places))))
    name = {place: f"s{number:0{digits}d}" for number, place in enumerate(places, start=1)}
    rows = tuple(
        Scenario(scenario=name[i], probability=shares[i])
        if leader[i] == i
        else Scenario(scenario=name[i], probability=shares[i], follows=name[leader[i]], branches_at=request.branch)
        for i in places
    )
    return tuple(reduction.kept[i] for i in places), rows


def _note_each(book: Any, scenarios: tuple[Scenario, ...], words: list[str]) -> None:
    """The words beside each scenario, in the column note."""
    worksheet = next(each for each in book.worksheets if fold(each.title) == "scenarios")
    places = {fold(str(cell.value)): cell.column for cell in worksheet[1] if cell.value is not None}
    if "note" not in places:
        places["note"] = worksheet.max_column + 1
        heading = worksheet.cell(1, places["note"], "note")
        heading.font = copy(worksheet.cell(1, 1).font)
        worksheet.column_dimensions[heading.column_letter].width = 100
    told = {each.scenario: line for each, line in zip(scenarios, words, strict=True)}
    for row in range(2, worksheet.max_row + 1):
        name = worksheet.cell(row, places["scenario"]).value
        if name in told:
            worksheet.cell(row, places["note"], told[name])
            worksheet.cell(row, places["probability"]).number_format = "0.0%"


def _note_all(
    book: Any, request: ScenariosRequest, made: list[str], reduction: Reduction, found: tuple[Moment, ...]
) -> None:
    """The sheet of how the scenarios were made: options, facts, what the reduction lost."""
    for each in [each for each in book.worksheets if fold(each.title) == SCENARIO_NOTES]:
        del book[each.title]
    worksheet = new_sheet(book, SCENARIO_NOTES, ("topic", "what", "paths_drawn", "scenarios_kept"))
    rows: list[tuple[Any, ...]] = [("made", line) for line in made]
    rows += [("option", "seed", request.seed), ("option", "sample", request.sample)]
    rows.append(("option", "count", None, request.count))
    rows += [("option", f"{name} {text}") for name, text in request.record()]
    rows += [("option", f"set {text} (for the sampling only; the cell is as it was)") for text in request.overrides]
    rows += [("fact", f"{name}: {words}") for name, words in facts_behind(request.delay_prior)]
    rows.append(("distance", "Kantorovich, from the paths drawn", 0.0, reduction.distance))
    rows.append(("distance", "of the best single path", 0.0, reduction.distance_of_one))
    for each in found:
        what = f"{each.quantity} of {each.name} in the last month"
        rows.append(("mean", what, each.mean, each.mean_kept))
        rows.append(("standard deviation", what, each.deviation, each.deviation_kept))
    for row in rows:
        worksheet.append(row)
    for letter, width in (("A", 20), ("B", 80), ("C", 16), ("D", 16)):
        worksheet.column_dimensions[letter].width = width
