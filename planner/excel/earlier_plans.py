"""Plan workbooks as plans to begin from or to keep to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from models.dataset import Dataset
from models.plan import Plan
from planner.excel.plan_reader import read_plan
from planner.excel.scenario_plan_reader import read_plans


def read_earlier_plans(path: Path, dataset: Dataset) -> Mapping[str, Plan]:
    """Read the plans of a workbook by the names of the scenarios; without scenarios, the one plan under "".

    Raises
    ------
    FaultyWorkbook
        The file is no plan workbook for this problem, or cells hold what no plan can.
    """
    return read_plans(path, dataset) if dataset.scenarios else {"": read_plan(path, dataset)}
