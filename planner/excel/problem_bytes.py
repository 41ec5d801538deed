"""The bytes of a problem as a workbook; openpyxl, which draws one, is loaded for folders of CSV files only."""

from __future__ import annotations

import io
from pathlib import Path

from planner.csv_folder.reader import folder_content, folder_tables
from planner.files.reading import WORKBOOK_BYTES, read_regular


def workbook_bytes(problem: Path) -> bytes:
    """The bytes of a workbook, or of one that holds a folder of CSV files, each row at the line of its record.

    Raises
    ------
    OSError
        It cannot be read.
    """
    if not problem.is_dir():
        return read_regular(problem, WORKBOOK_BYTES)
    from planner.excel.problem_workbook import problem_book

    tables, _ = folder_tables(folder_content(problem))
    buffer = io.BytesIO()
    problem_book(tables).save(buffer)
    return buffer.getvalue()
