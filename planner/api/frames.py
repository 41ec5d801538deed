"""pandas DataFrames of tables and of rows, and tables of DataFrames."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from models import months
from models.dataset import Dataset
from models.faults import closest
from models.loading import plain_table
from models.parsing.raw_tables import RawTable, fold
from models.schema import Sheet, never_read
from planner.errors import WrongUsage
from planner.files.atomic import write_durably
from planner.results.tables import Filled
from planner.text_table import Line, plain

_DTYPES = {
    "month": "period[M]",
    "whole": "Int64",
    "count": "Int64",
    "amount": "float64",
    "money": "float64",
    "rate": "float64",
    "number": "float64",
    "share": "float64",
    "gap": "float64",
}
"""The pandas type of each kind of column; others are texts, flags or values of several kinds."""


def attribute_name(sheet: str) -> str:
    """The name of a sheet as that of an attribute.

    >>> attribute_name("Lock-in"), attribute_name("P&L by quarter")
    ('lock_in', 'p_l_by_quarter')
    """
    return re.sub(r"\W+", "_", sheet).strip("_").lower()


class Tables:
    """Tidy tables as DataFrames: `tables.frame("Lock-in")`, or `tables.lock_in`.

    Columns have the headers of the sheets, with their units; months are `Period`s of one month, whole numbers `Int64`,
    amounts `float64`. A frame is made anew each time it is asked for, so that changing it changes nothing else.
    """

    def __init__(self, dataset: Dataset, fill: Callable[[], Sequence[Filled]]) -> None:
        self._dataset = dataset
        self._fill = fill

    @cached_property
    def _filled(self) -> dict[str, Filled]:
        return {each.table.sheet: each for each in self._fill()}

    @property
    def sheets(self) -> tuple[str, ...]:
        """The names of the tables, as the sheets of the workbook have them."""
        return tuple(self._filled)

    def frame(self, sheet: str) -> pd.DataFrame:
        """A table by the name of its sheet; case, blanks and underscores do not matter.

        Raises
        ------
        KeyError
            There is no such table.
        """
        named = {attribute_name(each): each for each in self._filled}
        if attribute_name(sheet) not in named:
            raise KeyError(f"There is no table '{sheet}'. {closest(sheet, self._filled)}")
        filled = self._filled[named[attribute_name(sheet)]]
        columns = {
            column.header: series([row[i] for row in filled.rows], column.kind, self._dataset.month)
            for i, column in enumerate(filled.table.columns)
        }
        return pd.DataFrame(columns)

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self.frame(name)
        except KeyError as error:
            raise AttributeError(str(error.args[0])) from None

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *map(attribute_name, self._filled)]


class Report(Tables):
    """An answer in words, tables and numbers: of `Result.explain`, `Result.stress`, or of `planner.compare`.

    `print(report)` shows the words; `report.document` has what the command prints with `--json`, and each table is an
    attribute.
    """

    def __init__(
        self,
        dataset: Dataset,
        fill: Callable[[], Sequence[Filled]],
        lines: Sequence[Line],
        document: Mapping[str, Any],
        workbook: Callable[[], bytes],
    ) -> None:
        super().__init__(dataset, fill)
        self.lines = tuple(plain(lines))
        self.document = dict(document)
        self._workbook = workbook

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def to_excel(self, path: str | os.PathLike[str]) -> Path:
        """Writes the report as an .xlsx workbook, over a file that is there.

        Returns
        -------
        Path
            Where it is.

        Raises
        ------
        CannotWrite
            Nothing can be written there.
        WrongUsage
            The name does not end in .xlsx.
        """
        target = workbook_path(path)
        write_durably(target, self._workbook())
        return target


def workbook_path(path: str | os.PathLike[str]) -> Path:
    """The path of a workbook to write.

    Raises
    ------
    WrongUsage
        It does not end in .xlsx.
    """
    if not os.fspath(path).lower().endswith(".xlsx"):
        raise WrongUsage(f"A workbook is an .xlsx file; {os.fspath(path)} is not.")
    return Path(path)


def series(values: Sequence[Any], kind: str, month_of: Callable[[int], int] = lambda number: number) -> pd.Series[Any]:
    """The values of a column; months t become Periods, `month_of` saying which month number a month t is."""
    if kind == "month":
        first = months.month_of(1970, 1)
        ordinals = [pd.NaT if each is None else pd.Period(ordinal=month_of(each) - first, freq="M") for each in values]
        return pd.Series(pd.array(ordinals, dtype="period[M]"))
    if kind in _DTYPES:
        return pd.Series([None if each is None or each == "" else each for each in values], dtype=_DTYPES[kind])
    if kind == "flag":
        return pd.Series([bool(each) for each in values], dtype=bool)
    if kind == "any":
        return pd.Series(list(values), dtype=object)
    return pd.Series([None if each is None or each == "" else str(each) for each in values], dtype="str")


def rows_frame(sheet: Sheet, dataset: Dataset, table: RawTable | None) -> pd.DataFrame:
    """The rows of a sheet with the workbook's column names, defaults filled in, notes and sources beside them."""
    if sheet.name == "settings":
        return _settings_frame(sheet, dataset)
    rows = dataset.rows(sheet.name)
    columns = {}
    for column in sheet.columns:
        values = [getattr(row, column.name) for row in rows]
        if column.kind == "names":
            values = ["; ".join(each) for each in values]
        columns[column.name] = series(values, column.kind)
    if table is not None:
        records = {record.row: record.values for record in table.records}
        for letter, heading in table.headings.items():
            if never_read(fold(heading), sheet):
                columns[fold(heading)] = series([records.get(row.row, {}).get(letter) for row in rows], "text")
    return pd.DataFrame(columns)


