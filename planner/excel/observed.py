"""Reads what was seen of uncertain quantities: a sheet of a workbook, or a CSV file."""

from __future__ import annotations

from pathlib import Path

from models.dataset import Dataset
from models.faults import Fault, FaultyWorkbook
from models.parsing.raw_tables import RawTable, fold
from models.parsing.row_parser import read_sheet
from models.roll.news import OBSERVED, Observation, faults_of_news
from planner.csv_folder.reader import file_table
from planner.excel.cells import cells_of
from planner.excel.workbook_reader import sheet_table
from planner.files.reading import WORKBOOK_BYTES, UnreadableFile, read_regular

COLUMNS = ", ".join(each.name for each in OBSERVED.columns)


def read_observed(path: Path, dataset: Dataset) -> tuple[Observation, ...]:
    """The rows of what was seen, for a problem with scenarios.

    Of a workbook the sheet `observed` is read, or its first where it has none of that name.

    Raises
    ------
    FaultyWorkbook
        The file cannot be read, or rows are faulty.
    """
    faults: list[Fault] = []
    entries = read_sheet(OBSERVED, _table(path, faults), faults).entries
    news = tuple(Observation(row=each.row, **each.values) for each in entries if each.whole)
    faults += faults_of_news(dataset, news)
    errors = [fault for fault in faults if fault.severity == "error"]
    if errors:
        raise FaultyWorkbook(errors)
    return news


def _table(path: Path, faults: list[Fault]) -> RawTable:
    try:
        content = read_regular(path, WORKBOOK_BYTES)
        if path.suffix.lower() == ".csv":
            return file_table(OBSERVED, content, faults)
        workbook = cells_of(content)
        named = (each for each in workbook.sheets if fold(each.name) == OBSERVED.name)
        return sheet_table(workbook, next(named, workbook.sheets[0]), faults)
    except OSError as error:
        found = f"a file that cannot be read ({error.strerror or error})"
    except UnreadableFile as refused:
        found = refused.found
    expected = f"an Excel workbook (.xlsx) or a CSV file with the columns {COLUMNS}"
    raise FaultyWorkbook([Fault(path.name, "", "", found, expected, "Name the file of what was seen.")])
