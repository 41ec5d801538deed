"""Problems: read from files or made of DataFrames, looked at, changed, written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.dataset import Dataset
from models.faults import Fault, FaultyWorkbook, closest
from models.loading import in_order, load_tables
from models.parsing.raw_tables import RawTable, fold
from models.schema import sheet, sheet_names
from planner.api.arguments import as_options_of
from planner.api.frames import Cells, cell_of, rows_frame, table_of
from planner.commands.convert import convert
from planner.excel.overrides import override
from planner.files.outputs import check_problem_target, name_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Problem:
    """A planning problem without faults; `set` gives another one, this one never changes.

    Parameters
    ----------
    dataset
        The typed rows of every sheet.
    tables
        The sheets as they were given, cell by cell.
    warnings
        What was found that does not stop a plan, each with sheet, row and column.
    path
        The workbook or folder it was read from; "" for one made of DataFrames.
    sha256
        The hash of those files; "" once a whole sheet is another.
    changes
        What was set since, as `sheet.key.column=value`.
    """

    dataset: Dataset = field(repr=False)
    tables: tuple[RawTable, ...] = field(repr=False)
    warnings: tuple[Fault, ...] = ()
    path: str = ""
    sha256: str = ""
    changes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the plan."""
        return self.dataset.settings.plan_name

    @property
    def sheets(self) -> tuple[str, ...]:
        """The names of the sheets that have rows."""
        return tuple(name for name in sheet_names() if name == "settings" or self.dataset.rows(name))

    def frame(self, name: str) -> pd.DataFrame:
        """A sheet as a DataFrame with the workbook's column names; months are Periods, defaults are filled in.

        Demand and history are long, a row a segment, region and month, however they were given. Columns for notes and
        sources stand beside. A sheet that is absent has no rows.

        Parameters
        ----------
        name
            The sheet.

        Raises
        ------
        KeyError
            No workbook has such a sheet.

        Examples
        --------
        >>> import planner
        >>> problem = planner.read("inputs/starter.xlsx")
        >>> problem.frame("throughput")[["workload", "hardware", "tokens_per_second"]].shape
        (2, 3)
        >>> problem.frame("demand")["month"].dtype
        period[M]
        """
        if fold(name) not in sheet_names():
            raise KeyError(f"A workbook has no sheet '{name}'. {closest(fold(name), sheet_names())}")
        table = next((each for each in self.tables if fold(each.name) == fold(name)), None)
        return rows_frame(sheet(fold(name)), self.dataset, table)

    def set(self, place: str | Mapping[str, Cells], value: Any = None) -> Problem:
        """The problem with another value in a cell, or with another sheet.

        Parameters
        ----------
        place
            A cell, `settings.key` or `sheet.key.column` (keys of several parts joined by `/`), or the name of a sheet;
            or a mapping of sheets by name, to replace several at once.
        value
            What stands there then; None leaves a cell blank. A sheet is a DataFrame, a mapping of settings, or a
            mapping for each row.

        Returns
        -------
        Problem
            Another problem; this one stays as it is.

        Raises
        ------
        FaultyWorkbook
            The place names nothing, or what is set there does not fit; each fault with its place.

        Examples
        --------
        >>> import planner
        >>> problem = planner.read("inputs/starter.xlsx")
        >>> problem.set("settings.discount_rate", 0.08).dataset.settings.discount_rate
        0.08
        >>> demand = problem.frame("demand")
        >>> demand["tokens_bn_per_day"] *= 2
        >>> problem.set("demand", demand).frame("demand")["tokens_bn_per_day"].max()
        np.float64(40.0)
        """
        if isinstance(place, Mapping):
            return self._with_sheets(place)
        if "." not in place:
            return self._with_sheets({place: value})
        change = f"{place}={_text(value)}"
        tables, faults = override(self.tables, [change])
        return _checked(tables, faults, path=self.path, sha256=self.sha256, changes=(*self.changes, change))

    @as_options_of(convert)
    def write(self, path: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Writes the problem as a workbook where the path ends in .xlsx, else as a folder of CSV files.

        Parameters
        ----------
        path
            The workbook or folder.
        force
            Whether what is there is replaced; of a folder the files that are sheets.

        Returns
        -------
        Path
            Where it is.

        Raises
        ------
        CannotWrite
            It cannot be written there, or exists and `force` is not given.

        Examples
        --------
        >>> import tempfile
        >>> import planner
        >>> problem = planner.read("inputs/starter.xlsx")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     copy = planner.read(problem.write(f"{folder}/copy"))
        >>> copy.dataset == problem.dataset
        True
        """
        from planner.excel.problem_workbook import written_problem_of

        target = Path(path)
        check_problem_target(target, force=force)
        with written_problem_of(self.tables, target):
            pass
        return target

    def _with_sheets(self, sheets: Mapping[str, Cells]) -> Problem:
        kept = {fold(each.name): each for each in self.tables}
        made = _tables(sheets)
        return _checked((kept | made).values(), _unknown(made), path=self.path, changes=self.changes)


ProblemLike = Problem | str | os.PathLike[str]
"""A problem, or the path of a workbook or folder that holds one."""


def read(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Problem:
    """Reads a workbook, or a folder of CSV files named as the sheets.

    Parameters
    ----------
    path
        The workbook (.xlsx, .xlsm) or the folder.
    overrides
        Values that stand in for cells, as `sheet.key.column=value` or `settings.key=value`.

    Returns
    -------
    Problem
        What the files say, without a fault.

    Raises
    ------
    FaultyWorkbook
        Everything that is wrong, in `faults`: each with sheet, row, column, what was found, what was expected and
        what to do.

    Examples
    --------
    >>> import planner
    >>> problem = planner.read("inputs/starter.xlsx")
    >>> problem.name, problem.sheets[:3]
    ('Starter: a year of on-demand hours', ('settings', 'hardware', 'throughput'))
    """
    from planner.problem_reader import read as read_files

    found = read_files(Path(path), overrides)
    return Problem(found.valid_dataset(), found.tables, found.warnings, os.fspath(path), found.sha256, tuple(overrides))


def problem(sheets: Mapping[str, Cells]) -> Problem:
    """Makes a problem of DataFrames or plain rows, without any file.

    Parameters
    ----------
    sheets
        By the name of the sheet a DataFrame with its columns, or a mapping for each row; the settings also as one
        mapping. Months are Periods, dates, or texts such as 2026-09; NaN and None are blank cells.

    Returns
    -------
    Problem
        What they say, without a fault.

    Raises
    ------
    FaultyWorkbook
        Everything that is wrong, in `faults`; the first record of a sheet has row 2, as in a workbook.

    Examples
    --------
    >>> import pandas as pd
    >>> import planner
    >>> demand = pd.DataFrame({"segment": ["chat"], "region": ["us"], "month": ["2026-01"], "tokens_bn_per_day": [1.0]})
    >>> problem = planner.problem(
    ...     {
    ...         "settings": {"first_month": "2026-01", "months": 3},
    ...         "hardware": [{"hardware": "H100", "kw": 1.4}],
    ...         "throughput": [{"workload": "chat", "hardware": "H100", "tokens_per_second": 1000}],
    ...         "segments": [{"segment": "chat", "workload": "chat", "growth_per_month": 0}],
    ...         "demand": demand,
    ...         "on_demand": [
    ...             {"provider": "spot", "region": "us", "hardware": "H100", "usd_per_accelerator_hour": 4}
    ...         ],
    ...     }
    ... )
    >>> problem.dataset.settings.months
    3
    """
    made = _tables(sheets)
    return _checked(made.values(), _unknown(made))


def _tables(sheets: Mapping[str, Cells]) -> dict[str, RawTable]:
    return {fold(name): table_of(fold(name), cells) for name, cells in sheets.items()}


def _unknown(names: Mapping[str, Any]) -> list[Fault]:
    """A fault for each sheet that no workbook has."""
    known = tuple(sheet_names())
    return [
        Fault(name, "", "", f"a sheet '{name}'", "a sheet the planner knows", closest(name, known))
        for name in names
        if name not in known
    ]


def _checked(
    tables: Iterable[RawTable],
    faults: Sequence[Fault],
    *,
    path: str = "",
    sha256: str = "",
    changes: tuple[str, ...] = (),
) -> Problem:
    """The problem that tables say, where there is no fault.

    Raises
    ------
    FaultyWorkbook
        There is one.
    """
    tables = tuple(tables)
    loaded = load_tables(tables, plan_name=name_of(Path(path)) if path else "")
    unknown = {fault.sheet for fault in faults}
    found = in_order((*faults, *(each for each in loaded.faults if each.sheet not in unknown)))
    if loaded.dataset is None or any(each.severity == "error" for each in found):
        raise FaultyWorkbook(found)
    return Problem(loaded.dataset, tables, found, path, sha256, changes)


def _text(value: Any) -> str:
    """A value as the text of an override."""
    cell = cell_of(value)
    return "" if cell is None else ("yes" if cell else "no") if isinstance(cell, bool) else str(cell)
