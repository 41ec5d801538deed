"""Hashes by which two runs are told to have read the same data, or decided the same plan.

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
from models.plan import Plan
from models.stochastic.solution import StochasticSolution
from planner.results.decisions import decisions
from planner.results.input_rows import input_rows
from planner.results.noise import without_noise
from planner.results.tables import Filled, decision_table, plan_tables


def data_sha256(dataset: Dataset) -> str:
    """Of the data as read, overrides included: every row of every sheet, defaults left out."""
    return _sha256(input_rows(dataset))


def output_sha256(dataset: Dataset, plan: Plan) -> str:
    """Of the tables that hold the whole plan, `write_tables.DECISIONS` and `PLAN_TABLES`, row by row as written."""
    return _sha256(_plan_lines(dataset, plan))


def output_sha256_of_all(dataset: Dataset, together: StochasticSolution) -> str:
    """The same of the plans of all scenarios, in their order."""
    return _sha256(
        line
        for each in together.scenarios
        for line in ([each.name], *_plan_lines(dataset.in_scenario(each.name), each.plan))
    )


def file_sha256(path: Path) -> str:
    """Of the bytes of a file.

    Raises
    ------
    OSError
        It cannot be read.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _plan_lines(dataset: Dataset, plan: Plan) -> Iterator[Any]:
    plan = without_noise(plan)
    for each in (decision_table(decisions(dataset, plan)), *plan_tables(plan)):
        yield from _lines(dataset, each)


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
