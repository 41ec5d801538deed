"""The workbook of the next planning round: a copy of this round's, rolled forward.

Sheets, formats, notes, formulas and everything that the planner does not read are kept; only cells that roll forward
change.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.dataset import Dataset
from models.faults import Fault, FaultyWorkbook
from models.plan import Plan
from models.roll import roll_forward
from models.schema import sheet_names
from models.supply.registry import offers
from planner.analysis.news import read_plans_to_roll, roll_with_news
from planner.errors import WrongUsage
from planner.excel.copy_edit import check_as_meant, rewritten_book
from planner.excel.observed import read_observed
from planner.excel.plan_reader import for_scenarios, read_plan
from planner.excel.problem_workbook import written_problem
from planner.files.outputs import check_new_problem, derived_path
from planner.problem_reader import read


@dataclass(frozen=True, slots=True)
class NextRound:
    """The workbook of the next round.

    Parameters
    ----------
    path : Path
        The workbook written.
    first_month : int
        Its first month, a month number.
    done : tuple of str
        What was changed.
    notes : tuple of str
        What somebody should look at.
    faults : tuple of Fault
        Faults of the new workbook, such as missing demand for the months added at the end.
    input_sha256 : str
        Hash of the workbook that was rolled.
    """

    path: Path
    first_month: int
    done: tuple[str, ...]
    notes: tuple[str, ...]
    faults: tuple[Fault, ...]
    input_sha256: str


def write_next_round(
    source: Path,
    plan_path: Path,
    to_month: int | None,
    target: Path | None,
    *,
    branch: str | None = None,
    observed: Path | None = None,
    force: bool = False,
) -> NextRound:
    """Write the workbook of the next round.

    Parameters
    ----------
    source, plan_path : Path
        The workbook of this round and its plan.
    to_month : int, optional
        The new first month, a month number; by default the month after the first.
    target : Path, optional
        The workbook to write; by default `outputs/<name>/<name> <month>.xlsx`.
    branch : str, optional
        With scenarios, the one that came true.
    observed : Path, optional
        With scenarios, a workbook or CSV file of what was seen.
    force : bool
        Replace the target if it exists.

    Raises
    ------
    WrongUsage
        The target is one of the sources, the month does not come after the first, or the news leaves no scenario.
    FaultyWorkbook
        The workbook or the plan cannot be read, or the plan signs what the workbook does not have.
    CannotWrite
        The target cannot be written, or exists and `force` is not given.
    """
    result = read(source)
    dataset = result.valid_dataset()
    to = 1 if to_month is None else dataset.t(to_month)
    if to <= 0:
        first = dataset.label(0)
        raise WrongUsage(f"--to {dataset.label(to)} is not after the first month {first}.")
    if to > dataset.settings.months:
        end, last = dataset.label(dataset.settings.months - 1), dataset.label(dataset.settings.months)
        raise WrongUsage(
            f"--to {dataset.label(to)} is beyond the plan, which ends with {end}; the last month possible is {last}."
        )
    path = target or derived_path(source, dataset.label(to))
    sources = (source, plan_path) if observed is None else (source, plan_path, observed)
    check_new_problem(path, sources, force=force, what="the next round")
    if for_scenarios(plan_path) or branch is not None or observed is not None:
        news = None if observed is None else read_observed(observed, dataset)
        problem, plans, also = read_plans_to_roll(plan_path, dataset, to, branch, news)
        for plan in plans.values():
            _check_belongs(plan, problem, plan_path)
        rolled = roll_with_news(problem, plans, to, branch, news, also)
    else:
        plan = read_plan(plan_path, dataset)
        _check_belongs(plan, dataset, plan_path)
        rolled = roll_forward(dataset, plan, to)
    book = rewritten_book(source, dataset, rolled.dataset)
    with written_problem(book, path) as temporary:
        again = read(temporary)
        if again.dataset is not None:
            sheets = [each for each in sheet_names() if each != "demand"]  # wide or long, it does not roll
            check_as_meant(again.dataset, rolled.dataset, sheets)
    return NextRound(path, dataset.month(to), rolled.done, rolled.notes, (*again.faults, *book.losses()), result.sha256)


def _check_belongs(plan: Plan, dataset: Dataset, plan_path: Path) -> None:
    """Check that the workbook offers everything that the plan signs."""
    offered = {(kind, kind.name_of(row), term) for kind, row in offers(dataset) for term in kind.terms(dataset, row)}
    unknown = [each for each in plan.signings if (each.kind, each.name, each.term_months) not in offered]
    if unknown:
        fix = "Name the plan that was made from this workbook, or solve it again."
        raise FaultyWorkbook(
            Fault(plan_path.name, "", each.name, f"{each.term_months} months of it signed", "an offer of FILE", fix)
            for each in unknown
        )
