"""Sheets as XlsxWriter writes them: text as it is, and many rows to a file, so that memory does not grow with them."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any
from xml.sax.saxutils import escape

from xlsxwriter.utility import xl_col_to_name, xl_range
from xlsxwriter.worksheet import Worksheet

TEXTS = 10_000
"""So many texts are kept as they stand in the file: most cells of a long table have one that was there before."""


class PlainSheet(Worksheet):  # type: ignore[misc]
    """A sheet in which text is never taken for markup: XlsxWriter takes `<r>...</r>` for runs of rich text."""

    def _write_string(self, row: int, col: int, string: str, cell_format: Any = None) -> Any:
        if string.startswith("<r>") and string.endswith("</r>"):
            string = f'<r><t xml:space="preserve">{escape(string)}</t></r>'
        return super()._write_string(row, col, string, cell_format)


class LongSheet(PlainSheet):
    """As XlsxWriter's `constant_memory`, of one sheet and with a table; rows are written from the first to the last.

    Numbers, text and formulas become XML at once, which takes a quarter of the time that XlsxWriter takes; a cell with
    a format is all that it knows of them.
    """

    def _initialize(self, init_data: dict[str, Any]) -> None:
        super()._initialize(init_data | {"constant_memory": True})

    def add_table(self, first_row: int, first_col: int, last_row: int, last_col: int, options: Any = None) -> Any:
        """Adds a table before any row is written; its headers are written by who adds it, with the other rows.

        XlsxWriter has no tables here, since it might write headers behind rows, and notes every cell of a table so that
        no other overlaps it: so the table is added with one row, and then ends where it does.
        """
        self.constant_memory = False
        try:
            added = super().add_table(first_row, first_col, first_row + 1, last_col, options)
        finally:
            self.constant_memory = True
        if added == 0:
            cells = xl_range(first_row, first_col, last_row, last_col)
            self.tables[-1].update(range=cells, a_range=cells, autofilter=cells)
        return added

    def write_number(self, row: int, col: int, number: float, cell_format: Any) -> None:
        """Writes a number with the digits that XlsxWriter gives it."""
        place = f'r="{_letters(col)}{row + 1}" s="{cell_format._get_xf_index()}"'
        self._put(row, col, f"<c {place}><v>{number:.16G}</v></c>")

    def write_string(self, row: int, col: int, string: str, cell_format: Any) -> None:
        """Writes text as it is."""
        place = f'r="{_letters(col)}{row + 1}" s="{cell_format._get_xf_index()}"'
        self._put(row, col, f'<c {place} t="inlineStr"><is>{_text(string)}</is></c>')

    def write_formula(self, row: int, col: int, formula: str, cell_format: Any, value: float) -> None:
        """Writes a formula with its value."""
        place = f'r="{_letters(col)}{row + 1}" s="{cell_format._get_xf_index()}"'
        self._put(row, col, f"<c {place}><f>{escape(formula.removeprefix('='))}</f><v>{value}</v></c>")

    def _put(self, row: int, col: int, cell: str) -> None:
        if row > self.previous_row:
            self._write_single_row(row)
        if not self.table[row] or row == 0:  # the first cell of a row, and each that says how wide the sheet is
            self._check_dimensions(row, col)
        self.table[row][col] = cell

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        if isinstance(cell, str):
            self.fh.write(cell)
        else:
            super()._write_cell(row, col, cell)


_letters = cache(xl_col_to_name)


@lru_cache(maxsize=TEXTS)
def _text(string: str) -> str:
    """Text as the XML of a cell has it."""
    kept = "" if string == string.strip() else ' xml:space="preserve"'
    return f"<t{kept}>{escape(Worksheet._escape_control_characters(string))}</t>"
