"""Sheets as XlsxWriter writes them: text as it is, and many rows to a file, so that memory does not grow with them."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet


class PlainSheet(Worksheet):  # type: ignore[misc]
    """A sheet in which text is never taken for markup: XlsxWriter takes `<r>...</r>` for runs of rich text."""

    def _write_string(self, row: int, col: int, string: str, cell_format: Any = None) -> Any:
        if string.startswith("<r>") and string.endswith("</r>"):
            string = f'<r><t xml:space="preserve">{escape(string)}</t></r>'
        return super()._write_string(row, col, string, cell_format)


class LongSheet(PlainSheet):
    """As XlsxWriter's `constant_memory`, of one sheet and with a table; rows are written from the first to the last."""

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
