"""The file of a workbook that is drawn, row by row through temporary files where tables are long."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Sequence
from tempfile import TemporaryDirectory

from models.dataset import Dataset
from planner.excel import book
from planner.excel.book import FONT, Book, draw_table, footer_text
from planner.results.tables import Filled

log = logging.getLogger("planner")

SHEET_ROWS = 1_048_575
"""Rows a sheet has below its header."""


class TooManyRows(Exception):
    """More rows than a sheet has; the message is a clause that names the sheet."""


def workbook_bytes(title: str, dataset: Dataset, draw: Callable[[Book], None], tables: Sequence[Filled]) -> bytes:
    """The bytes of an .xlsx file: first what `draw` puts in it, then a sheet for each of the tables.

    Text is never taken for a formula, a link or a number.

    Raises
    ------
    TooManyRows
        A table has more rows than a sheet.
    """
    from xlsxwriter.exceptions import XlsxFileError

    for each in tables:
        if len(each.rows) > SHEET_ROWS:
            raise TooManyRows(f"the sheet {each.table.sheet} would need {len(each.rows):,} rows, more than a sheet has")
    if any(len(each.rows) > book.LONG for each in tables):
        try:
            with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                return _drawn(title, dataset, draw, tables, folder)
        except (OSError, XlsxFileError) as error:
            log.debug("No room for temporary files (%s): the workbook is written in memory", error)
    return _drawn(title, dataset, draw, tables)


def _drawn(
    title: str, dataset: Dataset, draw: Callable[[Book], None], tables: Sequence[Filled], folder: str | None = None
) -> bytes:
    """The bytes of a workbook, which is written through files in a folder, or in memory."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {
        "in_memory": folder is None,
        "tmpdir": folder,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": FONT, "font_size": 10},
    }
    workbook = xlsxwriter.Workbook(buffer, options)
    workbook.set_properties({"title": title, "author": "planner"})
    drawn = Book(workbook, dataset, footer_text(title), through_files=folder is not None)
    draw(drawn)
    for each in tables:
        draw_table(drawn, each)
    workbook.close()
    return buffer.getvalue()
