"""What of a plan workbook is committed, and what the workbook's own scenarios were drawn with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from models.dataset import Dataset
from models.parsing.raw_tables import RawTable, fold
from models.plan import Plan
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
        return commitment_of(dict(read_written_plans(path, dataset).plans), dataset, until, all_of_it=all_of_it)
    return commitment_of({"": read_plan(path, dataset)}, dataset, until, all_of_it=all_of_it)


def commitment_of(plans: Mapping[str, Plan], dataset: Dataset, until: int, *, all_of_it: bool) -> Commitment:
    """The decisions taken before month t = `until`, or all of them, of plans by scenario, or of one under "".

    Raises
    ------
    WrongUsage
        All decisions are to be held of a plan whose later ones depend on the scenario.
    """
    if "" in plans:
        plan = plans[""]
        return Commitment(plan, ALL_MONTHS if all_of_it else until, plan.objective_usd, plans)
    if all_of_it:
        raise WrongUsage(
            "--later held needs a plan without scenarios; later decisions of this one depend on the scenario. Leave it "
            "out: later decisions are then optimised in each sample."
        )
    until = min(until, dataset.settings.first_stage_months)
    probability = ScenarioTree(dataset).probability
    expected = sum(probability[name] * plan.objective_usd for name, plan in plans.items())
    return Commitment(common_decisions(plans.values(), until), until, expected, plans)


def seed_of_scenarios(tables: Iterable[RawTable]) -> int | None:
    """The seed that `planner scenarios` noted beside its scenarios; None where there is no such note."""
    for table in tables:
        if fold(table.name) == SCENARIO_NOTES:
            for record in table.records:
                topic, what, seed = (record.values.get(letter) for letter in "ABC")
                if (topic, what) == ("option", "seed"):
                    return int(str(seed))
    return None
