"""What of a plan workbook is committed, and what the workbook's own scenarios were drawn with."""

from __future__ import annotations

from pathlib import Path

from models.dataset import Dataset
from models.parsing.raw_tables import fold
from models.schema import SCENARIO_NOTES
from models.stochastic.fixed_decisions import common_decisions
from models.stochastic.tree import ScenarioTree
from planner.errors import WrongUsage
from planner.excel.plan_reader import Sheets, read_plan
from planner.excel.scenario_plan_reader import read_written_plans
from planner.stress.simulation import ALL_MONTHS, Commitment


def committed(path: Path, dataset: Dataset, until: int, *, all_of_it: bool) -> Commitment:
    """The decisions in a plan workbook taken before month t = `until`, or all of them.

    Of a plan for scenarios those that all of them share, taken before first_stage_months at the latest.

    Raises
    ------
    FaultyWorkbook
        The file is no plan workbook, or cells hold what no plan can.
    WrongUsage
        All decisions are to be held of a plan whose later ones depend on the scenario.
    """
    if Sheets(path).for_scenarios:
        if all_of_it:
            raise WrongUsage(
                "--later held needs one plan; that in the workbook decides later by scenario. Leave it out, and its "
                "later decisions are made anew in each sample."
            )
        written = read_written_plans(path, dataset)
        until = min(until, dataset.settings.first_stage_months)
        plans, probability = dict(written.plans), ScenarioTree(dataset).probability
        expected = sum(probability[name] * plan.objective_usd for name, plan in plans.items())
        return Commitment(common_decisions(plans.values(), until), until, expected, plans)
    plan = read_plan(path, dataset)
    return Commitment(plan, ALL_MONTHS if all_of_it else until, plan.objective_usd, {"": plan})


def seed_of_scenarios(path: Path) -> int | None:
    """The seed that `planner scenarios` noted in a workbook; None where there is no such note."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        for name in book.sheetnames:
            if fold(name) == SCENARIO_NOTES:
                for row in book[name].iter_rows(max_col=3, values_only=True):
                    if row[:2] == ("option", "seed") and isinstance(row[2], int):
                        return row[2]
        return None
    finally:
        book.close()