def _settings_frame(sheet: Sheet, dataset: Dataset) -> pd.DataFrame:
    values = [getattr(dataset.settings, column.name) for column in sheet.columns]
    first = months.month_of(1970, 1)
    typed = [
        pd.Period(ordinal=value - first, freq="M") if column.kind == "month" and value is not None else value
        for column, value in zip(sheet.columns, values, strict=True)
    ]
    keys = [column.name for column in sheet.columns]
    return pd.DataFrame({"key": series(keys, "text"), "value": series(typed, "any")})


Cells: TypeAlias = pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""What a sheet can be given as: a DataFrame, a mapping of settings, or a mapping for each row."""


def table_of(name: str, cells: Cells) -> RawTable:
    """The table of raw cells of a sheet, its first record in row 2.

    Months may be Periods, dates, or texts such as 2026-09, flags booleans or yes and no; NaN, NaT and None are blank.

    Raises
    ------
    WrongUsage
        It is given as something else.
    """
    if isinstance(cells, pd.DataFrame):
        frame = cells.reset_index() if any(each is not None for each in cells.index.names) else cells
        headings = [str(cell_of(each)) for each in frame.columns]
        values = (map(cell_of, row) for row in frame.itertuples(index=False, name=None))
        return plain_table(name, [dict(zip(headings, row, strict=True)) for row in values], headings)
    if isinstance(cells, Mapping):
        return plain_table(name, {key: cell_of(value) for key, value in cells.items()})
    if isinstance(cells, str) or not isinstance(cells, Sequence) or not all(isinstance(row, Mapping) for row in cells):
        raise WrongUsage(
            f"{cells!r} is no sheet '{name}'. Give a DataFrame, a mapping of settings, or a mapping for each row; a "
            "cell has a place such as settings.discount_rate or leases.NAME.units_max."
        )
    return plain_table(name, [{key: cell_of(value) for key, value in row.items()} for row in cells])


def cell_of(value: Any) -> Any:
    """A value as a cell of a workbook holds it."""
    if value is pd.NaT:
        return None
    if isinstance(value, pd.Period):
        return f"{value.year:04d}-{value.month:02d}"
    if isinstance(value, (str, bool, int, dt.date)) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return "; ".join(map(str, value))
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
