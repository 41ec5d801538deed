"""Hashes that show whether two runs read the same data, or decided the same plan.

They are of what is meant, not of files: a workbook saved again with another colour reads as the same
data, and the times and paths that a plan workbook records are no part of its decisions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from models.dataset import Dataset
from planner.results.plan_figures import PlanFigures
from planner.results.plan_tables import decision_table, plan_tables
from planner.results.scenario_set import ScenarioResult, ScenarioSetResult
from planner.results.tables import Filled


def data_sha256(rows: Iterable[tuple[Any, ...]]) -> str:
    """Of the data as read, overrides included: the rows of `input_rows`, which leave defaults out."""
    return _sha256(rows)


def output_sha256(plans: ScenarioSetResult) -> str:
    """Of the tables that hold whole plans, `tables.DECISIONS` and `PLAN_TABLES`, row by row as written."""
    return _sha256(line for each in plans.scenarios for line in _scenario_lines(each))


def file_sha256(path: Path) -> str:
    """Of the bytes of a file.

    Raises
    ------
    OSError
        It cannot be read.
    """
    return bytes_sha256(path.read_bytes())


def bytes_sha256(content: bytes) -> str:
    """Of bytes."""
    return hashlib.sha256(content).hexdigest()


def _scenario_lines(scenario: ScenarioResult) -> Iterator[Any]:
    if scenario.name:
        yield [scenario.name]
    yield from _plan_lines(scenario.figures)


def _plan_lines(figures: PlanFigures) -> Iterator[Any]:
    for each in (decision_table(figures.decisions), *plan_tables(figures.plan)):
        yield from _lines(figures.dataset, each)


def _lines(dataset: Dataset, filled: Filled) -> Iterator[Any]:
    """A table's name and columns, then its rows, months by the calendar."""
    columns = filled.table.columns
    yield filled.table.sheet, filled.table.headers
    for row in filled.rows:
        yield [
            dataset.label(value) if column.kind == "month" and value is not None else value
            for column, value in zip(columns, row, strict=True)
        ]


def _sha256(rows: Iterable[Any]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row, default=float).encode() + b"\n")
    return digest.hexdigest()
