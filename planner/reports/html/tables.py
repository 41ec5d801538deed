"""The tables that a page is made from, as DataFrames: of a plan workbook, or of a result in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from models import months
from models.parsing.raw_tables import fold
from planner.excel.plan_file import PlanSheets
from planner.excel.plan_reader import Sheets
from planner.results.period_tables import CASH
from planner.results.plan_tables import DECISIONS, LOCK_IN, MONTHLY, RUN, SERVICE, SPEND, SUMMARY
from planner.results.scenario_tables import DISTRIBUTION, SCENARIOS
from planner.results.tables import Table
from planner.results.tried_plan import TRIED

TABLES = (SUMMARY, DECISIONS, MONTHLY, SERVICE, SPEND, LOCK_IN, CASH, SCENARIOS, DISTRIBUTION, TRIED, RUN)
SCENARIO = "scenario"
"""The column of the rows' scenarios, in plans for scenarios."""
_NUMBERS = ("whole", "amount", "money", "rate", "share", "gap")
Frames: TypeAlias = Mapping[str, pd.DataFrame]
"""DataFrames by the names of their sheets; months are the Timestamps of their first days."""


def frames_of_workbook(path: Path) -> Frames:
    """The tables of a plan workbook; one that an older planner did not write is absent.

    Raises
    ------
    FaultyWorkbook
        The file is no plan workbook.
    """
    sheets = Sheets(path)
    read = ((table, _read(sheets, table)) for table in TABLES)
    found = {table.sheet: frame for table, frame in read if frame is not None}
    for table in (SUMMARY, DECISIONS, RUN):
        if table.sheet not in found:
            raise sheets.fault(
                f"no sheet {table.sheet} with the columns {', '.join(table.headers)}", sheets.mend_missing()
            )
    return found


def frames_of_result(sheets: tuple[str, ...], frame: Callable[[str], pd.DataFrame]) -> Frames:
    """The tables of a result, whose months are Periods."""
    found = {table.sheet: frame(table.sheet) for table in TABLES if table.sheet in sheets}
    for each in found.values():
        for name, column in each.items():
            if isinstance(column.dtype, pd.PeriodDtype):
                each[name] = column.dt.to_timestamp()
    return found


def _read(sheets: PlanSheets, table: Table) -> pd.DataFrame | None:
    """A table as its sheet has it, columns typed; None without the sheet or one of its columns."""
    rows = [row for _, row in sheets.rows(table.sheet)]
    if not rows:
        return None
    places = {fold(str(name)): letter for letter, name in rows[0].items()}
    if any(fold(each) not in places for each in table.headers):
        return None
    kinds = {each.header: each.kind for each in table.columns} | ({SCENARIO: "text"} if SCENARIO in places else {})
    return pd.DataFrame(
        {name: _typed([row.get(places[fold(name)]) for row in rows[1:]], kind) for name, kind in kinds.items()}
    )


def _typed(values: list[Any], kind: str) -> pd.Series[Any]:
    if kind == "month":
        found = [None if (month := months.parse(each)) is None else months.first_day(month) for each in values]
        return pd.Series(found, dtype="datetime64[s]")
    if kind in _NUMBERS:
        return pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").astype(float)
    return pd.Series(values, dtype=object)
